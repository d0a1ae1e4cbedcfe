"""What is wrong with a task in a cluster, in a person's words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from runwright.models.tasks import Diagnosis
from runwright.rules.kubernetes import advice, pods
from runwright.rules.kubernetes.advice import Advice
from runwright.rules.kubernetes.fields import Object, condition, entries, field, moment, text
from runwright.rules.wording import excerpt, quoted

_DETAIL: Final = 256
"""Characters that are quoted of what a cluster says."""
_STUCK_AFTER: Final = timedelta(seconds=60)
"""Beyond the grace of its deletion; a node under load takes a while to say that a pod has ended."""
GIVEN_UP_AFTER: Final = timedelta(minutes=5)
"""Beyond the grace of its deletion, of a pod whose node is away."""
DEADLINE_EXCEEDED: Final = "DeadlineExceeded"


def diagnose(
    job: Object, pod: Object | None, events: Sequence[Object] = (), now: datetime | None = None
) -> Diagnosis | None:
    """Return what keeps a task from getting on, or what it failed of; None where all is well.

    `events` are those about the Job and about its pod, in any order. That a pod waits is no
    trouble as long as nothing says why. Without `now` nothing is found to take too long.
    """
    if pod is None:
        return _without_pod(job, events)
    if pods.phase_of(pod) == pods.SUCCEEDED:
        return None
    if pods.phase_of(pod) == pods.FAILED:
        return _of_failure(job, pod)
    held = hindrance(pod, now, events)
    return held or _waiting(pod, events) or _unplaced(pod) or _overdue(job)


def hindrance(
    pod: Object, now: datetime | None = None, events: Sequence[Object] = ()
) -> Diagnosis | None:
    """Return what keeps a pod from ending, whoever wants it to; None where nothing does."""
    return _away(pod, events) or _stuck(pod, now)


def is_given_up(pod: Object, now: datetime) -> bool:
    """Return whether a pod is not waited for any more: it should be gone, and its node is away.

    The node may come back and tell how the pod ended, or may be running it still. But whoever wants
    it to end wants to get on some time.
    """
    until = moment(pod, "metadata", "deletionTimestamp")
    if until is None or now - until < GIVEN_UP_AFTER:
        return False
    return _away(pod, ()) is not None


def said(about: Advice, detail: str = "") -> Diagnosis:
    """Return the advice as a diagnosis, with what the cluster says."""
    return Diagnosis(
        category=about.category,
        summary=about.summary,
        detail=excerpt(detail, _DETAIL),
        resolution=about.resolution,
    )


def _without_pod(job: Object, events: Sequence[Object]) -> Diagnosis | None:
    """Return why a Job has no pod: it is over, or the answer that its controller got last."""
    if condition(job, "Complete", "SuccessCriteriaMet"):
        return None
    if failed := condition(job, "Failed", "FailureTarget"):
        return _overdue(job) or said(advice.LOST, text(failed, "message"))
    latest = _latest(events, "Job", text(job, "metadata", "name"))
    if text(latest, "reason") != "FailedCreate" or field(job, "spec", "suspend") is True:
        return None
    answer = text(latest, "message")
    return said(advice.of_refusal(answer), answer.removeprefix("Error creating: "))


def _overdue(job: Object) -> Diagnosis | None:
    failed = condition(job, "Failed", "FailureTarget")
    if text(failed, "reason") != DEADLINE_EXCEEDED:
        return None
    return said(advice.DEADLINE, text(failed, "message"))


def _of_failure(job: Object, pod: Object) -> Diagnosis:
    """Return why a pod failed: who ended it counts before what its container came to."""
    reason, message = pods.disruption(pod)
    if reason:
        return said(advice.of_disruption(reason), f"{reason}: {message}")
    overdue = _overdue(job)
    if overdue is not None:  # what it was waiting for all that time is the better answer
        return _unplaced(pod) or overdue
    ended = pods.culprit(pod)
    if ended is None:
        return said(advice.UNKNOWN)
    detail = text(ended.state, "message") if advice.is_runtimes(ended.reason) else ""
    where = f"container {ended.name}"
    code = f"exit code {ended.exit_code}" if ended.exit_code is not None else ended.reason
    found = advice.of_exit(ended.reason, ended.exit_code, is_deleted=pods.is_deleted(pod))
    return said(found, f"{where}: {detail or code}")


def _stuck(pod: Object, now: datetime | None) -> Diagnosis | None:
    """Return that a pod should have been gone for long."""
    until = moment(pod, "metadata", "deletionTimestamp")
    if until is None or now is None or now - until < _STUCK_AFTER:
        return None
    node = text(pod, "spec", "nodeName")
    where = f"node {quoted(node)}" if node else "it was on no node"
    return said(advice.STUCK, f"it was to be gone by {until:%Y-%m-%d %H:%M:%S %Z}; {where}")


def _away(pod: Object, events: Sequence[Object]) -> Diagnosis | None:
    """Return that nobody hears of the pod's node."""
    node = f"node {quoted(text(pod, 'spec', 'nodeName'))}"
    reason, message = pods.disruption(pod)
    if reason in advice.NODE_AWAY:
        return said(advice.NODE_LOST, f"{node}: {reason}: {message}")
    if pods.is_unheard_of(pod):
        return said(advice.NODE_LOST, f"{node}: nobody hears of it")
    latest = _latest(events, "Pod", text(pod, "metadata", "name"))
    if text(latest, "reason") == "NodeNotReady":
        return said(advice.NODE_LOST, f"{node}: {text(latest, 'message')}")
    return None


def _waiting(pod: Object, events: Sequence[Object]) -> Diagnosis | None:
    """Return why a container does not start: the kubelet's reason, or what it said last."""
    latest = _latest(events, "Pod", text(pod, "metadata", "name"))
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in entries(pod, "status", kind):
            waiting = field(status, "state", "waiting")
            if found := advice.of_waiting(text(waiting, "reason")):
                return said(found, _of_waiting(status))
            if waiting and (found := advice.of_event(text(latest, "reason"))):
                return said(found, text(latest, "message"))
    return None


def _of_waiting(status: Object) -> str:
    """Return what the kubelet says of a container that waits, or what it came to before."""
    code = field(status, "lastState", "terminated", "exitCode")
    if isinstance(code, int):
        return f"container {text(status, 'name')}: exit code {code}"
    waiting = field(status, "state", "waiting")
    return text(waiting, "message") or text(waiting, "reason")


def _unplaced(pod: Object) -> Diagnosis | None:
    """Return why the scheduler finds no node."""
    for entry in entries(pod, "status", "conditions"):
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False":
            return said(advice.of_placement(text(entry, "reason")), text(entry, "message"))
    return None


def _latest(events: Sequence[Object], kind: str, name: str) -> Object | None:
    about = [
        event
        for event in events
        if text(event, "involvedObject", "kind") == kind
        and text(event, "involvedObject", "name") == name
    ]
    return max(about, key=_time_of, default=None)


def _time_of(event: Object) -> float:
    """Return when an Event was seen last; the field depends on who recorded it."""
    times = (
        moment(event, "series", "lastObservedTime"),
        moment(event, "lastTimestamp"),
        moment(event, "eventTime"),
        moment(event, "metadata", "creationTimestamp"),
    )
    return next((at.timestamp() for at in times if at), 0.0)
