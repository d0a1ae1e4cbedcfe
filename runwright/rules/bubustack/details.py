"""A run as Markdown, for the page of its workflow in the Temporal UI."""

from typing import Final

from runwright.models.bubustack import Phase
from runwright.models.gates import Gate
from runwright.models.story_run import StepProgress, StoryRunState
from runwright.rules.bubustack.afterwards import next_step
from runwright.rules.bubustack.resumption import LONGEST_INPUT
from runwright.rules.bubustack.status.run import step_message
from runwright.rules.gate_wording import approvals, why_nobody
from runwright.rules.markdown import cell

_MARKS: Final = {
    Phase.SUCCEEDED: "✅",
    Phase.SKIPPED: "⏭️",
    Phase.RUNNING: "🔵",
    Phase.PENDING: "🟡",
    Phase.PAUSED: "⏸️",
    Phase.BLOCKED: "⏳",
    Phase.SCHEDULING: "🟡",
    None: "⚪",
}


def details(state: StoryRunState, *, retry: str = "") -> str:
    """Return the state of a run: what it waits for, then a table of its steps.

    `retry` is the input, as JSON, that the run's next execution would start with.
    """
    rows = [_row(step) for step in state.steps.values()]
    return "\n".join(
        [
            *_headline(state),
            *(line for name in state.pending_gates for line in _gate(state, state.gates[name])),
            "",
            "| Step | Phase | Tries | Message |",
            "| --- | --- | --- | --- |",
            *rows,
            *_retry(state, retry),
        ]
    )


def _headline(state: StoryRunState) -> list[str]:
    lines = [f"**{state.phase}** {cell(state.message)}".rstrip()]
    if state.activation > 1:
        lines.append(f"Execution {state.activation} of this run.")
    if state.paused:
        by = cell(state.paused.by) or "somebody"
        lines.append(f"Paused by {by} {cell(state.paused.comment)}".rstrip())
    return lines


def _retry(state: StoryRunState, retry: str) -> list[str]:
    if not retry:
        return []
    following = next_step(state)
    if following is None or not following.is_retry:
        return ["", following.advice] if following else []
    lines = ["", f"{following.advice}: `{following.command(_name(state))}`"]
    if following.arguments or len(retry) > LONGEST_INPUT:
        return lines
    return [
        *lines,
        "or start this workflow again, under the same id, with:",
        f"```json\n{retry}\n```",
    ]


def _gate(state: StoryRunState, gate: Gate) -> list[str]:
    until = f", until {gate.deadline:%Y-%m-%d %H:%M:%S} UTC" if gate.deadline else ""
    commands = (
        f"`runwright approve {_name(state)} {gate.name}`, "
        f"`runwright reject {_name(state)} {gate.name}`"
    )
    return [
        "",
        f"Gate **{gate.name}** waits for a decision ({approvals(gate)}{until}):",
        why_nobody(gate, {state.author}) or commands,
    ]


def _name(state: StoryRunState) -> str:
    return state.name if state.namespace == "default" else f"{state.namespace}/{state.name}"


def _row(step: StepProgress) -> str:
    mark = _MARKS.get(step.phase, "❌")
    tries = f"{step.tries} of {step.max_tries}" if step.max_tries > 1 else str(step.tries or "")
    return f"| {step.name} | {mark} {step.phase or ''} | {tries} | {cell(step_message(step))} |"
