"""The conditions of runs and of steps, within what an API server takes of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from runwright.models.bubustack import Phase
from runwright.models.metadata import Condition, ConditionStatus
from runwright.rules.bubustack.progress import MESSAGE

REASON: Final = 64
"""Characters of a condition's reason; an API server takes no more."""

READY: Final = "Ready"
PROGRESSING: Final = "Progressing"
DEGRADED: Final = "Degraded"
PAUSED: Final = "Paused"
"""Ours: the run starts no step until somebody resumes it."""
BLOCKED: Final = "Blocked"
"""Ours: steps wait for what is not there."""
HISTORY_LOST: Final = "HistoryLost"
"""Ours: the run was started, and Temporal knows nothing of it."""
WORKFLOW_STUCK: Final = "WorkflowStuck"
"""Ours: the run's code fails again and again, so that nothing moves."""
REDRIVE_REFUSED: Final = "RedriveRefused"
"""Ours: what an annotation asked for last was not to be; the run stayed as it was."""

_TROUBLED: Final = frozenset({Phase.FAILED, Phase.TIMEOUT, Phase.ABORTED})
_REASONS: Final[Mapping[Phase | None, str]] = {
    Phase.PENDING: "Pending",
    Phase.RUNNING: "Running",
    Phase.SUCCEEDED: "Completed",
    Phase.FAILED: "ExecutionFailed",
    Phase.FINISHED: "Canceled",
    Phase.CANCELED: "Canceled",
    Phase.COMPENSATED: "Compensated",
    Phase.PAUSED: "Paused",
    Phase.BLOCKED: "Blocked",
    Phase.SCHEDULING: "Scheduled",
    Phase.TIMEOUT: "TimedOut",
    Phase.ABORTED: "ExecutionFailed",
    Phase.SKIPPED: "Skipped",
}


class Standing(NamedTuple):
    """Where a run or a step is, and since when."""

    phase: Phase
    reason: str
    """Empty: the usual one of the phase."""
    message: str
    since: datetime | None
    ended_at: datetime | None = None


def phase_conditions(standing: Standing) -> tuple[Condition, ...]:
    """Return Ready, Progressing and Degraded of a run or a step.

    The status of each changes at most once, at the end; so its time is that of the start or of the
    end, however often the conditions are made.

    Source: BubuStack, conditions on a phase patch.
    """
    phase = standing.phase
    return (
        _condition(standing, READY, holds=phase is Phase.SUCCEEDED, held=False),
        _condition(standing, PROGRESSING, holds=not phase.is_terminal, held=True),
        _condition(standing, DEGRADED, holds=phase in _TROUBLED, held=False),
    )


def _condition(standing: Standing, name: str, *, holds: bool, held: bool) -> Condition:
    moved_at = standing.since if holds is held else standing.ended_at
    return condition(
        name,
        standing.reason or usual_reason(standing.phase),
        standing.message,
        moved_at or standing.since,
        holds=holds,
    )


def condition(
    name: str, reason: str, message: str, since: datetime | None, *, holds: bool = True
) -> Condition:
    """Return one condition, its texts cut to what an API server takes."""
    return Condition(
        type=name,
        status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
        reason=reason[:REASON],
        message=cut(message, MESSAGE),
        last_transition_time=since,
    )


def usual_reason(phase: Phase) -> str:
    """Return the reason of a phase for which nobody gave one."""
    return _REASONS[phase]


def renewed(
    old: Iterable[Condition], new: Iterable[Condition], now: datetime
) -> tuple[Condition, ...]:
    """Return the new conditions, then those of other types as they were.

    A condition whose status stays keeps its time; every one has a time in the end.
    """
    known = {one.type: one for one in old}
    fresh = {one.type: _dated(one, known.get(one.type), now) for one in new}
    rest = (_dated(one, one, now) for one in known.values() if one.type not in fresh)
    return (*fresh.values(), *rest)


def _dated(one: Condition, before: Condition | None, now: datetime) -> Condition:
    stays = before is not None and before.status is one.status
    since = before.last_transition_time if before and stays else one.last_transition_time
    update = {
        "reason": one.reason[:REASON],
        "message": cut(one.message, MESSAGE),
        "last_transition_time": since or now,
    }
    return one.model_copy(update=update)


def cut(text: str, most: int) -> str:
    """Return the text, cut to that many characters with an ellipsis as the last."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
