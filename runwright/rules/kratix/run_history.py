"""What is told of a run of a parent's pipelines in its history."""

from collections.abc import Iterator
from datetime import datetime

from runwright.models.history import Cause, Subject, Transition
from runwright.models.kratix import (
    Ending,
    ParentState,
    PipelinePhase,
    PipelineProgress,
    StartPipelines,
    Trigger,
)
from runwright.rules.history import When, claimed, said
from runwright.rules.kratix.runs import RunEnd
from runwright.rules.times import lasting
from runwright.rules.wording import listed

RUNNING = "Running"
"""What a run is called that is under way; else it is called by its ending."""


def of_start(start: StartPipelines, when: When) -> Transition:
    """Return that a run began, why, by whom, and with which pipelines."""
    wanted = start.plan.names[start.position :]
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        after=RUNNING,
        reason=start.trigger,
        message=said(f"{start.plan.action} workflow: {listed(wanted)}"),
        by=start.by,
        identity=claimed(start.by or ""),
    )


def of_pipelines(
    before: ParentState, after: ParentState, trigger: Trigger, when: When
) -> Iterator[Transition]:
    """Yield what became of pipelines, how long those took that ran, and what keeps them.

    `trigger` is why the one starts that does. That one is to be run again is none of it: what
    becomes of it then is.
    """
    for was, now in zip(before.workflow.pipelines, after.workflow.pipelines, strict=True):
        if _stands(was) == _stands(now):
            yield from _of_trouble(was, now, when)
        elif now.phase is not PipelinePhase.PENDING or was.phase is PipelinePhase.RUNNING:
            yield _of_pipeline(was, now, trigger, when)


def of_refusal(before: ParentState, after: ParentState, when: When) -> Iterator[Transition]:
    """Yield that a gate ended its pipeline, and with it the run that had suspended the workflow."""
    yield from of_pipelines(before, after, Trigger.RESUMED, when)
    yield Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        before=Ending.SUSPENDED,
        after=Ending.FAILED,
        message=said(after.message),
    )


def _stands(pipeline: PipelineProgress) -> tuple[PipelinePhase, str]:
    return pipeline.phase, pipeline.job_name


def _of_pipeline(
    was: PipelineProgress, now: PipelineProgress, trigger: Trigger, when: When
) -> Transition:
    is_start = now.phase is PipelinePhase.RUNNING
    job = f"job {now.job_name}" if is_start and now.job_name else ""
    parts = (now.message, job, _took(was, when.at))
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.STEP,
        name=now.name,
        before=None if is_start or was.phase is PipelinePhase.PENDING else was.phase,
        after=now.phase,
        reason=trigger if is_start else None,
        message=said("; ".join(filter(None, parts))),
    )


def _took(was: PipelineProgress, at: datetime) -> str:
    if was.phase is not PipelinePhase.RUNNING or was.last_transition_time is None:
        return ""
    return f"took {lasting(at - was.last_transition_time)}"


def _of_trouble(was: PipelineProgress, now: PipelineProgress, when: When) -> Iterator[Transition]:
    if was.message != now.message:
        yield Transition(
            at=when.at,
            activation=when.activation,
            subject=Subject.STEP,
            name=now.name,
            reason=Cause.STALLED if now.message else Cause.GETS_ON,
            message=said(now.message),
        )


def of_warning(pipeline: str, warning: str, when: When) -> Transition:
    """Return what was passed over of what a pipeline left."""
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.STEP,
        name=pipeline,
        reason="Warning",
        message=said(warning),
    )


def of_end(end: RunEnd, started_at: datetime, when: When) -> Transition:
    """Return how a run ended, why, and how long it took."""
    took = f"took {lasting(when.at - started_at)}"
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        before=RUNNING,
        after=end.ending,
        reason=end.reason or None,
        message=said("; ".join(filter(None, (end.message, took)))),
    )
