"""The StoryRuns of a cluster, and what they refer to, through its API server."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import (
    ENGRAM_TEMPLATES,
    ENGRAMS,
    STORIES,
    STORY_RUNS,
    Resource,
    resource_of,
)
from runwright.errors import (
    ConflictError,
    ExistsError,
    NotFoundError,
    RefusedError,
)
from runwright.models.bubustack import Engram, EngramTemplate, Story, StoryRun
from runwright.models.objects import Manifest
from runwright.rules.bubustack.starting import Overrides
from runwright.rules.bubustack.submission import (
    Part,
    Submission,
    beside,
    bundle_of,
    references,
    submission_of,
)
from runwright.rules.manifests import Bundle
from runwright.rules.manifests.bundle import Identity
from runwright.rules.translation import read_object

_PARTS: Final[Mapping[str, tuple[Resource, type[Part]]]] = {
    "Story": (STORIES, Story),
    "Engram": (ENGRAMS, Engram),
    "EngramTemplate": (ENGRAM_TEMPLATES, EngramTemplate),
}
_NAME: Final = re.compile(r"[a-z0-9.-]+")
"""What may be asked for; a reference to anything else is wrong, and told so by its rule."""
_NO_KIND: Final = "404 page not found"


class ClusterObjects:
    """The StoryRuns of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def find(self, namespace: str, name: str) -> StoryRun | None:
        """Return the StoryRun as it is now; None if there is none of that name."""
        manifest = await self._get(STORY_RUNS, namespace, name)
        return read_object(StoryRun, manifest) if manifest else None

    async def prepare(self, bundle: Bundle, overrides: Overrides) -> Submission:
        """Return what to create for the run that manifests describe; nothing is created yet.

        Raises:
            InvalidManifestError: what keeps the run from being started, every problem at once.
        """
        there: dict[Identity, Part] = {}
        asked: set[Identity] = set()
        known = bundle
        while new := [one for one in references(known, overrides) if one not in asked]:
            asked.update(new)
            for identity in new:
                if (part := await self._part(identity)) is not None:
                    there[identity] = part
            known = beside(bundle, bundle_of(there))
        return submission_of(bundle, bundle_of(there), overrides)

    async def submit(self, submission: Submission) -> StoryRun:
        """Create what is to be created; return the StoryRun as the cluster has it then.

        Raises:
            ExistsError: a StoryRun of that name exists; nothing was created.
            RefusedError: the cluster will not have an object.
        """
        metadata = submission.story_run["metadata"]
        namespace, name = metadata["namespace"], metadata.get("name", "")
        if name and await self._get(STORY_RUNS, namespace, name):
            raise _exists(namespace, name)
        for part in submission.parts:
            await self._ensure(part)
        try:
            return read_object(StoryRun, await self._cluster.create(submission.story_run))
        except ConflictError as error:
            raise _exists(namespace, name) from error

    async def request_cancel(self, run: StoryRun) -> None:
        """Ask on the object of a run that has not started to cancel it.

        Raises:
            NotFoundError: it went meanwhile.
        """
        name = run.metadata.namespace, run.metadata.name
        patch = {"metadata": {"uid": run.metadata.uid}, "spec": {"cancelRequested": True}}
        if await self._cluster.patch(STORY_RUNS, name, patch) is None:
            message = f"there is no run {name[0]}/{name[1]}"
            raise NotFoundError(message)

    async def _part(self, identity: Identity) -> Part | None:
        kind, namespace, name = identity
        resource, model = _PARTS[kind]
        if not _NAME.fullmatch(f"{namespace}{name}"):
            return None
        manifest = await self._get(resource, namespace, name)
        return read_object(model, manifest) if manifest else None

    async def _ensure(self, part: Manifest) -> None:
        """Create an object, or find it there as it was to be."""
        try:
            await self._cluster.create(part)
        except ConflictError:
            resource, metadata = resource_of(part), part["metadata"]
            namespace, name = metadata.get("namespace", ""), metadata["name"]
            there = await self._part((part["kind"], namespace, name))
            _, model = _PARTS[part["kind"]]
            if there is None or there.spec != read_object(model, part).spec:
                message = f"create {resource.of(namespace, name)}: another one was created just now"
                raise RefusedError(message) from None

    async def _get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        try:
            return await self._cluster.get(resource, namespace, name)
        except RefusedError as error:
            if _NO_KIND not in str(error):
                raise
            message = (
                f"{error}: the cluster does not know the kind {resource.kind}; "
                "`runwright crds | kubectl apply -f -` makes all of ours known"
            )
            raise RefusedError(message) from error


@asynccontextmanager
async def reached(environ: Mapping[str, str]) -> AsyncGenerator[ClusterObjects]:
    """Give the StoryRuns of the cluster that the environment names, as kubectl understands it."""
    cluster = Cluster(environ)
    try:
        yield ClusterObjects(cluster)
    finally:
        await cluster.close()


def _exists(namespace: str, name: str) -> ExistsError:
    return ExistsError(f"start run {namespace}/{name}: a run of that name exists")
