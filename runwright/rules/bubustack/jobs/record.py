"""The StepRun that stands for a step in a cluster."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from runwright.models.bubustack import (
    Phase,
    RetryPolicy,
    StepRunSpec,
    StepRunStatus,
    StoryRunReference,
)
from runwright.models.objects import Manifest
from runwright.models.tasks import TaskKey, TaskRecord
from runwright.rules.bubustack.branches import own_name
from runwright.rules.bubustack.conditions import Standing, phase_conditions
from runwright.rules.bubustack.jobs.labels import (
    RUNS_VERSION,
    correlation_annotation,
    labels_of_step,
    owners_of_run,
)
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.bubustack.retries import retries_of, timeout_of

_WRITTEN_BY_PODS: Final = (
    *("output", "error", "logs", "exitCode", "exitClass", "podName", "lastFailureMsg"),
    *("finishedAt", "duration", "nextRetryAt", "lastOutputAt", "signals", "signalEvents"),
)
"""What a try may leave that its next one must not find. The effects stay: they are the memory of
what must not be done twice, also not by another try."""


class Begun(NamedTuple):
    """What a step has from its first try on, and all tries share."""

    at: datetime
    idempotency_key: str


def record_of(work: Work, key: TaskKey, begun: Begun) -> TaskRecord | None:
    """Return the StepRun of a step as one of its tries makes it or finds it.

    None for a run without a StoryRun, for there would be nobody to own it.

    Source: BubuStack, StepRun.
    """
    if not work.start.has_resource:
        return None
    return TaskRecord(
        manifest=_manifest(work, begun.idempotency_key),
        renewed={"idempotencyKey": begun.idempotency_key},
        running=_running(key, begun.at),
        cleared=_WRITTEN_BY_PODS,
    )


def _manifest(work: Work, idempotency_key: str) -> Manifest:
    return {
        "apiVersion": RUNS_VERSION,
        "kind": "StepRun",
        "metadata": {
            "name": work.name,
            "namespace": work.start.namespace,
            "labels": labels_of_step(work),
            "annotations": correlation_annotation(work.start),
            "ownerReferences": owners_of_run(work.start),
        },
        "spec": _spec(work, idempotency_key).model_dump(
            mode="json", exclude_none=True, exclude_unset=True
        ),
    }


def _spec(work: Work, idempotency_key: str) -> StepRunSpec:
    """Return what the step is to do; its input unresolved, so that no secret gets in there."""
    start, step = work.start, work.step
    given = {**(work.engram.spec.with_ or {}), **(step.with_ or {})}
    return StepRunSpec(
        story_run_ref=StoryRunReference(name=start.name),
        step_id=own_name(step.name),
        engram_ref=step.ref,
        idempotency_key=idempotency_key,
        template_generation=work.template.metadata.generation or None,
        input=given or None,
        timeout=timeout_of(start, step),
        retry=_retry(work),
    )


def _retry(work: Work) -> RetryPolicy:
    """Return the policy that holds in the end, so that nobody has to gather it again."""
    retries = retries_of(work.start, work.step)
    return RetryPolicy(
        max_retries=retries.max_retries,
        delay=retries.delay,
        max_delay=retries.max_delay,
        jitter=retries.jitter,
        backoff=retries.backoff,
    )


def _running(key: TaskKey, started_at: datetime) -> dict[str, Any]:
    status = StepRunStatus(
        phase=Phase.RUNNING,
        started_at=started_at,
        retries=key.try_number - 1,
        conditions=phase_conditions(Standing(Phase.RUNNING, "", "", since=started_at)),
    )
    return status.model_dump(mode="json", exclude_unset=True)
