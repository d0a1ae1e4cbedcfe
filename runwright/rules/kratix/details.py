"""A parent as Markdown, for the page of its entity in the Temporal UI."""

from typing import Final

from runwright.models.gates import Gate
from runwright.models.kratix import (
    FanOut,
    ParentReport,
    PastRun,
    PipelinePhase,
    PipelineProgress,
    Turns,
    WorkflowType,
)
from runwright.rules.gate_wording import approvals, why_nobody
from runwright.rules.kratix.reports import authors_of
from runwright.rules.markdown import cell
from runwright.rules.times import lasting
from runwright.rules.wording import listed

_MOST_RUNS: Final = 10
_MARKS: Final = {
    PipelinePhase.PENDING: "⚪",
    PipelinePhase.RUNNING: "🔵",
    PipelinePhase.SUCCEEDED: "✅",
    PipelinePhase.FAILED: "❌",
    PipelinePhase.SUSPENDED: "⏸️",
}


def details(report: ParentReport, workflow_id: str) -> str:
    """Return what a parent is at and waits for, its pipelines, and its last runs."""
    return "\n".join(
        [
            f"**{report.standing}** {cell(report.message)}".rstrip(),
            *_run(report),
            *_paused(report),
            *(f"- {cell(problem)}" for problem in report.problems),
            *_required_by(report),
            *(
                line
                for name in report.pending_gates
                for line in _gate(report, report.gates[name], workflow_id)
            ),
            *_requests(report),
            *_pipelines(report),
            *_past(report.past),
        ]
    )


def _run(report: ParentReport) -> list[str]:
    run = report.run
    if run is None:
        return []
    by = f" by {cell(run.by)}" if run.by else ""
    return [f"Run {run.number} ({run.action}, {run.trigger}{by}) is `{run.workflow_id}`."]


def _paused(report: ParentReport) -> list[str]:
    if report.paused is None:
        return []
    by = cell(report.paused.by) or "somebody"
    return [f"Paused by {by} {cell(report.paused.comment)}".rstrip()]


def _required_by(report: ParentReport) -> list[str]:
    by = report.requirers.promises if report.requirers else ()
    return [f"Required by {listed(cell(one.promise.name) for one in by)}."] if by else []


def _gate(report: ParentReport, gate: Gate, workflow_id: str) -> list[str]:
    until = f", until {gate.deadline:%Y-%m-%d %H:%M:%S} UTC" if gate.deadline else ""
    decision = f'{{"gate": "{gate.name}", "verdict": "approve", "by": "NAME"}}'
    command = (
        f"`temporal workflow update execute --workflow-id '{workflow_id}' --name decide_gate "
        f"--input '{decision}'`, or the same with `reject`"
    )
    return [
        "",
        f"Pipeline **{gate.name}** waits for a decision ({approvals(gate)}{until}):",
        why_nobody(gate, authors_of(report, gate)) or command,
    ]


def _requests(report: ParentReport) -> list[str]:
    """Return how far the requests for a Promise are."""
    if report.parent.type is WorkflowType.RESOURCE:
        return []
    return [*_fan_out(report.fan_out, report.turns), *_turns(report.turns)]


def _turns(turns: Turns) -> list[str]:
    if not turns.under_way and not turns.waiting:
        return []
    running, waiting = len(turns.under_way), len(turns.waiting)
    return ["", f"Requests: {running} have their turn, {waiting} wait for it."]


def _fan_out(fan_out: FanOut | None, turns: Turns) -> list[str]:
    if fan_out is None:
        return []
    is_over = fan_out.done >= fan_out.asked or not (turns.under_way or turns.waiting)
    word = "had" if is_over else "have"
    since = f"{fan_out.since:%Y-%m-%d %H:%M:%S} UTC"
    return [
        "",
        f"Generation {fan_out.generation}: since {since} {fan_out.done} of {fan_out.asked} "
        f"requests {word} their run.",
    ]


def _pipelines(report: ParentReport) -> list[str]:
    pipelines = report.state.workflow.pipelines
    if not pipelines:
        return []
    return [
        "",
        "| Pipeline | Phase | Attempts | Message |",
        "| --- | --- | --- | --- |",
        *map(_row, pipelines),
    ]


def _row(pipeline: PipelineProgress) -> str:
    return (
        f"| {pipeline.name} | {_MARKS[pipeline.phase]} {pipeline.phase} "
        f"| {pipeline.attempts or ''} | {cell(pipeline.message)} |"
    )


def _past(past: tuple[PastRun, ...]) -> list[str]:
    if not past:
        return []
    return [
        "",
        "| Run | Why | How it ended | When | Took |",
        "| --- | --- | --- | --- | --- |",
        *(_past_row(one) for one in reversed(past[-_MOST_RUNS:])),
    ]


def _past_row(run: PastRun) -> str:
    by = f" by {cell(run.by)}" if run.by else ""
    return (
        f"| {run.number} {run.action} | {run.trigger}{by} | {run.ending} "
        f"| {run.finished_at:%Y-%m-%d %H:%M:%S} UTC | {lasting(run.duration)} |"
    )
