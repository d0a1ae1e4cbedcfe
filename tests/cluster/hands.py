"""What people do to the objects of runs, and what a watch has seen of their pods meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from temporalio.api.sdk.v1 import WorkflowMetadata

from adapters.kubernetes import identity
from adapters.kubernetes.answers import Change
from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import (
    ENGRAMS,
    EVENTS,
    PODS,
    STEP_RUNS,
    STORY_RUNS,
    Resource,
)
from runwright.models.objects import Manifest
from runwright.rules.kubernetes.pods import is_terminal
from testbed.images.contents import BUSYBOX
from tests.cluster.runs import SMALL, Stage, phase_of

_ENDS: Final = frozenset({"Succeeded", "Failed", "Finished", "Compensated", "Timeout", "Canceled"})
_STEP: Final = "bubustack.io/step"
ENDLESS: Final = "trap 'exit 143' TERM; while true; do sleep 0.05; done"
"""The script of a task that runs until it is told to end."""
SLOW_TO_END: Final = "trap 'sleep 3; exit 143' TERM; while true; do sleep 0.05; done"
"""That of one which takes a while to end then."""
ENDLESS_ONCE: Final = f'test "$RUNWRIGHT_TRY" = 1 || exit 0; {ENDLESS}'
"""That of one whose first try does so, and whose others succeed."""
KUBECTL_PROPAGATION: Final = ("background", "foreground", "orphan")
"""What people may say after `--cascade`."""


class PodsSeen:
    """Every pod of a namespace, as a watch that began before them has seen it."""

    def __init__(self) -> None:
        self.last: dict[str, Manifest] = {}
        """By uid, as each was at the last."""
        self.together: list[tuple[str, str]] = []
        """Pods of one step that were there at once, the earlier of them not over."""
        self.graces: list[int] = []
        """Seconds that each pod was given when it was told to end; a kubelet makes that 0 later."""
        self._there: dict[str, Manifest] = {}

    def take(self, change: Change) -> None:
        """Note a change."""
        pod = change.object
        if change.type == "BOOKMARK":
            return
        uid = pod["metadata"]["uid"]
        if uid not in self.last:
            self._note_company(pod)
        before = self.last.get(uid, {"metadata": {}})
        self.last[uid] = self._there[uid] = pod
        if "deletionTimestamp" in pod["metadata"] and "deletionTimestamp" not in before["metadata"]:
            self.graces.append(pod["metadata"]["deletionGracePeriodSeconds"])
        if change.type == "DELETED":
            del self._there[uid]

    def tries(self, step: str) -> list[str]:
        """Return activation and try of each pod that a step had, in their order."""
        pods = [pod for pod in self.last.values() if _step_of(pod) == step]
        return sorted(identity.annotations(pod)[identity.TRY] for pod in pods)

    def _note_company(self, pod: Manifest) -> None:
        for other in self._there.values():
            if _step_of(other) == _step_of(pod) and not is_terminal(other):
                names = other["metadata"]["name"], pod["metadata"]["name"]
                self.together.append(names)


@asynccontextmanager
async def watched_pods(stage: Stage) -> AsyncGenerator[PodsSeen]:
    """Watch the pods of a namespace that has none yet."""
    seen, here = PodsSeen(), Selection(stage.namespace)
    listed = await stage.cluster.list(PODS, here)
    assert not listed.items

    async def watch() -> None:
        async for change in stage.cluster.watch(PODS, here, listed.version):
            seen.take(change)

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def worker(
    stage: Stage, name: str, script: str = "true", *, image: str = BUSYBOX, **resources: str
) -> None:
    """Create an Engram of that image whose pods ask for these resources."""
    await stage.engram(name, script, image=image)
    policy = {"executionPolicy": {"resources": SMALL | resources}}
    await stage.cluster.patch(ENGRAMS, (stage.namespace, name), {"spec": policy})


async def kubectl(stage: Stage, *words: str) -> str:
    """Return what kubectl printed that a person ran in the namespace."""
    where = f"--namespace={stage.namespace}"
    return await asyncio.to_thread(stage.testbed.kubectl, where, *words)


async def delete(stage: Stage, kind: str, name: str, *options: str) -> None:
    """Delete an object as people do who do not wait for it."""
    await kubectl(stage, "delete", kind, name, "--wait=false", *options)


async def annotate(
    stage: Stage, name: str, annotations: dict[str, str | None], resource: Resource = STORY_RUNS
) -> None:
    """Change annotations; None removes one."""
    patch = {"metadata": {"annotations": annotations}}
    await stage.cluster.patch(resource, (stage.namespace, name), patch)


async def strip_finalizers(stage: Stage, resource: Resource, name: str) -> None:
    """Take all finalizers from an object, as people do with what does not go."""
    patch = {"metadata": {"finalizers": None}}
    await stage.cluster.patch(resource, (stage.namespace, name), patch)


async def report(stage: Stage, step_run: str, **status: Any) -> None:
    """Write into the status of a StepRun what an SDK in its pod would."""
    name = stage.namespace, step_run
    await stage.cluster.patch(STEP_RUNS, name, {"status": status}, subresource="status")


async def cancel(stage: Stage, run: str) -> None:
    """Cancel a run by its object."""
    name = stage.namespace, run
    await stage.cluster.patch(STORY_RUNS, name, {"spec": {"cancelRequested": True}})


async def running_pod(stage: Stage, job: str) -> str:
    """Return the name of the pod of a Job once it runs."""
    while True:
        for pod in await stage.all(PODS):
            owners = pod["metadata"].get("ownerReferences") or ()
            is_running = (pod.get("status") or {}).get("phase") == "Running"
            if is_running and any(owner["name"] == job for owner in owners):
                return str(pod["metadata"]["name"])
        await asyncio.sleep(0.05)


async def told(stage: Stage, about: str) -> dict[str, list[str]]:
    """Return the messages of the Events about an object, by reason."""
    found: dict[str, list[str]] = {}
    for event in await stage.all(EVENTS):
        if event["involvedObject"]["name"] == about:
            found.setdefault(event["reason"], []).append(event["message"])
    return found


async def details_of(stage: Stage, run: Manifest) -> str:
    """Return what Temporal's page of a run shows; a worker must be there."""
    asked = "__temporal_workflow_metadata"
    answer = await stage.workflow(run).query(asked, result_type=WorkflowMetadata)
    details: str = answer.current_details
    return details


async def at_rest(stage: Stage, run: Manifest) -> None:
    """Return once a run waits for something outside.

    What a worker works at when it stops, Temporal gives to the next one only seconds later.
    """
    while True:
        found = (await stage.workflow(run).describe()).raw_description
        is_showing = any(
            one.activity_type.name == "show_status" for one in found.pending_activities
        )
        if not found.HasField("pending_workflow_task") and not is_showing:
            return
        await asyncio.sleep(0.05)


def messages_of(run: Manifest) -> dict[str, str]:
    """Return what each step of a StoryRun says."""
    states: dict[str, Manifest] = (run.get("status") or {}).get("stepStates") or {}
    return {name: state.get("message", "") for name, state in states.items()}


def is_over(run: Manifest) -> bool:
    """Return whether a StoryRun or a StepRun is in a phase that nothing follows."""
    return phase_of(run) in _ENDS


def _step_of(pod: Manifest) -> str:
    labels: dict[str, str] = pod["metadata"].get("labels") or {}
    return labels.get(_STEP, "")
