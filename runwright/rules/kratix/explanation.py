"""Why a Promise, or a request for one, is where it is, in one paragraph."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from runwright.models.kratix import (
    ParentReport,
    PipelinePhase,
    PipelineProgress,
    Standing,
    WorkflowType,
)
from runwright.rules.gate_wording import as_whom, refused, standing, verdict_of, why_nobody
from runwright.rules.kratix.parents import named
from runwright.rules.kratix.reports import authors_of
from runwright.rules.times import lasting, moment
from runwright.rules.wording import listed, sentence

_STANDINGS: Final = {
    Standing.STARTING: "is about to be looked at",
    Standing.RUNNING: "has its pipelines run",
    Standing.WAITING: "waits",
    Standing.SUSPENDED: "is suspended: somebody has to let it go on",
    Standing.PAUSED: "is paused",
    Standing.FAILED: "failed",
    Standing.READY: "is ready",
    Standing.DELETING: "is being deleted",
    Standing.GONE: "is gone",
}

_SAID_BY_PIPELINES: Final = frozenset({Standing.SUSPENDED, Standing.FAILED})
"""Where the message says no more than the standing."""


def explanation(
    report: ParentReport, troubles: Sequence[str], now: datetime, address: str, *, user: str = ""
) -> str:
    """Return what is done for a parent, what it waits for and why, and what to do next.

    `troubles` are what goes wrong for now and is tried again, one sentence without a stop each.
    `address` is how a command calls the parent; `user` who reads it, empty: nobody knows.
    """
    told = (
        *_standing(report, now),
        *_held(report, now, address),
        *_pipelines(report, now, address, user),
        *(f"For now this goes wrong, and is tried again: {each}" for each in troubles),
        *refused(report.refused_decisions),
    )
    return " ".join(sentence(each) for each in told if each)


def _standing(report: ParentReport, now: datetime) -> Iterator[str]:
    parent = report.parent
    whose = f" of Promise {parent.promise}" if parent.type is WorkflowType.RESOURCE else ""
    yield f"{named(parent)}{whose} {_STANDINGS[report.standing]}"
    if report.standing not in _SAID_BY_PIPELINES:
        yield report.message
    if run := report.run:
        by = f", asked for by {run.by}" if run.by else ""
        since = lasting(now - run.started_at)
        yield f"Run {run.number} of its {run.action} workflow ({run.trigger}{by}) lasts {since}"
    if fan_out := report.fan_out:
        yield f"{fan_out.done} of {fan_out.asked} requests for it ran anew"


def _held(report: ParentReport, now: datetime, address: str) -> Iterator[str]:
    """Yield what keeps the next run from starting."""
    yield from (f"It cannot be read: {problem}" for problem in report.problems)
    if paused := report.paused:
        by, since = paused.by or "Somebody", moment(paused.since, now)
        why = f" ({paused.comment})" if paused.comment else ""
        goes_on = f"nothing starts until `runwright resume {address}`"
        yield f"{by} paused it at {since}{why}, so {goes_on}"
    if asked := report.asked:
        yield f"{asked.request.by or 'Somebody'} asked to run it again: that starts when it may"


def _pipelines(report: ParentReport, now: datetime, address: str, user: str) -> Iterator[str]:
    for one in report.state.workflow.pipelines:
        match one.phase:
            case PipelinePhase.RUNNING if one.last_transition_time:
                since = lasting(now - one.last_transition_time)
                yield f"Pipeline {one.name} has been running for {since}"
            case PipelinePhase.SUSPENDED:
                yield _suspended(report, one, now, address, user)
            case PipelinePhase.FAILED:
                yield from _failed(report, one, address)
            case _:
                pass


def _suspended(
    report: ParentReport, one: PipelineProgress, now: datetime, address: str, user: str
) -> str:
    said = f": {one.message}" if one.message else ""
    if one.name in report.pending_gates:
        gate = report.gates[one.name]
        until = f" until {moment(gate.deadline, now)}" if gate.deadline else ""
        authors = authors_of(report, gate)
        command = f"`runwright approve {address} {one.name}{as_whom(gate, user, authors)}`"
        how = why_nobody(gate, authors) or command
        return f"Pipeline {one.name} waits for a decision ({standing(gate)}){until}{said}: {how}"
    if one.next_retry_at:
        tries = f" (attempt {one.attempts})" if one.attempts else ""
        return f"Pipeline {one.name} runs again at {moment(one.next_retry_at, now)}{tries}{said}"
    return f"Pipeline {one.name} is suspended{said}"


def _failed(report: ParentReport, one: PipelineProgress, address: str) -> Iterator[str]:
    gate = report.gates.get(one.name)
    why = (verdict_of(gate) if gate else "") or one.message or "it does not say why"
    pipelines = report.state.workflow.pipelines
    later = [each.name for each in pipelines if each.phase is PipelinePhase.PENDING]
    yield f"Pipeline {one.name} failed: {why}"
    if later:
        yield f"So these do not run: {listed(later)}"
    yield f"What it wrote shows `runwright logs {address} {one.name}`"
    yield f"Once its cause is mended: `runwright retry {address} --from {one.name}`"
