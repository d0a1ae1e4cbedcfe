"""The outcome of a try: what was seen of it, what it reported, and what it was told to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.kubernetes import advice, pods
from runwright.rules.kubernetes.diagnosis import is_given_up, said
from runwright.rules.kubernetes.fields import Object, field, moment, text
from runwright.rules.wording import quoted


def judged(
    job: Object,
    pod: Object | None,
    seen: TaskOutcome,
    reported: TaskOutcome | None,
    stopped_at: datetime | None,
) -> TaskOutcome:
    """Return the outcome: what the task reported itself, else what was `seen` of it.

    What ends after it was told to stop has not ended by itself, unless it reported its success.
    """
    found = _despite_deletion(seen, pod)
    if reported is not None:
        found = _reported(reported, found)
        if found.succeeded:
            return found
    if stopped_at is not None and _was_stopped(found, stopped_at):
        # Who ended its pod is no riddle: its run did.
        stop = {"succeeded": False, "reason": OutcomeReason.STOPPED, "output": None}
        return found.model_copy(update={**stop, "diagnosis": None})
    if field(job, "metadata", "deletionTimestamp") and not found.succeeded:
        return found.model_copy(update={"diagnosis": said(advice.JOB_DELETED)})
    return found


def without_pod(job: Object, *, was_stopped: bool) -> TaskOutcome | None:
    """Return the outcome of a Job that will have no pod any more, whose own state is no end."""
    if was_stopped and field(job, "spec", "suspend"):
        return stopped()
    if field(job, "metadata", "deletionTimestamp"):
        return lost("its Job was deleted")
    return None


def stopped() -> TaskOutcome:
    """Return the outcome of a try that was stopped, or barred, before it ran."""
    return TaskOutcome(succeeded=False, reason=OutcomeReason.STOPPED)


def lost(why: str) -> TaskOutcome:
    """Return the outcome of a try of which nobody can say how it ended."""
    return TaskOutcome(
        succeeded=False,
        reason=OutcomeReason.LOST,
        message=why,
        diagnosis=said(advice.EVIDENCE_DELETED, why),
    )


def is_lost(pod: Object, now: datetime) -> bool:
    """Return whether a pod is given up with its node."""
    return not pods.is_terminal(pod) and is_given_up(pod, now)


def given_up(those: Sequence[Object], now: datetime) -> TaskOutcome | None:
    """Return the outcome of a try whose pod was lost with its node; None if it is waited for."""
    pod = pods.last(those)
    if pod is None or not is_lost(pod, now):
        return None
    node, until = quoted(text(pod, "spec", "nodeName")), text(pod, "metadata", "deletionTimestamp")
    why = f"its node {node} does not answer, and its pod was to be gone by {until}"
    return TaskOutcome(
        succeeded=False,
        reason=OutcomeReason.LOST,
        message=why,
        pod=text(pod, "metadata", "name"),
        diagnosis=said(advice.NODE_LOST, why),
    )


def without_output(outcome: TaskOutcome) -> TaskOutcome:
    """Return what to report of a success whose output cannot be carried to the run."""
    return outcome.model_copy(
        update={
            "succeeded": False,
            "reason": OutcomeReason.OUTPUT_INVALID,
            "message": "the output cannot be carried to the run",
            "output": None,
        }
    )


def _reported(reported: TaskOutcome, seen: TaskOutcome) -> TaskOutcome:
    """Return what the task said of itself, with what it cannot know of its pod."""
    return reported.model_copy(
        update={
            "pod": seen.pod,
            "started_at": reported.started_at or seen.started_at,
            "finished_at": reported.finished_at or seen.finished_at,
            "diagnosis": None if reported.succeeded else seen.diagnosis,
        }
    )


def _despite_deletion(seen: TaskOutcome, pod: Object | None) -> TaskOutcome:
    """Return the outcome; one whose pod was told to end, and obeyed with 0, is no success.

    Nodes are drained, and people delete pods: many programs then end with 0, their work undone.
    """
    until = moment(pod, "metadata", "deletionTimestamp")
    grace = field(pod, "metadata", "deletionGracePeriodSeconds")
    if until is None or seen.finished_at is None or not seen.succeeded:
        return seen
    if seen.finished_at < until - timedelta(seconds=grace if isinstance(grace, int) else 0):
        return seen
    message = "its pod was deleted while it ran, and ended with 0 when it was told to end"
    return lost(message).model_copy(update={"pod": seen.pod, "finished_at": seen.finished_at})


def _was_stopped(outcome: TaskOutcome, at: datetime) -> bool:
    """Return whether the task ended because it was told to.

    A node tells the end in whole seconds: one that ended in the very second was stopped, for an
    exit code of 0 is also how many a program obeys.
    """
    return outcome.finished_at is None or outcome.finished_at >= at.replace(microsecond=0)
