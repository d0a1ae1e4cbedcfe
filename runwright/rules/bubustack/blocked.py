"""Steps that wait for an Engram or a template that is not there, and may come."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from runwright.models.bubustack import Engram, EngramReference, Phase, Step
from runwright.models.catalog import FoundWorkers
from runwright.models.durations import format_duration
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason
from runwright.models.tasks import Backend
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.dag import FAILED_FAST
from runwright.rules.bubustack.intake import Lookups, Refuse, Waits, worker_named
from runwright.rules.bubustack.jobs import Work, step_problems
from runwright.rules.bubustack.snapshot import engram_of, home_of, template_of
from runwright.rules.bubustack.tasks import Worker

_QUEUED: Final = "Waits for a place among the steps that run"
_FELL_FAST: Final = "Stopped due to fail-fast policy"


class Lack(NamedTuple):
    """Why nothing does the work of a step for now, or ever."""

    reason: StepReason
    message: str
    is_final: bool = False
    """Whether waiting is of no use."""


def may_still_come(start: StartStoryRun, step: Step) -> bool:
    """Return whether a run lacks what does the work of a step, and is in a cluster that may get it.

    Source: BubuStack, phases of a StepRun.
    """
    if start.backend is not Backend.KUBERNETES or step.ref is None:
        return False
    engram = engram_of(start, step)
    return engram is None or template_of(start, engram) is None


def lack_of(start: StartStoryRun, step: Step) -> Lack | None:
    """Return what the snapshot of a run lacks for a step; None if nothing.

    Once all is there, what keeps the step from being a Job is told, every problem at once.
    """
    if step.ref is None:
        return None
    found = worker_named(step.ref, home_of(start), _snapshotted(start))
    if isinstance(found, Worker):
        return _wrong(start, step)
    return _as_lack(found)


def judged(
    start: StartStoryRun, reference: EngramReference, found: FoundWorkers
) -> StartStoryRun | Lack:
    """Return the run with what was found for a reference in its snapshot, or what is lacking.

    It joins only as a whole: until then its Engram may still be mended. A template that the run has
    stays as it is, for other steps were executed with it.
    """
    for one in found.unreadable:
        if one.engram == reference.name:
            return Lack(StepReason.INVALID_CONFIGURATION, one.message, is_final=True)
    worker = worker_named(reference, home_of(start), _beside(start, found))
    if not isinstance(worker, Worker):
        return _as_lack(worker)
    name = worker.engram.metadata.name
    others = tuple(one for one in start.engrams if one.metadata.name != name)
    is_known = template_of(start, worker.engram) is not None
    templates = start.templates if is_known else (*start.templates, worker.template)
    return start.model_copy(update={"engrams": (*others, worker.engram), "templates": templates})


def work_of(start: StartStoryRun, step: Step) -> Work | None:
    """Return a step with what does it; None if the snapshot lacks that."""
    engram = engram_of(start, step)
    template = template_of(start, engram) if engram else None
    return Work(start, step, engram, template) if engram and template else None


def shown(step: StepProgress, lack: Lack, until: datetime) -> StepProgress:
    """Return the step as waiting for what it lacks.

    Source: BubuStack, phases of a StepRun.
    """
    return step.model_copy(
        update={
            "phase": Phase.BLOCKED,
            "reason": lack.reason,
            "message": lack.message[: progress.MESSAGE],
            "deadline": until,
        }
    )


def takes_no_room(step: StepProgress) -> bool:
    """Return whether a step waits in a way that lets others run in its place.

    Source: BubuStack, DAG pass: these phases count as not started.
    """
    return step.phase in {Phase.BLOCKED, Phase.SCHEDULING}


def queued(step: StepProgress) -> StepProgress:
    """Return the step as waiting for others to end, in whose place it may run."""
    update = {"phase": Phase.SCHEDULING, "reason": None, "message": _QUEUED, "deadline": None}
    return step.model_copy(update=update)


def released(step: StepProgress, now: datetime) -> StepProgress:
    """Return the step as starting once nothing is lacking: the wait was none of its time."""
    started = progress.launched(step, step.activation, now)
    return started.model_copy(update={"deadline": None})


def given_up(step: StepProgress, lack: Lack, patience: timedelta, now: datetime) -> StepProgress:
    """Return the step as failed of what it lacks."""
    message = lack.message
    if not lack.is_final:
        message = f"{message}, and was not there within {format_duration(patience)}"
    return progress.ended(step, Phase.FAILED, message, now, lack.reason)


def fallen(step: StepProgress, now: datetime) -> StepProgress:
    """Return a step that waits as over because another one failed; it counts as not started.

    A branch counts as stopped: its block has started, and must not succeed without it.

    Source: BubuStack, DAG pass, fail-fast.
    """
    if step.block:
        return progress.ended(step, Phase.CANCELED, _FELL_FAST, now, StepReason.FAIL_FAST)
    return progress.ended(step, Phase.SKIPPED, FAILED_FAST, now, StepReason.FAIL_FAST)


def _wrong(start: StartStoryRun, step: Step) -> Lack | None:
    problems = step_problems(start, step.name)
    if not problems:
        return None
    said = "; ".join(map(str, problems))
    return Lack(StepReason.INVALID_CONFIGURATION, said, is_final=True)


def _as_lack(verdict: Waits | Refuse) -> Lack:
    is_final = isinstance(verdict, Refuse)
    return Lack(StepReason(verdict.reason), verdict.message, is_final=is_final)


def _snapshotted(start: StartStoryRun) -> Lookups:
    return _beside(start, FoundWorkers(engrams=start.engrams))


def _beside(start: StartStoryRun, found: FoundWorkers) -> Lookups:
    """Return where what was found is looked up; of templates those of the run come first."""
    engrams = {one.metadata.name: one for one in found.engrams}
    templates = {one.metadata.name: one for one in (*found.templates, *start.templates)}

    def story(_namespace: str, _name: str) -> None:
        return None

    def engram(_namespace: str, name: str) -> Engram | None:
        return engrams.get(name)

    return Lookups(story=story, engram=engram, template=templates.get)
