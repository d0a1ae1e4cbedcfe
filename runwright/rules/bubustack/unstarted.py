"""What is known of a run whose workflow is not there: what its StoryRun object says."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from runwright.models.bubustack import Phase, StepState, StoryRun, StoryRunStatus
from runwright.models.history import Cause, History, Subject, Transition
from runwright.models.metadata import Condition
from runwright.models.story_run import RunError, Section, StepProgress, StoryRunState
from runwright.rules.bubustack.conditions import HISTORY_LOST, READY
from runwright.rules.bubustack.intake import AUTHOR, is_over, was_started
from runwright.rules.history import claimed, said

NOT_TAKEN_IN: Final = "NotTakenIn"
"""The reason of a run that no worker has looked at yet."""
_LONG: Final = timedelta(seconds=10)
"""A worker that lives takes a run in within a second."""
_NOBODY: Final = (
    "no worker takes it in; is one running for this cluster, and does it watch this namespace? "
    "`RUNWRIGHT_BACKEND=kubernetes runwright worker` starts one"
)
_LOST: Final = "Temporal knows nothing of this run, which was started"
_DELETED: Final = "it is being deleted, and is not started any more"


def unstarted_state(run: StoryRun, now: datetime) -> StoryRunState:
    """Return a StoryRun as a run is shown; its `activation` is 0 if it never started.

    While it waits, `message` says for what, and when nobody has looked at it for long what would
    help. One that was started, and of which Temporal knows nothing, is as its object was left.
    """
    status = run.status or StoryRunStatus()
    created_at = run.metadata.creation_timestamp or now
    reason, message = _standing(run, status, now - created_at)
    return StoryRunState(
        namespace=run.metadata.namespace,
        name=run.metadata.name,
        story=run.spec.story_ref.name,
        activation=status.attempts or int(was_started(run)),
        author=run.metadata.annotations.get(AUTHOR, ""),
        phase=status.phase or Phase.PENDING,
        reason=reason,
        message=message,
        started_at=status.started_at or created_at,
        finished_at=status.finished_at,
        inputs=run.spec.inputs or {},
        steps={name: _step(name, one) for name, one in status.step_states.items()},
        output=status.output,
        allowed_failures=status.allowed_failures,
        error=_error(status.error),
        history=History(transitions=tuple(_past(run, status, reason, created_at))),
    )


def _past(
    run: StoryRun, status: StoryRunStatus, reason: str, created_at: datetime
) -> Iterator[Transition]:
    """Yield what the object knows of its run's past, in the order that there must have been.

    The clocks of an API server and of a worker may differ.
    """
    by = run.metadata.annotations.get(AUTHOR, "")
    created = _of_run(created_at, status, (None, Phase.PENDING), Cause.CREATED)
    yield created.model_copy(update={"by": by, "identity": claimed(by), "message": None})
    if since := _waits_since(run, status):
        yield _of_run(since, status, (None, None), reason)
    if status.started_at:
        yield _of_run(status.started_at, status, (Phase.PENDING, Phase.RUNNING))
    if status.finished_at:
        before = Phase.RUNNING if status.started_at else Phase.PENDING
        yield _of_run(status.finished_at, status, (before, status.phase), reason)


def _of_run(
    at: datetime,
    status: StoryRunStatus,
    change: tuple[Phase | None, Phase | None],
    reason: str | None = None,
) -> Transition:
    before, after = change
    return Transition(
        at=at,
        activation=status.attempts or 0,
        subject=Subject.RUN,
        before=before,
        after=after,
        reason=reason,
        message=said(status.message) if reason else None,
    )


def _waits_since(run: StoryRun, status: StoryRunStatus) -> datetime | None:
    """Return since when the run waits for what is not there; None if it does not."""
    if is_over(run) or was_started(run):
        return None
    ready = next((one for one in status.conditions if one.type == READY), None)
    return ready.last_transition_time if ready else None


def _standing(run: StoryRun, status: StoryRunStatus, age: timedelta) -> tuple[str, str]:
    """Return reason and message."""
    known = {one.type: one for one in status.conditions}
    ready = known.get(READY)
    reason = ready.reason if ready else ""
    if is_over(run):
        return reason, status.message
    if was_started(run):
        return HISTORY_LOST, _said(known.get(HISTORY_LOST)) or _LOST
    if run.metadata.deletion_timestamp:
        return reason, _DELETED
    if status.phase is None:
        return NOT_TAKEN_IN, _NOBODY if age > _LONG else ""
    return reason, status.message


def _said(condition: Condition | None) -> str:
    return condition.message if condition else ""


def _step(name: str, state: StepState) -> StepProgress:
    return StepProgress(
        name=name,
        section=Section.MAIN,
        type="",
        phase=state.phase,
        message=state.message,
        started_at=state.started_at,
        finished_at=state.finished_at,
    )


def _error(said: Mapping[str, Any] | None) -> RunError | None:
    if said is None:
        return None
    return RunError(type=str(said.get("type", "")), message=str(said.get("message", "")))
