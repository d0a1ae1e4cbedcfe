"""What changed about a Promise or a request, one line each, where no picture can be redrawn."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from runwright.cli.change_lines import joined, trouble_lines
from runwright.cli.parent_pages import address_of, gate_lines, pipeline_note
from runwright.client import ParentView
from runwright.models.kratix import ParentReport, PipelinePhase, PipelineProgress
from runwright.rules.diagnoses import told
from runwright.rules.kratix.parents import named
from runwright.rules.times import lasting
from runwright.rules.wording import excerpt

_NOTE: Final = 240
"""Characters of foreign text in a line."""


def parent_change_lines(
    before: ParentView | None, after: ParentView, now: datetime
) -> Iterator[str]:
    """Yield what is new since the view before."""
    old, new = before.report if before else None, after.report
    standing = list(_standing(old, new))
    yield from _ended_runs(old, new)
    yield from () if after.is_at_rest else standing
    yield from _pipelines(old, new, now)
    yield from _gates(old, new, now)
    yield from standing if after.is_at_rest else ()
    yield from _fan_out(old, new)
    if after.diagnosis and (before is None or before.diagnosis != after.diagnosis):
        yield f"what runs does not get on: {told(after.diagnosis)}"
    yield from trouble_lines(before.troubles if before else (), after.troubles)


def _standing(old: ParentReport | None, new: ParentReport) -> Iterator[str]:
    if old is None or (old.standing, old.message) != (new.standing, new.message):
        said = f", {excerpt(new.message, _NOTE)}" if new.message else ""
        yield f"{named(new.parent)}: {new.standing}{said}"


def _ended_runs(old: ParentReport | None, new: ParentReport) -> Iterator[str]:
    """Yield the runs that ended since; those from before are of no news."""
    if old is None:
        return
    known = {one.number for one in old.past}
    for one in new.past:
        if one.number not in known:
            by = f" by {one.by}" if one.by else ""
            cause = f"{one.action}, {one.trigger}{by}"
            yield f"run {one.number} ({cause}): {one.ending} after {lasting(one.duration)}"


def _pipelines(old: ParentReport | None, new: ParentReport, now: datetime) -> Iterator[str]:
    known = {one.name: _key(one) for one in old.state.workflow.pipelines} if old else {}
    for one in new.state.workflow.pipelines:
        if known.get(one.name) == _key(one):
            continue
        if one.phase is PipelinePhase.FAILED:
            yield f"{one.name}: {one.phase}"
            yield from (f"{one.name}: {line}" for line in one.message.splitlines())
        else:
            note = pipeline_note(one, now)
            yield f"{one.name}: {one.phase}{f', {note}' if note else ''}"


def _key(one: PipelineProgress) -> tuple[object, ...]:
    return one.phase, one.attempts, one.job_name, one.message


def _gates(old: ParentReport | None, new: ParentReport, now: datetime) -> Iterator[str]:
    for name in new.pending_gates:
        if old is None or name not in old.pending_gates:
            yield from joined(list(gate_lines(new, address_of(new), name, now)))


def _fan_out(old: ParentReport | None, new: ParentReport) -> Iterator[str]:
    before, after = old.fan_out if old else None, new.fan_out
    if after and (before is None or before.done != after.done):
        yield f"requests: {after.done} of {after.asked} ran anew"
