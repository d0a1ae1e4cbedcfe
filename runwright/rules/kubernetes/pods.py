"""How a pod ended, and its containers in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from runwright.rules.kubernetes.fields import Object, condition, entries, field, moment, text

RUNNING: Final = "Running"
SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
_TERMINAL: Final = frozenset({SUCCEEDED, FAILED})
_Pod = TypeVar("_Pod", bound=Object)
_STATUSES: Final = ("initContainerStatuses", "containerStatuses")
"""In the order in which the containers start."""
_UNSEEN: Final = "ContainerStatusUnknown"
"""The kubelet's word for a container whose end it did not see; its exit code 137 is made up."""


class Ended(NamedTuple):
    """A container that ended."""

    name: str
    state: Object
    """Its `terminated`."""
    is_init: bool

    @property
    def exit_code(self) -> int | None:
        """As the container runtime saw it; None where nobody did."""
        code = self.state.get("exitCode")
        return code if isinstance(code, int) and self.reason != _UNSEEN else None

    @property
    def reason(self) -> str:
        """The kubelet's word, as `OOMKilled`."""
        return text(self.state, "reason")


def phase_of(pod: Object | None) -> str:
    """Return the phase of a pod; empty for none."""
    return text(pod, "status", "phase")


def has_begun(pod: Object) -> bool:
    """Return whether a container of a pod runs or ran: its node, its volumes and network are there.

    The phase does not tell: it is Pending as long as init containers run.
    """
    return any(
        field(status, "state", "running") is not None or _terminated(status)
        for kind in _STATUSES
        for status in entries(pod, "status", kind)
    )


def ended_container(pod: Object, name: str) -> Ended | None:
    """Return how the container of that name ended; None if it did not, or never began."""
    return next((one for one in _ended(pod) if one.name == name and not one.is_init), None)


def culprit(pod: Object, name: str = "") -> Ended | None:
    """Return the container that a pod failed of, preferably the one of that name."""
    failed = [one for one in _ended(pod) if one.exit_code != 0]
    return next((one for one in failed if one.name == name), failed[0] if failed else None)


def began_at(pod: Object) -> datetime | None:
    """Return when the first container of those that ended began."""
    return min(filter(None, (moment(one.state, "startedAt") for one in _ended(pod))), default=None)


def ended_at(pod: Object) -> datetime | None:
    """Return when the last container of those that ended did."""
    ends = filter(None, (moment(one.state, "finishedAt") for one in _ended(pod)))
    return max(ends, default=None)


def without_last_run(pod: Object) -> Object:
    """Return a pod with how its containers failed before they were run once more.

    A Job that gives up a pod whose containers are restarted in place counts the restarts: by then
    the next run has begun, and it is killed with the pod, whatever it would have come to. That the
    pod was deleted is no reason then, either.
    """
    failed: dict[str, list[Object]] = {
        kind: [
            {**status, "state": status["lastState"], "lastState": None}
            for status in entries(pod, "status", kind)
            if field(status, "lastState", "terminated", "exitCode")
        ]
        for kind in _STATUSES
    }
    if not any(failed.values()):
        return pod
    metadata: Object = pod.get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if "deletion" not in name}
    return {**pod, "metadata": kept, "status": {**pod["status"], **failed}}


def _ended(pod: Object) -> list[Ended]:
    return [
        Ended(text(status, "name"), terminated, is_init=kind.startswith("init"))
        for kind in _STATUSES
        for status in entries(pod, "status", kind)
        if (terminated := _terminated(status))
    ]


def _terminated(status: Object) -> Any:
    return field(status, "state", "terminated") or field(status, "lastState", "terminated")


def disruption(pod: Object) -> tuple[str, str]:
    """Return why a pod was ended from outside, as reason and message; empty if it was not.

    The kubelet's own reasons, as `Evicted`, stand in the status; those of the API server and its
    controllers in a condition.
    """
    if reason := text(pod, "status", "reason"):
        return reason, text(pod, "status", "message")
    target = condition(pod, "DisruptionTarget")
    return text(target, "reason"), text(target, "message")


def never_runs(pod: Object) -> bool:
    """Return whether a pod was deleted before it was on a node: no node takes it any more.

    Its phase stays Pending until a controller that looks every 20 seconds makes it Failed.
    """
    return is_deleted(pod) and not text(pod, "spec", "nodeName")


def is_terminal(pod: Object) -> bool:
    """Return whether no container of a pod runs, or ever will."""
    return phase_of(pod) in _TERMINAL or never_runs(pod)


def last(pods: Sequence[_Pod]) -> _Pod | None:
    """Return the pod that tells the end: a running one before those that ended, then the newest.

    Of those that ended, one that succeeded: its Job wants no more, and ends any other.
    """
    return max(pods, key=_lateness, default=None)


def _lateness(pod: Object) -> tuple[bool, bool, str]:
    has_succeeded = phase_of(pod) == SUCCEEDED
    return not is_terminal(pod), has_succeeded, text(pod, "metadata", "creationTimestamp")


def is_unheard_of(pod: Object) -> bool:
    """Return whether the control plane does not hear of the node on which a pod ran last.

    It then says that the pod is not ready, although its containers are: no kubelet says both, but
    of pods whose readiness others have a say in.
    """
    if phase_of(pod) != RUNNING or entries(pod, "spec", "readinessGates"):
        return False
    says = {one.get("type"): one.get("status") for one in entries(pod, "status", "conditions")}
    return (says.get("Ready"), says.get("ContainersReady")) == ("False", "True")


def is_deleted(pod: Object) -> bool:
    """Return whether the deletion of the pod was asked for.

    When that was cannot be told: the time stamp holds the end of the grace at first, and is moved
    once the containers have ended.
    """
    return bool(text(pod, "metadata", "deletionTimestamp"))
