"""The task that runs a pipeline, and what is said of one that failed."""

from datetime import timedelta
from typing import Final, NamedTuple

from runwright.errors import InvalidManifestError, Problem
from runwright.models.durations import format_duration
from runwright.models.kratix import Parent, Pipeline, PipelineRun, Plan, StartPipelines
from runwright.models.kratix.keys import TIMEOUT
from runwright.models.tasks import Backend, OutcomeReason, Task, TaskKey, TaskOutcome
from runwright.rules.diagnoses import told
from runwright.rules.kratix.hindrances import advised
from runwright.rules.kratix.intervals import limit_of
from runwright.rules.kratix.jobs import Platform, job_template
from runwright.rules.kratix.names import job_name
from runwright.rules.wording import child, excerpt

GRACE: Final = timedelta(seconds=30)
"""Between TERM and KILL of a step, as Kubernetes has it by default."""
UNBOUNDED: Final = timedelta(days=3000)
"""What a pipeline may take that says nothing of that: in practice, for ever."""
LONGEST_HANDOVER: Final = 4096
"""Bytes of a pod's last word; a kubelet keeps no more."""
LONGEST_MESSAGE: Final = 1024
"""Characters of what a pipeline says in the status of its parent."""


class Execution(NamedTuple):
    """Which workflow runs a pipeline, and which execution of that."""

    workflow_id: str
    run_id: str
    """Of its first execution: an id may be used anew."""


def run_of(start: StartPipelines, position: int) -> PipelineRun:
    """Return a pipeline of a run, as its Job is made of it.

    Each run makes at most one Job of a pipeline, so its number tells those Jobs apart.
    """
    plan = start.plan
    return PipelineRun(
        parent=plan.parent,
        action=plan.action,
        pipeline=plan.pipelines[position],
        hash=plan.seen.sight.hash,
        is_last=position + 1 == len(plan.pipelines),
        number=str(start.number),
        resumption=start.resumption if position == start.position else None,
    )


def task_of(run: PipelineRun, plan: Plan, execution: Execution) -> Task:
    """Return the task that runs a pipeline: the first try of its run, and the only one.

    A step that fails is tried again by the kubelet and the Job; a pipeline that fails, by another
    run.

    Raises:
        InvalidManifestError: how long it may take cannot be read.
    """
    limit = timeout_of(run.pipeline)
    return Task(
        key=TaskKey(
            backend=Backend.KUBERNETES,
            namespace=run.parent.home,
            name=job_name(run),
            workflow_id=execution.workflow_id,
            execution=execution.run_id,
            activation=1,
            try_number=1,
        ),
        command=(),
        timeout=UNBOUNDED if limit is None else limit,
        grace=GRACE,
        max_output=LONGEST_HANDOVER,
        job=job_template(run, Platform(plan.image, plan.pull_secret, plan.config)),
    )


def timeout_of(pipeline: Pipeline) -> timedelta | None:
    """Return how long the Job of a pipeline may take; None: as long as it likes.

    Upstream knows no such limit: a step that hangs holds every later change and the deletion.

    Raises:
        InvalidManifestError: the annotation is no Go duration, or not longer than nothing.
    """
    written = pipeline.metadata.annotations.get(TIMEOUT)
    if written is None:
        return None
    try:
        return limit_of(written)
    except ValueError as error:
        path = child("metadata.annotations", TIMEOUT)
        raise InvalidManifestError([Problem(path, str(error))]) from error


def failure_of(outcome: TaskOutcome, pipeline: Pipeline, parent: Parent) -> str:
    """Return why the Job of a pipeline failed: in a word, what was said, what would mend it."""
    why = told(advised(outcome.diagnosis, parent)) if outcome.diagnosis else ""
    parts = [outcome.message, why]
    if outcome.reason is OutcomeReason.TIMED_OUT and (limit := timeout_of(pipeline)):
        parts.append(f"it may take {format_duration(limit)} ({TIMEOUT})")
    said = "; ".join(dict.fromkeys(filter(None, parts)))
    return excerpt(": ".join(filter(None, (str(outcome.reason), said))), LONGEST_MESSAGE)
