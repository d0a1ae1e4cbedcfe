"""A run, and a list of runs, as a terminal shows them."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from runwright.cli.marks import Marks, word
from runwright.cli.parameters import user
from runwright.client import Summary, Trouble, View
from runwright.models.bubustack import Phase, StepType
from runwright.models.gates import Gate
from runwright.models.runs import Cancelled
from runwright.models.story_run import Section, StepProgress, StepReason, StoryRunState
from runwright.rules.bubustack.afterwards import next_step
from runwright.rules.bubustack.explanation import (
    cause_of,
    child_name,
    gates_within,
    shown_name,
)
from runwright.rules.bubustack.status.run import is_stalled
from runwright.rules.gate_wording import (
    approvals,
    as_whom,
    refused,
    standing,
    verdict_of,
    why_nobody,
)
from runwright.rules.times import lasting, moment
from runwright.rules.wording import excerpt, listed

_NOTE: Final = 120
"""Characters of foreign text in a line."""
_OUTPUT: Final = 400


def run_page(view: View, now: datetime, console: Console) -> RenderableType:
    """Return everything about a run that a person wants to see."""
    state = view.state
    return Group(
        *_headlines(state, now, Marks.of(console)),
        Text(),
        _steps(state, now, Marks.of(console)),
        *(Text(line) for line in _remarks(view, now)),
    )


def _headlines(state: StoryRunState, now: datetime, marks: Marks) -> Iterator[Text]:
    label, style = marks.labelled(state.phase)
    if state.paused and not state.finished_at:
        label, style = marks.paused
    took = lasting((state.finished_at or now) - state.started_at)
    execution = f"  execution {state.activation}" if state.activation > 1 else ""
    name = f"{state.namespace}/{state.name}"
    yield Text.assemble((label, style), f"  {name}  story {state.story}  {took}{execution}")
    by = f" by {state.author}" if state.author else ""
    finished = f", finished {moment(state.finished_at, now)}" if state.finished_at else ""
    within = f" as step {state.parent.step} of run {state.parent.name}" if state.parent else ""
    limit = f", until {moment(state.deadline, now)} at most" if state.deadline else ""
    begun = "started" if state.has_started else "created"
    yield Text(f"{begun} {moment(state.started_at, now)}{by}{within}{finished or limit}")
    if state.message:
        is_waiting = not state.has_started and not state.finished_at
        yield Text(f"waits: {state.message}" if is_waiting else state.message)


def _steps(state: StoryRunState, now: datetime, marks: Marks) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    section = Section.MAIN
    for step in state.steps.values():
        if step.section is not section:
            section = step.section
            table.add_row(Text(f"  {section}", style="bold"))
        label, style = marks.labelled(step.phase)
        took = _took(step, now)
        table.add_row(Text(f"  {label}", style), step.name, took, step_note(state, step, now))
    return table


def _took(step: StepProgress, now: datetime) -> str:
    if step.started_at is None or step.phase is Phase.SKIPPED:
        return ""
    return lasting((step.finished_at or now) - step.started_at)


def step_note(state: StoryRunState, step: StepProgress, now: datetime) -> str:
    """Return what else is to be said of a step, in one line: above all what it waits for."""
    gate = state.gates.get(step.name)
    if gate and step.name in state.pending_gates:
        until = f", until {moment(gate.deadline, now)}" if gate.deadline else ""
        return f"waits for a decision ({approvals(gate)}{until})"
    if step.reason is StepReason.RETRY_SCHEDULED and step.next_retry_at:
        due = moment(step.next_retry_at, now)
        return f"try {step.tries + 1} of {step.max_tries} at {due}; {_cause(step)}"
    kept = f"kept from execution {step.activation}" if step.reason is StepReason.KEPT else ""
    if settled := "; ".join(filter(None, [kept, _decided(gate)])):
        return settled
    child = f"run {child_name(state, step)}" if step.child else ""
    if step.is_running:
        gates = listed(gates_within(state, step))
        waits = f"waits for a decision at {gates}" if gates else ""
        return ": ".join(filter(None, (child, waits))) or _under_way(step, now)
    cause = "" if step.phase in {None, Phase.SUCCEEDED} else _cause(step)
    return ": ".join(filter(None, (child, cause)))


def _under_way(step: StepProgress, now: datetime) -> str:
    until = f"until {moment(step.deadline, now)}" if step.deadline else ""
    if step.phase in {Phase.PENDING, Phase.BLOCKED, Phase.SCHEDULING}:
        return ", ".join(filter(None, (excerpt(step.message, _NOTE), until)))
    if step.phase is Phase.PAUSED:
        said = excerpt(step.message, _NOTE) if step.type == StepType.WAIT else ""
        return " ".join(filter(None, (said, until)))
    tries = f"try {step.tries} of {step.max_tries}" if step.tries > 1 else ""
    return ", ".join(filter(None, (tries, stall_note(step))))


def stall_note(step: StepProgress) -> str:
    """Return in a few words why a step that should run does not; empty if it does."""
    return f"does not get on: {_cause(step)}" if is_stalled(step) else ""


def _decided(gate: Gate | None) -> str:
    return excerpt(verdict_of(gate), _NOTE) if gate else ""


def _cause(step: StepProgress) -> str:
    return excerpt(cause_of(step), _NOTE)


def _remarks(view: View, now: datetime) -> Iterator[str]:
    for paragraph in paragraphs(view, now):
        yield ""
        yield from paragraph


def paragraphs(view: View, now: datetime) -> Iterator[Sequence[str]]:
    """Yield what a person should know or do, each as its lines."""
    state = view.state
    if state.finished_at and state.cancelled:
        yield (f"Cancelled by {_canceller(state.cancelled)}.",)
    if not state.finished_at:
        yield from _pending(state, now)
        yield from (_trouble(each, now) for each in view.troubles)
    if lines := [excerpt(line, 2 * _NOTE) for line in refused(state.refused_decisions)]:
        yield lines
    for step in state.steps.values():
        if step.failed:
            yield failure(state, step)
    if following := next_step(state):
        yield (": ".join(filter(None, (following.advice, following.command(shown_name(state))))),)
    if state.output is not None:
        text = json.dumps(state.output, ensure_ascii=False)
        yield (f"Output: {excerpt(text, _OUTPUT)}",)


def _pending(state: StoryRunState, now: datetime) -> Iterator[Sequence[str]]:
    if state.cancelled:
        yield (f"Cancelled by {_canceller(state.cancelled)}; what runs is being stopped.",)
    elif state.paused:
        by, since = state.paused.by or "somebody", moment(state.paused.since, now)
        comment = f": {state.paused.comment}" if state.paused.comment else ""
        yield (
            f"Paused by {by} since {since}{comment}; no further step starts.",
            f"  runwright resume {shown_name(state)}",
        )
    yield from (gate_lines(state, name) for name in state.pending_gates)
    yield from (_stall(step) for step in state.steps.values() if is_stalled(step))


def _stall(step: StepProgress) -> Sequence[str]:
    return [f"Step {step.name} does not get on: {_cause(step)}", *_diagnosed(step)]


def _canceller(cancelled: Cancelled) -> str:
    """Return who cancelled a run, and why."""
    reason = f": {cancelled.reason}" if cancelled.reason else ""
    return f"{cancelled.by or 'somebody'}{reason}"


def gate_lines(state: StoryRunState, name: str) -> Sequence[str]:
    """Return how to decide a gate, or why nobody can."""
    run, gate = shown_name(state), state.gates[name]
    whom = as_whom(gate, user(), {state.author})
    said = f"Gate {name} waits for a decision ({standing(gate)}):"
    if why := why_nobody(gate, {state.author}):
        return said, f"  {why}"
    return (
        said,
        f"  runwright approve {run} {name}{whom}",
        f"  runwright reject {run} {name}{whom}",
    )


def _trouble(trouble: Trouble, now: datetime) -> Sequence[str]:
    due = f", next at {moment(trouble.next_attempt_at, now)}" if trouble.next_attempt_at else ""
    return (
        f"For now {trouble.activity} does not work, and is tried again "
        f"(attempt {trouble.attempt}{due}):",
        f"  {excerpt(trouble.message, 2 * _NOTE)}",
    )


def failure(state: StoryRunState, step: StepProgress) -> Sequence[str]:
    """Return why a step failed, what would mend it, and how to read more of it."""
    child = child_name(state, step)
    return [
        f"Step {step.name} ({word(step.phase)}): {_cause(step)}",
        *_diagnosed(step),
        *([f"  runwright logs {shown_name(state)} {step.name}"] if step.task else []),
        *([f"  runwright get {child}"] if child else []),
    ]


def _diagnosed(step: StepProgress) -> Iterator[str]:
    """Yield what is known of a cause, and what would mend it."""
    told = (step.diagnosis.detail, step.diagnosis.resolution) if step.diagnosis else ()
    return (f"  {excerpt(line, 2 * _NOTE)}" for line in told if line)


def runs_table(runs: Sequence[Summary], now: datetime, console: Console) -> RenderableType:
    """Return a list of runs."""
    if not runs:
        return Text("There are no runs.")
    marks = Marks.of(console)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for title in ("RUN", "STORY", "PHASE", "STARTED", "DURATION"):
        table.add_column(title, no_wrap=True)
    table.add_column("WAITS FOR", overflow="fold")
    for run in runs:
        label, style = marks.labelled(Phase(run.phase)) if run.phase else ("", "")
        table.add_row(
            f"{run.namespace}/{run.name}",
            run.story,
            Text(label, style),
            moment(run.started_at, now),
            lasting((run.finished_at or now) - run.started_at),
            ", ".join(f"gate {name}" for name in run.pending_gates),
        )
    return table
