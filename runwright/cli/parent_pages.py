"""A Promise, a request for one, and lists of them, as a terminal shows them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from runwright.cli.marks import Marks
from runwright.cli.parameters import user
from runwright.client import ParentAddress, ParentSummary, ParentView
from runwright.models.kratix import (
    ParentReport,
    PastRun,
    PipelineProgress,
    Standing,
    WorkflowAction,
    WorkflowProgress,
    WorkflowType,
)
from runwright.rules.diagnoses import told
from runwright.rules.gate_wording import as_whom, refused, standing, why_nobody
from runwright.rules.kratix.reports import authors_of
from runwright.rules.times import lasting, moment
from runwright.rules.wording import excerpt, listed

_NOTE: Final = 120
"""Characters of foreign text in a line."""
_NEWEST: Final = 5
"""Runs that are over."""


def parent_page(view: ParentView, now: datetime, console: Console) -> RenderableType:
    """Return everything about a parent that a person wants to see."""
    report, marks = view.report, Marks.of(console)
    parts: list[RenderableType] = [*_headlines(report, now, marks), Text()]
    for action in WorkflowAction:
        workflow = report.state.configure
        if action is WorkflowAction.DELETE:
            workflow = report.state.delete
        if workflow.pipelines:
            parts += [Text(f"{action} workflow", "bold"), _pipelines(workflow, now, marks)]
    parts += [Text(), Text("conditions", "bold"), _conditions(report, now)]
    parts += [Text(line) for line in _remarks(view, now)]
    if report.past:
        parts += [Text(), Text("runs that are over", "bold"), _past(report.past, now, marks)]
    return Group(*parts)


def address_of(report: ParentReport) -> str:
    """Return how a command names a parent."""
    parent = report.parent
    if parent.type is WorkflowType.PROMISE:
        return str(ParentAddress(parent.name))
    return str(ParentAddress(parent.name, parent.namespace, parent.promise, ""))


def _headlines(report: ParentReport, now: datetime, marks: Marks) -> Iterator[Text]:
    parent = report.parent
    where = f"{parent.namespace}/{parent.name}" if parent.namespace else parent.name
    of_promise = f"  promise {parent.promise}" if parent.namespace else ""
    version = report.state.promise_version
    shown = f"  version {version}" if version else ""
    label = marks.of_word(report.standing)
    yield Text.assemble(label, f"  {parent.kind} {where}{of_promise}{shown}")
    if report.message:
        yield Text(excerpt(report.message, 2 * _NOTE))
    if report.run is not None:
        run = report.run
        by = f" by {run.by}" if run.by else ""
        since = moment(run.started_at, now)
        yield Text(f"run {run.number} ({run.action}, {run.trigger}{by}) since {since}")
    if fan_out := report.fan_out:
        yield Text(f"requests: {fan_out.done} of {fan_out.asked} ran anew")
    if requirers := report.requirers and report.requirers.promises:
        yield Text(f"required by {listed(one.promise.name for one in requirers)}")


def _pipelines(workflow: WorkflowProgress, now: datetime, marks: Marks) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in workflow.pipelines:
        label, style = marks.of_word(one.phase)
        since = moment(one.last_transition_time, now) if one.last_transition_time else ""
        table.add_row(Text(f"  {label}", style), one.name, since, pipeline_note(one, now))
    return table


def pipeline_note(one: PipelineProgress, now: datetime) -> str:
    """Return what else is to be said of a pipeline; empty: nothing."""
    retry = f"runs again at {moment(one.next_retry_at, now)}" if one.next_retry_at else ""
    attempts = f"attempt {one.attempts}" if one.attempts else ""
    return "; ".join(filter(None, (excerpt(one.message, _NOTE), retry, attempts)))


def _conditions(report: ParentReport, now: datetime) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in report.state.conditions:
        since = moment(one.last_transition_time, now) if one.last_transition_time else ""
        said = excerpt(one.message, 2 * _NOTE)
        table.add_row(f"  {one.type}", str(one.status), one.reason, since, said)
    return table


def _remarks(view: ParentView, now: datetime) -> Iterator[str]:
    report, address = view.report, address_of(view.report)
    for problem in report.problems:
        yield ""
        yield f"It cannot be read: {problem}"
    if view.diagnosis:
        yield from ("", f"What runs does not get on: {told(view.diagnosis)}")
    for name in report.pending_gates:
        yield from ("", *gate_lines(report, address, name, now))
    if report.refused_decisions:
        yield from ("", *refused(report.refused_decisions))
    if not view.is_looked_after and report.standing is not Standing.GONE:
        yield from ("", "Nobody looks after it: its workflow was ended; a worker starts another.")
    yield from _wishes(report, address)
    for trouble in view.troubles:
        yield ""
        yield f"For now {trouble.activity} does not work, and is tried again:"
        yield f"  {excerpt(trouble.message, 2 * _NOTE)}"
    failed = [one for one in report.state.workflow.pipelines if one.phase == "Failed"]
    for one in failed:
        yield ""
        yield f"Pipeline {one.name} failed:"
        yield from (f"  {line}" for line in one.message.splitlines())
        yield f"  runwright logs {address} {one.name}"
        yield f"  runwright retry {address} --from {one.name}"


def _wishes(report: ParentReport, address: str) -> Iterator[str]:
    """Yield what people want that is not done yet."""
    if report.paused:
        by = report.paused.by or "somebody"
        comment = f": {report.paused.comment}" if report.paused.comment else ""
        yield from ("", f"Paused by {by}{comment}; nothing starts meanwhile:")
        yield f"  runwright resume {address}"
    if report.asked:
        yield from ("", "Somebody asked to run it again; that starts as soon as it may.")


def gate_lines(report: ParentReport, address: str, name: str, now: datetime) -> Iterator[str]:
    """Yield what a gate waits for, and the two commands that decide it, or why nobody can."""
    gate = report.gates[name]
    authors = authors_of(report, gate)
    whom = as_whom(gate, user(), authors)
    until = f", until {moment(gate.deadline, now)}" if gate.deadline else ""
    yield f"Pipeline {name} waits for a decision ({standing(gate)}{until}):"
    if why := why_nobody(gate, authors):
        yield f"  {why}"
        return
    yield f"  runwright approve {address} {name}{whom}"
    yield f"  runwright reject {address} {name}{whom}"


def _past(past: Sequence[PastRun], now: datetime, marks: Marks) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in past[: -_NEWEST - 1 : -1]:
        label, style = marks.of_word(one.ending)
        cause = f"{one.action}, {one.trigger}{f' by {one.by}' if one.by else ''}"
        took = lasting(one.duration)
        names = ", ".join(one.pipelines)
        at = moment(one.started_at, now)
        table.add_row(Text(f"  {label}", style), f"run {one.number}", at, took, f"{cause}: {names}")
    return table


def parents_table(
    parents: Sequence[ParentSummary], now: datetime, console: Console
) -> RenderableType:
    """Return a list of Promises, or of requests."""
    if not parents:
        return Text("There are none.")
    marks = Marks.of(console)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for title in ("KIND", "NAME", "PROMISE", "STANDING", "SINCE"):
        table.add_column(title, no_wrap=True)
    table.add_column("WAITS FOR", overflow="fold")
    for one in parents:
        label, style = marks.of_word(one.standing) if one.standing else ("", "")
        name = f"{one.namespace}/{one.name}" if one.namespace else one.name
        gates = ", ".join(f"gate {gate}" for gate in one.pending_gates)
        shown = Text(label, style)
        table.add_row(one.kind, name, one.promise, shown, moment(one.since, now), gates)
    return table
