"""A run of a parent's pipelines as Markdown, for the page of its workflow in the Temporal UI."""

from typing import Final

from runwright.models.kratix import (
    Ending,
    Parent,
    PipelinePhase,
    PipelineProgress,
    PipelinesState,
)
from runwright.rules.kratix.parents import named
from runwright.rules.kratix.run_history import RUNNING
from runwright.rules.markdown import cell

_MARKS: Final = {
    PipelinePhase.PENDING: "⚪",
    PipelinePhase.RUNNING: "🔵",
    PipelinePhase.SUCCEEDED: "✅",
    PipelinePhase.FAILED: "❌",
    PipelinePhase.SUSPENDED: "⏸️",
}


def run_phase(state: PipelinesState) -> str:
    """Return in one word where a run is."""
    if state.ending is None:
        return RUNNING
    is_cancelled = state.cancelled is not None and state.ending is Ending.INTERRUPTED
    return "Canceled" if is_cancelled else state.ending


def run_details(state: PipelinesState) -> str:
    """Return a run: why it runs, what it waits for, then a table of its pipelines."""
    rows = [_row(one, state) for one in state.state.workflow.pipelines]
    return "\n".join(
        [
            f"**{run_phase(state)}** {cell(state.message)}".rstrip(),
            _headline(state),
            *_waits(state),
            "",
            "| Pipeline | Phase | Attempts | Job | Message |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _headline(state: PipelinesState) -> str:
    by = f" by {cell(state.by)}" if state.by else ""
    return f"Run {state.number} of {named(state.parent)}, {state.action}: {state.trigger}{by}."


def _waits(state: PipelinesState) -> list[str]:
    if state.cancelled and state.ending is None:
        by = cell(state.cancelled.by) or "somebody"
        return [f"Cancelled by {by}: waits for what runs to end. {cell(state.cancelled.reason)}"]
    found = [one for one in state.state.workflow.pipelines if one.name == state.current]
    return [_wait_for(one, state.parent) for one in found]


def _wait_for(pipeline: PipelineProgress, parent: Parent) -> str:
    if pipeline.phase is PipelinePhase.RUNNING and pipeline.last_transition_time:
        since = f"{pipeline.last_transition_time:%Y-%m-%d %H:%M:%S} UTC"
        return f"Waits for `job {parent.home}/{pipeline.job_name}`, which runs since {since}."
    return f"Waits for the Job of pipeline **{pipeline.name}** to be made."


def _row(pipeline: PipelineProgress, state: PipelinesState) -> str:
    job = f"`{pipeline.job_name}`" if pipeline.job_name else ""
    message = pipeline.message
    if pipeline.name == state.current and state.diagnosis:
        message = message or state.diagnosis.summary
    return (
        f"| {pipeline.name} | {_MARKS[pipeline.phase]} {pipeline.phase}"
        f" | {pipeline.attempts or ''} | {job} | {cell(message)} |"
    )
