"""What a step of a Story asks its backend to run."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from runwright.errors import InvalidManifestError, NotFoundError, TemplateError
from runwright.models.bubustack import Engram, EngramTemplate, Step
from runwright.models.durations import format_duration
from runwright.models.story_run import StartStoryRun, StepProgress
from runwright.models.tasks import Backend, Task, TaskKey
from runwright.rules import templates
from runwright.rules.bubustack.branches import own_name, step_run_name
from runwright.rules.bubustack.commands import LOCAL_COMMAND, words_of
from runwright.rules.bubustack.dependencies import dependencies
from runwright.rules.bubustack.idempotency import VARIABLE, default_key
from runwright.rules.bubustack.jobs import Begun, Work, cluster_variables, job_template
from runwright.rules.bubustack.retries import timeout_of
from runwright.rules.bubustack.scope import output_of, scope_of
from runwright.rules.bubustack.snapshot import engram_of, template_of
from runwright.rules.schemas import violations, with_defaults

MANIFEST_FOLDER: Final = "runwright.dev/manifest-folder"
"""The annotation that remembers where the manifest of an EngramTemplate was read from."""
MAX_OUTPUT: Final = 256 * 1024
"""Bytes of JSON that a step may put out without an object store."""
MAX_INPUT: Final = 256 * 1024
"""Bytes of JSON that a step may take in: it travels with every try."""
MAX_CLUSTER_INPUT: Final = 96 * 1024
"""Bytes of JSON that a container can be given: it gets its input in single variables."""
MAX_VARIABLE: Final = 64 * 1024
"""Bytes; Linux takes twice as much in one variable."""
GRACE: Final = timedelta(seconds=30)
"""Between TERM and KILL, where nobody said otherwise: the grace of a pod."""


class Worker(NamedTuple):
    """What does the work of a step."""

    engram: Engram
    template: EngramTemplate


def worker_of(start: StartStoryRun, step: Step) -> Worker:
    """Return the Engram of a step and its template.

    Raises:
        NotFoundError: the snapshot lacks one of them.
    """
    engram = engram_of(start, step)
    template = template_of(start, engram) if engram else None
    if engram is None or template is None:
        message = f"step {step.name}: its engram or that one's template is not in the snapshot"
        raise NotFoundError(message)
    return Worker(engram, template)


def input_of(
    worker: Worker,
    step: Step,
    scope: Mapping[str, Any],
    *,
    now: datetime | None = None,
    random: Random | None = None,
) -> dict[str, Any]:
    """Return the resolved input of a step: its Engram's `with`, overridden by its own.

    `now` and `random` are what its templates take for time and chance.

    Raises:
        TemplateError: a reference leads nowhere, or the whole comes to no object.
    """
    given = {**(worker.engram.spec.with_ or {}), **(step.with_ or {})}
    return templates.evaluate_object(given, scope, "with", now=now, random=random)


def _bounded(start: StartStoryRun, given: dict[str, Any]) -> dict[str, Any]:
    """Return the input, if the backend can hand it to a step.

    Source: BubuStack, environment contract (where the pod of a larger one cannot start).
    """
    most = MAX_CLUSTER_INPUT if start.backend is Backend.KUBERNETES else MAX_INPUT
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if size <= most:
        return given
    message = f"with: comes to {size} bytes of JSON, and a step takes {most}"
    raise TemplateError(message)


class TryOf(NamedTuple):
    """Which try of a step is to be made into a task."""

    step: Step
    number: int
    started_at: datetime
    workflow_id: str
    execution: str
    """The first run id of the workflow's execution."""


def task_of(
    start: StartStoryRun,
    attempt: TryOf,
    worker: Worker,
    steps: Mapping[str, StepProgress],
) -> Task:
    """Return the task for one try of a step.

    Raises:
        TemplateError: the step's input refers to something that is not there, or is too large.
        InvalidManifestError: its template does not take the input.
    """
    step, key = attempt.step, key_of(start, attempt)
    begun = _begun(start, attempt, steps.get(step.name))
    scope = scope_of(start.inputs, steps, step.name)
    task = Task(
        key=key,
        command=(),
        environment={
            **_contract(start, attempt, worker),
            VARIABLE: begun.idempotency_key,
            "BUBU_TEMPLATE_CONTEXT": _context(start, step, steps),
        },
        input=_bounded(start, _input(attempt, worker, scope)),
        input_variables=("BUBU_TRIGGER_DATA", "BUBU_STEP_CONFIG"),
        timeout=timeout_of(start, step),
        grace=GRACE,
        max_output=MAX_OUTPUT,
    )
    if start.backend is not Backend.KUBERNETES:
        return _as_process(task, worker.template)
    return _as_job(task, Work(start, step, *worker), begun)


def _begun(start: StartStoryRun, attempt: TryOf, step: StepProgress | None) -> Begun:
    at = step.started_at if step else None
    key = step.idempotency_key if step else None
    return Begun(at or attempt.started_at, key or default_key(start, attempt.step))


def _input(attempt: TryOf, worker: Worker, scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a try; its time is the try's, and another try draws other things."""
    identity = f"{attempt.workflow_id}/{attempt.execution}/{attempt.step.name}/{attempt.number}"
    random = Random(identity)  # noqa: S311 - a replay draws the same again; it is no secret
    given = input_of(worker, attempt.step, scope, now=attempt.started_at, random=random)
    return _fitting(worker.template, given)


def _fitting(template: EngramTemplate, given: dict[str, Any]) -> dict[str, Any]:
    """Return a resolved input with the defaults of the template's schema.

    Raises:
        InvalidManifestError: the template does not take it.

    Source: BubuStack, schema validation of a StepRun's input.
    """
    schema = template.spec.input_schema
    if not schema:
        return given
    whole: dict[str, Any] = with_defaults(schema, given)
    if problems := violations(schema, whole, "with"):
        raise InvalidManifestError(problems)
    return whole


def _contract(start: StartStoryRun, attempt: TryOf, worker: Worker) -> dict[str, str]:
    """Return the variables that say what is executed, and how.

    Source: BubuStack, environment contract.
    """
    return {
        "BUBU_STORY_NAME": start.story.metadata.name,
        "BUBU_STORY_VERSION": start.story.spec.version or "",
        "BUBU_STORYRUN_ID": start.name,
        "BUBU_STEP_NAME": own_name(attempt.step.name),
        "BUBU_STEPRUN_NAME": step_run_name(start.name, attempt.step.name),
        "BUBU_STEPRUN_NAMESPACE": start.namespace,
        "BUBU_ENGRAM_NAME": worker.engram.metadata.name,
        "BUBU_ENGRAM_VERSION": worker.engram.spec.version or "",
        "BUBU_STARTED_AT": f"{attempt.started_at:%Y-%m-%dT%H:%M:%S.%f}000Z",
        "BUBU_EXECUTION_MODE": "batch",
        "BUBU_HYBRID_BRIDGE": "false",
        "BUBU_STEP_TIMEOUT": format_duration(timeout_of(start, attempt.step)),
        "BUBU_MAX_INLINE_SIZE": str(MAX_OUTPUT),
        "RUNWRIGHT_TRY": str(attempt.number),
        "RUNWRIGHT_ACTIVATION": str(start.activation),
    }


def _as_process(task: Task, template: EngramTemplate) -> Task:
    """Return the task with the command that stands in for its template's container."""
    annotations = template.metadata.annotations or {}
    folder = annotations.get(MANIFEST_FOLDER)
    found = {"RUNWRIGHT_MANIFESTS": folder} if folder else {}
    update = {
        "command": words_of(annotations.get(LOCAL_COMMAND, "")),
        "environment": {**task.environment, **found},
    }
    return task.model_copy(update=update)


def _as_job(task: Task, work: Work, begun: Begun) -> Task:
    """Return the task with its Job."""
    update = {
        "environment": {**task.environment, **cluster_variables(work)},
        "job": job_template(work, task.key, begun),
    }
    return task.model_copy(update=update)


def size_of_message(task: Task) -> int:
    """Return about how many bytes a task takes in a message to Temporal.

    For a process that is its input. A Job's template travels along, with copies of it.
    """
    if task.job is None:
        return len(json.dumps(task.input, ensure_ascii=False).encode())
    return len(task.model_dump_json(exclude_none=True).encode())


def key_of(start: StartStoryRun, attempt: TryOf) -> TaskKey:
    """Return the identity of one try of a step."""
    return TaskKey(
        backend=start.backend,
        namespace=start.namespace,
        name=step_run_name(start.name, attempt.step.name),
        workflow_id=attempt.workflow_id,
        execution=attempt.execution,
        activation=start.activation,
        try_number=attempt.number,
    )


def _context(start: StartStoryRun, step: Step, steps: Mapping[str, StepProgress]) -> str:
    """Return as JSON what a worker may evaluate templates over.

    Only the outputs that the step depends on: all of them, once per step, would fill the history
    of a long run with copies. What together would be longer than a variable can be is left out.

    Source: BubuStack, environment contract (which means to leave out single large values).
    """
    put_out = {name: output_of(steps, name) for name in dependencies(step)}
    outputs = {own_name(name): {"output": output} for name, output in put_out.items() if output}
    context = json.dumps({"inputs": start.inputs, "steps": outputs}, ensure_ascii=False)
    return context if len(context.encode()) <= MAX_VARIABLE else "{}"
