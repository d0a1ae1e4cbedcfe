"""The ports of Kratix's workflows, over a platform in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from adapters.memory.platform import MemoryPlatform
from runwright.errors import InvalidManifestError, NotFoundError
from runwright.models.kratix import (
    NOT_SET,
    Collected,
    Handover,
    Installed,
    Parent,
    PipelineRun,
    Plan,
    PromiseScheduling,
    Seen,
    Work,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.kratix.keys import ON, PROMISE_VERSION, RUN_FROM_START
from runwright.models.objects import ObjectKey, StatusUpdate
from runwright.rules.kratix.apis import offered
from runwright.rules.kratix.bindings import promise_version
from runwright.rules.kratix.deletion import TARGETS, Target, selection_of
from runwright.rules.kratix.outputs import pipeline_status, workflow_control
from runwright.rules.kratix.pipelines import pipelines_of
from runwright.rules.kratix.works import (
    Scheduling,
    directory_selectors,
    puts_out,
    stale_works,
    unpacked,
    work_of,
)
from runwright.rules.kubernetes.conditions import beside_others
from runwright.rules.kubernetes.fields import entries

_IMAGE: Final = "example.org/pipeline-adapter:1"


class MemoryParents:
    """The port Parents."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self._platform = platform

    async def see(self, parent: Parent) -> Seen | None:
        """Return the parent as it is now; None: it is gone."""
        return self._platform.seen(parent)

    async def plan(self, parent: Parent, action: WorkflowAction) -> Plan:
        """Return what the workflow of an action executes.

        Raises:
            NotFoundError: the parent is gone.
            InvalidManifestError: its pipelines cannot be read; it has every problem.
        """
        seen = self._platform.seen(parent)
        if seen is None:
            message = f"plan {action} of {parent.kind} {parent.name}: it is gone"
            raise NotFoundError(message)
        promise = self._platform.promise
        return Plan(
            parent=self._platform.parent(parent.namespace, parent.name),
            action=action,
            pipelines=pipelines_of(promise.spec, parent.type, action),
            seen=seen,
            promise_version=promise.metadata.labels.get(PROMISE_VERSION, NOT_SET),
            selectors=tuple(one.match_labels for one in promise.spec.destination_selectors),
            image=_IMAGE,
            config=self._platform.config,
        )

    async def mark(
        self, parent: Parent, adds: Sequence[str], removes: Sequence[str]
    ) -> Seen | None:
        """Set labels to `true`, take others away, and return the parent then; None: it is gone."""
        there = self._platform.find(parent)
        if there is None:
            return None
        labels: dict[str, str | None] = {**dict.fromkeys(removes), **dict.fromkeys(adds, ON)}
        known: dict[str, str] = there["metadata"].get("labels") or {}
        if any(known.get(key) != value for key, value in labels.items()):
            self._platform.edit(parent, labels=labels)
        return self._platform.seen(parent)

    async def release(self, parent: Parent, finalizer: str) -> Seen | None:
        """Take a finalizer from the parent, and return it then; None: it is gone."""
        there = self._platform.find(parent)
        if there is None:
            return None
        before: list[str] = there["metadata"].get("finalizers") or []
        if finalizer in before:
            left = [one for one in before if one != finalizer]
            self._platform.edit(parent, finalizers=left)
        return self._platform.seen(parent)


class MemoryPipelines:
    """The port Pipelines; of a pipeline nothing exists but what is kept of it."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self.prepared: list[str] = []
        """The names of the pipelines, once for each call."""
        self.collected: list[str] = []
        """The same."""
        self.tidied: list[tuple[Plan, bool]] = []
        """For what, and whether its Works went too."""
        self._platform = platform

    async def prepare(
        self,
        run: PipelineRun,
        selectors: Sequence[dict[str, str]],  # noqa: ARG002
        *,
        unless_recent: bool = False,  # noqa: ARG002
    ) -> None:
        """Note that a pipeline was prepared."""
        self.prepared.append(run.pipeline.name)

    async def collect(
        self,
        run: PipelineRun,
        handed_over: dict[str, Any],
        selectors: Sequence[dict[str, str]] = (),
    ) -> Collected:
        """Return what the steps of a pipeline left, and keep its Work if it is to have one."""
        self.collected.append(run.pipeline.name)
        try:
            return self._made_of(run, Handover.model_validate(handed_over), selectors)
        except (InvalidManifestError, ValidationError, ValueError) as error:
            return Collected(problem=str(error))

    def _made_of(
        self, run: PipelineRun, handover: Handover, selectors: Sequence[dict[str, str]]
    ) -> Collected:
        control = workflow_control(handover.control)
        status = pipeline_status(handover.status)
        if puts_out(run.action, control):
            files = {path: unpacked(content) for path, content in handover.files.items()}
            scheduling = Scheduling(
                own=directory_selectors(handover.selectors),
                promise=tuple(PromiseScheduling(match_labels=one) for one in selectors),
            )
            work = work_of(run, files, scheduling, datetime.now(UTC))
            self._platform.works[work.metadata.namespace, work.metadata.name] = work
        return Collected(control=control, status=status)

    async def tidy(self, plan: Plan, *, works: bool = True) -> None:
        """Remove the Works of pipelines that are no more."""
        self.tidied.append((plan, works))
        found: Sequence[Work] = await self.works(plan.parent) if works else ()
        for work in stale_works(found, plan.parent.type, plan.names):
            del self._platform.works[work.metadata.namespace, work.metadata.name]

    async def works(self, parent: Parent) -> Sequence[Work]:
        """Return the Works of a parent."""
        wanted = selection_of(Target.WORKS, parent)
        return [
            work
            for (namespace, _), work in self._platform.works.items()
            if wanted.namespace in {"", namespace}
            and wanted.labels.items() <= work.metadata.labels.items()
        ]


class MemoryRemoval:
    """The port Removal: Works and requests go, and of whatever else there is nothing."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self.configured: tuple[str, ...] = ()
        """The requests of which a configure Job has not ended."""
        self.removed: list[str] = []
        """The finalizers for which something was to be removed, once for each call."""
        self._platform = platform

    async def remove(self, parent: Parent, finalizer: str) -> Sequence[str]:
        """Remove what that finalizer stands for; return what of it is still there."""
        self.removed.append(finalizer)
        match TARGETS[finalizer]:
            case Target.WORKS:
                for work in await MemoryPipelines(self._platform).works(parent):
                    del self._platform.works[work.metadata.namespace, work.metadata.name]
                return []
            case Target.REQUESTS:
                return self._without_requests()
            case _:
                return []

    async def configuring(self, promise: Parent) -> Sequence[str]:  # noqa: ARG002 - there is one
        """Return the requests for a Promise of which a configure Job has not ended, by name."""
        return self.configured

    def _without_requests(self) -> list[str]:
        for request in _requests(self._platform):
            self._platform.delete(request)
        return [request.name for request in _requests(self._platform)]


class MemoryPromises:
    """The port Promises; `installed` is what every installation comes to."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self.installed = Installed()
        self._platform = platform

    async def install(self, promise: Parent) -> Installed:  # noqa: ARG002 - there is one Promise
        """Return how far the installation of the Promise is."""
        ours = self._platform.promise
        kind, api_version = offered(ours)
        known = {"version": promise_version(ours), "kind": kind, "api_version": api_version}
        return self.installed.model_copy(update=known)

    async def ask_requests(self, promise: Parent) -> int:  # noqa: ARG002 - there is one Promise
        """Have every request run anew; return how many there are."""
        requests = _requests(self._platform)
        for request in requests:
            self._platform.label(request, RUN_FROM_START)
        return len(requests)


class MemoryMirror:
    """The port StatusMirror, for the objects of such a platform."""

    def __init__(self, platform: MemoryPlatform) -> None:
        self._platform = platform

    async def show(self, update: StatusUpdate) -> None:
        """Write the patches in their order, then keep the Events."""
        for patch in update.patches:
            parent = self._meant(patch.object)
            if parent is not None:
                there = entries(self._platform.status(parent), "conditions")
                status = beside_others(patch.status, list(there), patch.answers_for)
                self._platform.show(parent, status)
        self._platform.events.extend(update.events)

    def _meant(self, key: ObjectKey) -> Parent | None:
        """Return that very object; None: it is gone, or another one has its name."""
        try:
            parent = self._platform.parent(key.namespace, key.name)
        except NotFoundError:
            return None
        return parent if key.uid in {"", parent.uid} else None


def _requests(platform: MemoryPlatform) -> list[Parent]:
    return [one for one in platform.parents() if one.type is WorkflowType.RESOURCE]
