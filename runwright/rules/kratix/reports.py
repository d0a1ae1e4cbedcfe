"""What is told of the runs of a parent: in its history, and of each that is over."""

from collections.abc import Iterator
from typing import Final

from runwright.models.gates import Gate
from runwright.models.history import Subject, Transition
from runwright.models.kratix import (
    CurrentRun,
    Ending,
    ParentReport,
    ParentState,
    PastRun,
    PipelinePhase,
    PipelineProgress,
    RunAgain,
    Standing,
    WorkflowProgress,
)
from runwright.rules.history import When, claimed, said
from runwright.rules.kratix.parents import named
from runwright.rules.times import lasting
from runwright.rules.wording import listed, suggestion

RUNNING = "Running"
"""What a run is called that is under way; else it is called by how it ended."""
_AT_REST: Final = frozenset({Standing.READY, Standing.FAILED})


def is_at_rest(report: ParentReport) -> bool:
    """Return whether nothing is done for a parent any more, and nobody is waited for."""
    if report.standing is Standing.GONE:
        return True
    turns, fan_out = report.turns, report.fan_out
    is_asked = report.asked is not None or report.run is not None
    some_run = bool(turns.under_way or turns.waiting)
    some_to_run = fan_out is not None and fan_out.done < fan_out.asked and some_run
    return report.standing in _AT_REST and not is_asked and not some_to_run


def authors_of(report: ParentReport, gate: Gate) -> frozenset[str]:
    """Return who started the run that a gate belongs to; an empty name: nobody knows who."""
    runs: list[PastRun | CurrentRun] = [*report.past]
    if report.run is not None:
        runs.append(report.run)
    return frozenset(one.by for one in runs if one.number == gate.activation) or frozenset({""})


def unknown_pipeline(report: ParentReport, name: str) -> str:
    """Return that a parent has no pipeline of that name, and which it has; empty if it has one.

    Those of both actions are known, of each once its workflow was planned.
    """
    workflows = (report.state.configure, report.state.delete)
    names = list(dict.fromkeys(one.name for each in workflows for one in each.pipelines))
    if name in names:
        return ""
    known = f"it has {listed(names)}" if names else "none has been planned"
    return f"{named(report.parent)} has no pipeline {name}{suggestion(name, names)}; {known}"


def asked_again(request: RunAgain, when: When) -> Transition:
    """Return that a person asked for a run."""
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        reason="RunAgain",
        message=said("; ".join(filter(None, (_wanted(request), request.comment)))),
        by=request.by,
        identity=claimed(request.by),
    )


def not_run(request: RunAgain, why: str, when: When) -> Transition:
    """Return that a run does not come which a person asked for, and why."""
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        reason="RunAgainDropped",
        message=said(f"{_wanted(request)}: {why}"),
    )


def _wanted(request: RunAgain) -> str:
    if not request.pipeline:
        return "all pipelines"
    return f"{'only' if request.only else 'from'} pipeline {request.pipeline}"


def started(run: CurrentRun, when: When) -> Transition:
    """Return that a run began, why, and who asked for it."""
    return Transition(
        at=when.at,
        activation=run.number,
        subject=Subject.RUN,
        after=RUNNING,
        reason=run.trigger,
        message=said(f"{run.action} workflow"),
        by=run.by or None,
        identity=claimed(run.by),
    )


def ended(past: PastRun, message: str) -> Transition:
    """Return that a run is over, how, and how long it took."""
    told = "; ".join(filter(None, (message, f"took {lasting(past.duration)}")))
    return Transition(
        at=past.finished_at,
        activation=past.number,
        subject=Subject.RUN,
        before=RUNNING,
        after=past.ending,
        reason=past.trigger,
        message=said(told),
        by=past.by or None,
        identity=claimed(past.by),
    )


def ran(
    before: WorkflowProgress, now: WorkflowProgress
) -> Iterator[tuple[PipelineProgress, PipelineProgress | None]]:
    """Yield the pipelines that were run between two moments, with how each was before."""
    known = {one.name: one for one in before.pipelines}
    for one in now.pipelines:
        old = known.get(one.name)
        if one.job_name and one.job_name != (old.job_name if old else ""):
            yield one, old


def ending_of(state: ParentState) -> Ending:
    """Return how a run left its workflow."""
    workflow = state.workflow
    if workflow.first_in(PipelinePhase.FAILED) is not None:
        return Ending.FAILED
    if workflow.suspended is not None:
        return Ending.SUSPENDED
    if workflow.succeeded == len(workflow.pipelines):
        return Ending.SUCCEEDED
    return Ending.INTERRUPTED
