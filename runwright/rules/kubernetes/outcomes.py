"""How a task in a cluster ended, by its Job and its pod."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from runwright.models.tasks import TIMED_OUT_CODE, Diagnosis, OutcomeReason, TaskOutcome
from runwright.rules.kubernetes import advice, pods
from runwright.rules.kubernetes.advice import Category
from runwright.rules.kubernetes.diagnosis import DEADLINE_EXCEEDED, diagnose, said
from runwright.rules.kubernetes.fields import Object, condition, entries, field, moment, text
from runwright.rules.outputs import OutputError, read_output
from runwright.rules.wording import excerpt

EVIDENCE: Final = "runwright.dev/evidence"
"""The finalizer that holds a Job and its pod until their outcome is recorded."""
_LONGEST: Final = 2048
"""Characters of a message."""
_KEPT_OF_ONE: Final = 4096
_KEPT_OF_POD: Final = 12288
"""Bytes that a kubelet keeps of the termination messages of one container, and of a whole pod."""


def outcome_of(
    job: Object, pod: Object | None, container: str, max_output: int, *, is_stopped: bool = False
) -> TaskOutcome | None:
    """Return how a task ended; None while it runs.

    `pod` is the last one; None when it is gone or never was, not when nobody looked. A pod is over
    up to a second before its Job is, and final unless it failed and the Job `makes_another`: not
    for a task that is stopped. So one that is there and not over will say how it ended, whatever
    the Job says by then; only the deadline is the Job's. `container` names the task's, and
    `max_output` counts the bytes of its output.
    """
    if pod is not None and has_given_up(job):
        pod = pods.without_last_run(pod)
    seen = _Seen(job, pod, pods.ended_container(pod, container) if pod else None)
    if _is_overdue(seen):
        return seen.outcome(OutcomeReason.TIMED_OUT, "the Job's deadline passed", TIMED_OUT_CODE)
    if pod is None:
        return _without_pod(seen)
    if makes_another(job, pod) and not is_stopped:
        return None
    return _of_pod(seen, pod, container, max_output)


def _of_pod(seen: "_Seen", pod: Object, container: str, max_output: int) -> TaskOutcome | None:
    if pods.never_runs(pod):
        return seen.outcome(OutcomeReason.EXITED, "its pod was deleted before it was on a node")
    match pods.phase_of(pod):
        case pods.SUCCEEDED:
            return _succeeded(seen, pod, max_output)
        case pods.FAILED:
            return _failed(seen, pod, container)
        case _:
            return None


def may_have_several(job: Object) -> bool:
    """Return whether a Job makes another pod for one that failed.

    Not one that says nothing of that: the API server has every Job say it.
    """
    limit = field(job, "spec", "backoffLimit")
    return isinstance(limit, int) and limit > 0


def makes_another(job: Object, pod: Object) -> bool:
    """Return whether the Job will make another pod for one that failed: it has not given up."""
    if not may_have_several(job) or text(job, "metadata", "deletionTimestamp"):
        return False
    is_over = condition(job, "Complete", "SuccessCriteriaMet", "Failed", "FailureTarget")
    return is_over is None and pods.is_terminal(pod) and pods.phase_of(pod) != pods.SUCCEEDED


def has_given_up(job: Object) -> bool:
    """Return whether the Job ended the pod of its own accord, for it failed too often."""
    failed = condition(job, "Failed", "FailureTarget")
    return text(failed, "reason") == "BackoffLimitExceeded"


class _Seen(NamedTuple):
    """The evidence."""

    job: Object
    pod: Object | None
    ended: pods.Ended | None
    """The task's container, if it ended."""

    @property
    def started_at(self) -> datetime | None:
        """When the first of its containers began: those before the task's are part of it."""
        return pods.began_at(self.pod) if self.pod else None

    @property
    def finished_at(self) -> datetime | None:
        """When the task's container ended, or else the last that came before it.

        Nobody says it of a pod that was ended before its next container began: those that had ended
        by then did what they should.
        """
        if self.ended is not None:
            return moment(self.ended.state, "finishedAt")
        if self.pod is None or not pods.is_terminal(self.pod) or not pods.culprit(self.pod):
            return None
        return pods.ended_at(self.pod)

    def outcome(
        self,
        reason: OutcomeReason,
        message: str = "",
        exit_code: int | None = None,
        output: dict[str, Any] | None = None,
    ) -> TaskOutcome:
        """Return it as an outcome, which is a success if there is an output."""
        return TaskOutcome(
            succeeded=output is not None,
            reason=reason,
            message=excerpt(message, _LONGEST),
            exit_code=exit_code,
            output=output,
            pod=text(self.pod, "metadata", "name") or None,
            started_at=self.started_at,
            finished_at=self.finished_at if self.pod else _end_of_job(self.job),
            diagnosis=None if output is not None else _diagnosis(self, reason, message),
        )


def _is_overdue(seen: _Seen) -> bool:
    """Return whether the task ran into a deadline.

    The pod may be seen to end by it before the Job is. A container that takes being told to end
    for an occasion to exit with 0 has not succeeded for that; one that was done before has.
    """
    if text(seen.pod, "status", "reason") == DEADLINE_EXCEEDED:
        return True
    failed = condition(seen.job, "Failed", "FailureTarget")
    is_told = text(failed, "reason") == DEADLINE_EXCEEDED
    begun = moment(seen.job, "status", "startTime")
    limit = field(seen.job, "spec", "activeDeadlineSeconds")
    if seen.finished_at is None or begun is None or not isinstance(limit, int):
        return is_told
    is_deleted = seen.pod is not None and pods.is_deleted(seen.pod)
    return (is_told or is_deleted) and seen.finished_at >= begun + timedelta(seconds=limit)


def _without_pod(seen: _Seen) -> TaskOutcome | None:
    """Return what a Job alone says: enough where nothing of ours should have held its pod."""
    over = condition(seen.job, "Complete", "SuccessCriteriaMet", "Failed", "FailureTarget")
    if over is None:
        return None
    if EVIDENCE in (field(seen.job, "spec", "template", "metadata", "finalizers") or ()):
        message = f"the Job is {over['type']}, and its pod is gone with all that it said"
        return seen.outcome(OutcomeReason.LOST, message)
    if over["type"] in {"Complete", "SuccessCriteriaMet"}:
        return seen.outcome(OutcomeReason.COMPLETED, exit_code=0, output={})
    return seen.outcome(OutcomeReason.EXITED, f"{text(over, 'reason')}: {text(over, 'message')}")


def _succeeded(seen: _Seen, pod: Object, max_output: int) -> TaskOutcome:
    """Return a success, unless what the container wrote was to be an output and is none.

    An image that brings its own program knows nothing of us: a text of it that does not begin like
    an output was written for people, and becomes the message. A command that a template gives was
    written for us, and so is what it writes. What the kubelet cut may have been anything.
    """
    if seen.ended is None:
        message = "the pod says Succeeded, and nothing of its container"
        return seen.outcome(OutcomeReason.LOST, message)
    written = _written(seen.ended)
    size = len(written.encode(errors="surrogatepass"))
    try:
        output = read_output(written.encode(errors="surrogatepass")) if written.strip() else {}
    except OutputError as error:
        if size >= _kept(pod):
            fault = f"has {size} bytes and is no JSON: of more than {_kept(pod)} the end is kept"
        elif _is_given_its_command(seen.job) or written.lstrip().startswith(("{", "[")):
            fault = f"({size} bytes) {error}"
        else:
            return seen.outcome(OutcomeReason.COMPLETED, written, 0, {})
        return seen.outcome(OutcomeReason.OUTPUT_INVALID, f"the termination message {fault}", 0)
    if size > max_output:
        message = f"the termination message has {size} bytes, {max_output} are allowed"
        return seen.outcome(OutcomeReason.OUTPUT_TOO_LARGE, message, 0)
    return seen.outcome(OutcomeReason.COMPLETED, "", 0, output)


def _is_given_its_command(job: Object) -> bool:
    """Return whether the task runs a command in the place of its image's own."""
    first = next(iter(entries(job, "spec", "template", "spec", "containers")), None)
    return bool(field(first, "command"))


def _kept(pod: Object) -> int:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return kept_of_each(sum(len(entries(pod, "spec", kind)) for kind in kinds))


def kept_of_each(containers: int) -> int:
    """Return how many bytes a kubelet keeps of the termination message of one of so many."""
    return min(_KEPT_OF_ONE, _KEPT_OF_POD // max(containers, 1))


def _failed(seen: _Seen, pod: Object, container: str) -> TaskOutcome:
    ended = pods.culprit(pod, container)
    reason, message = pods.disruption(pod)
    if ended is None:
        why = f"{reason}: {message}" if reason else "the pod failed and does not say why"
        return seen.outcome(OutcomeReason.EXITED, why)
    if _command_is_missing(ended):
        return seen.outcome(OutcomeReason.COMMAND_NOT_STARTED, _written(ended))
    is_ours = ended == seen.ended
    said_by = "" if is_ours else f"{'init ' if ended.is_init else ''}container {ended.name}: "
    told = f"{said_by}{_how_it_ended(ended, reason)}"
    more = message if reason else _note(ended)
    return seen.outcome(OutcomeReason.EXITED, f"{told}: {more}" if more else told, ended.exit_code)


def _how_it_ended(ended: pods.Ended, disruption: str) -> str:
    """Return `exit code 3`, and in brackets who had a hand in it."""
    if ended.exit_code is None:
        return disruption or ended.reason
    plain = "" if ended.reason in {"Error", "Completed"} else ended.reason
    by = disruption or plain
    return f"exit code {ended.exit_code}{f' ({by})' if by else ''}"


def _command_is_missing(ended: pods.Ended) -> bool:
    """Return whether the runtime found nothing that it could execute, and never will."""
    return ended.reason == "StartError" and 'exec: "' in _written(ended)


def _note(ended: pods.Ended) -> str:
    """Return what a container that failed left to people; an output is none."""
    written = _written(ended)
    with suppress(OutputError):
        read_output(written.encode(errors="surrogatepass"))
        return ""
    return written


def _written(ended: pods.Ended) -> str:
    message = ended.state.get("message")
    return message if isinstance(message, str) else ""


def _end_of_job(job: Object) -> datetime | None:
    over = condition(job, "Complete", "Failed", "SuccessCriteriaMet", "FailureTarget")
    return moment(job, "status", "completionTime") or moment(over, "lastTransitionTime")


def _diagnosis(seen: _Seen, reason: OutcomeReason, message: str) -> Diagnosis | None:
    if found := _ADVICE.get(reason):
        return said(found, message)
    trouble = diagnose(seen.job, seen.pod)
    if reason is OutcomeReason.TIMED_OUT and (trouble is None or trouble.category in _OF_DEADLINE):
        return said(advice.DEADLINE, message)
    return trouble


_ADVICE: Final = {
    OutcomeReason.LOST: advice.LOST,
    OutcomeReason.OUTPUT_INVALID: advice.OUTPUT,
    OutcomeReason.OUTPUT_TOO_LARGE: advice.OUTPUT_SIZE,
}
"""What no pod shows by itself."""
_OF_DEADLINE: Final = frozenset({Category.EXIT, Category.KILLED, Category.UNKNOWN})
"""What a deadline makes of a container: no answer to what it waited for."""
