"""The Promises of a platform: what has to be there before requests for them can be fulfilled."""

import asyncio
from collections.abc import Sequence

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.kratix.definitions import Definitions
from adapters.kubernetes.kratix.dependencies import Dependencies
from adapters.kubernetes.kratix.lookups import Lookups, resource_of
from adapters.kubernetes.kratix.metadata import full_name, is_going, labels
from adapters.kubernetes.kratix.rehearsals import Rehearsals
from adapters.kubernetes.kratix.requests import for_each, requests_of
from adapters.kubernetes.kratix.revisions import Revisions
from runwright.errors import InvalidManifestError, NotFoundError
from runwright.models.kratix import (
    NOT_SET,
    Installed,
    Parent,
    Promise,
    PromiseRevision,
    RequiredPromiseStatus,
    keys,
)
from runwright.models.objects import Manifest
from runwright.rules.kratix.admission import promise_problems
from runwright.rules.kratix.apis import offered
from runwright.rules.kratix.bindings import promise_version
from runwright.rules.kratix.kept import kept_promise
from runwright.rules.kratix.requirements import requirement
from runwright.rules.kubernetes.fields import field
from runwright.rules.salvage import salvage
from runwright.rules.translation import read_object


class KubernetesPromises:
    """The port Promises, over one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lookups = Lookups(cluster)
        self._rehearsals = Rehearsals(cluster)
        self._definitions = Definitions(cluster)
        self._revisions = Revisions(cluster)
        self._dependencies = Dependencies(cluster)

    async def install(self, promise: Parent) -> Installed:
        """Have the API of a Promise served, its revision kept and its dependencies written.

        Idempotent: it looks at everything anew, and writes what is not so. Of a Promise with
        problems nothing is written.

        Raises:
            NotFoundError: the Promise is gone.
        """
        there = await self._lookups.parent(promise)
        if there is None:
            message = f"install {resource_of(promise).of('', promise.name)}: it is gone"
            raise NotFoundError(message)
        version = _version(there)
        kept = await self._lookups.revisions(promise.promise)
        if problems := promise_problems(there, _before(there, kept)):
            return Installed(problems=tuple(map(str, problems)), is_served=False, version=version)
        return await self._installed(there, kept)

    async def ask_requests(self, promise: Parent) -> int:
        """Have every request for a Promise run anew; return how many there are. Idempotent.

        One that is being deleted is not asked.
        """
        requests = await requests_of(self._cluster, promise)
        kind = requests.kind
        alive = [one for one in requests.found if not is_going(one)]
        asked = [one for one in alive if not _is_asked(one)]
        if kind is not None:
            label = {keys.RUN_FROM_START: keys.ON}

            async def ask(request: Manifest) -> None:
                patch = {"metadata": {"uid": request["metadata"]["uid"], "labels": label}}
                await self._cluster.patch(kind, full_name(request), patch)

            await for_each(asked, ask)
        return len(alive)

    async def _installed(self, there: Manifest, kept: Sequence[Manifest]) -> Installed:
        promise = read_object(Promise, there)
        version = promise_version(promise)
        required = await self._required(promise)
        try:
            if not any(_keeps(one, there) for one in kept):
                await self._rehearse(promise)
            is_served = await self._definitions.have(promise, field(there, "spec", "api"))
        except InvalidManifestError as error:
            problems = tuple(map(str, error.problems))
            return Installed(problems=problems, required=required, is_served=False, version=version)
        await self._revisions.keep(promise, there["spec"], kept)
        await self._dependencies.have(promise, field(there, "spec", "dependencies") or [])
        kind, api_version = offered(promise)
        return Installed(
            required=required,
            is_served=is_served,
            version=version,
            kind=kind,
            api_version=api_version,
        )

    async def _rehearse(self, promise: Promise) -> None:
        """Return if the API server would take the Jobs of a Promise that was not installed so."""
        if problems := await self._rehearsals.problems(promise):
            raise InvalidManifestError(problems)

    async def _required(self, promise: Promise) -> tuple[RequiredPromiseStatus, ...]:
        """Return how the Promises were found that this one requires."""
        wanted = promise.spec.required_promises
        found = await asyncio.gather(*(self._lookups.promise(one.name) for one in wanted))
        return tuple(
            map(requirement, wanted, (kept_promise(one) if one else None for one in found))
        )


def _version(promise: Manifest) -> str:
    return labels(promise).get(keys.PROMISE_VERSION) or NOT_SET


def _before(there: Manifest, revisions: Sequence[Manifest]) -> Promise | None:
    """Return a Promise as it was when it was installed last; None: it never was."""
    for one in revisions:
        kept = salvage(PromiseRevision, one).model
        if kept is not None and labels(one).get(keys.LATEST_REVISION) == keys.ON:
            metadata = {"name": there["metadata"]["name"]}
            spec = kept.spec.promise_spec
            return Promise.model_validate({"metadata": metadata, "spec": spec})
    return None


def _is_asked(request: Manifest) -> bool:
    return labels(request).get(keys.RUN_FROM_START) == keys.ON


def _keeps(revision: Manifest, promise: Manifest) -> bool:
    """Return whether a revision keeps a Promise as it is."""
    return bool(field(revision, "spec", "promiseSpec") == promise["spec"])
