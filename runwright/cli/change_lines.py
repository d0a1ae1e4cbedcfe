"""What changed about a run, one line each, for where no picture can be redrawn."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from runwright.cli.marks import word
from runwright.cli.pages import failure, gate_lines, stall_note, step_note
from runwright.client import Trouble, View
from runwright.models.bubustack import Phase
from runwright.models.story_run import StepProgress, StoryRunState
from runwright.rules.times import lasting


def change_lines(before: View | None, after: View, now: datetime) -> Iterator[str]:
    """Yield what is new since the view before."""
    old, new = before.state if before else None, after.state
    if old is None or old.has_started is not new.has_started:
        yield f"run {new.namespace}/{new.name}: {word(new.phase)}, story {new.story}"
    yield from _wait(old, new)
    yield from _pauses(old, new)
    yield from _steps(old, new, now)
    yield from trouble_lines(before.troubles if before else (), after.troubles)
    if new.finished_at and (old is None or not old.finished_at):
        took = lasting(new.finished_at - new.started_at)
        yield f"run {new.namespace}/{new.name}: {word(new.phase)} after {took}. {new.message}"


def _wait(old: StoryRunState | None, new: StoryRunState) -> Iterator[str]:
    """Yield what a run waits for that has not started."""
    is_waiting = not new.has_started and not new.finished_at
    if is_waiting and new.message and (old is None or old.message != new.message):
        yield f"waits: {new.message}"


def trouble_lines(before: Sequence[Trouble], after: Sequence[Trouble]) -> Iterator[str]:
    """Yield what goes wrong for now that did not before."""
    known = {(one.activity, one.message) for one in before}
    for trouble in after:
        if (trouble.activity, trouble.message) not in known:
            yield f"{trouble.activity}: is tried again: {trouble.message}"


def _key(step: StepProgress | None) -> tuple[object, ...]:
    if step is None:
        return None, 0, None, ""  # as a step that has not started
    return step.phase, step.tries, step.reason, stall_note(step)


def _pauses(old: StoryRunState | None, new: StoryRunState) -> Iterator[str]:
    was_paused = old is not None and old.paused is not None
    if new.paused and not was_paused:
        yield f"paused by {new.paused.by or 'somebody'}"
    if was_paused and not new.paused:
        yield "resumed"
    if new.cancelled and (old is None or not old.cancelled):
        reason = f": {new.cancelled.reason}" if new.cancelled.reason else ""
        yield f"cancelled by {new.cancelled.by or 'somebody'}{reason}"


def _steps(old: StoryRunState | None, new: StoryRunState, now: datetime) -> Iterator[str]:
    for step in new.steps.values():
        earlier = old.steps.get(step.name) if old else None
        if _key(step) != _key(earlier):
            yield from _step(new, step, now)
    for name in new.pending_gates:
        if old is None or name not in old.pending_gates:
            yield from joined(gate_lines(new, name))


def _step(state: StoryRunState, step: StepProgress, now: datetime) -> Iterator[str]:
    if step.phase is Phase.PENDING and step.reason is None:
        return  # it starts in this very moment, which the next change says
    took = ""
    if step.is_over and step.started_at and step.finished_at and step.phase is not Phase.SKIPPED:
        took = f" after {lasting(step.finished_at - step.started_at)}"
    note = step_note(state, step, now)
    yield f"{step.name}: {word(step.phase)}{took}{f', {note}' if note else ''}"
    if step.failed:
        yield from _more(state, step)


def _more(state: StoryRunState, step: StepProgress) -> Iterator[str]:
    """Yield what else is known of a failure; what a person may do about it bears that name."""
    has_detail = step.diagnosis is not None and step.diagnosis.detail != ""
    for number, line in enumerate(failure(state, step)[1:]):
        kind = "" if has_detail and number == 0 else "hint: "
        yield f"{step.name}: {kind}{line.strip()}"


def joined(lines: Sequence[str]) -> Iterator[str]:
    """Yield what a gate waits for, and the two commands that decide it, if any, as one line."""
    first, second, *rest = (line.strip() for line in lines)
    yield f"{first} {second}{''.join(f' (or {one})' for one in rest)}"
