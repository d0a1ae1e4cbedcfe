"""What is known of a run whose workflow is not there: what its StoryRun object says."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from runwright.models.bubustack import Phase, StepState, StoryRun, StoryRunStatus
from runwright.models.metadata import Condition
from runwright.models.story_run import RunError, Section, StepProgress, StoryRunState
from runwright.rules.bubustack.conditions import HISTORY_LOST, READY
from runwright.rules.bubustack.intake import AUTHOR, is_over, was_started

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
    )


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
