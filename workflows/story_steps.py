"""One step of a Story as what it is, and what a run shows of its steps."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

from activities.objects import EnsureObjects, ObjectActivities
from runwright.errors import TemplateError
from runwright.models.bubustack import Phase, Step, StepType
from runwright.models.durations import format_duration
from runwright.models.gates import GateOutcome
from runwright.models.story_run import (
    Section,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.models.tasks import Backend, TaskNote, TaskOutcome
from runwright.rules import gates as gate_rules
from runwright.rules import templates
from runwright.rules.bubustack import (
    configuration,
    dag,
    history,
    primitives,
    progress,
    resumption,
    retries,
    verdicts,
)
from runwright.rules.bubustack import tasks as task_rules
from runwright.rules.bubustack.dag import Interruption, Skip
from runwright.rules.bubustack.details import details
from runwright.rules.bubustack.jobs import access_of
from runwright.rules.bubustack.status.changes import update_of
from runwright.rules.bubustack.status.keys import story_run_key
from workflows.alarms import Alarms
from workflows.messages import RunMessages
from workflows.mirroring import Mirror
from workflows.policies import CALL_HEARTBEAT, CLUSTER_CALL, TRY_FOR_EVER
from workflows.presentation import Identity, Presentation
from workflows.tasks import run_task

_QUIET_TURNS: Final = 4
"""More than lie between the end of a step and what that sets off."""
MOST_AT_ONCE: Final = 1024 * 1024
"""Bytes of input of the tasks that are started in one workflow task."""


class StorySteps(RunMessages):
    """The steps of a run: their state, and how each kind of step runs.

    The order in which they run is the workflow's, which derives from it. The sandbox loads the
    workflow's module anew for each run, and shares this one.
    """

    def __init__(self, start: StartStoryRun) -> None:
        authors = {start.author, start.resume_from.by} if start.resume_from else {start.author}
        grace = progress.stop_grace(start.story)
        super().__init__(start.activation, authors, grace, history.carried(start))
        self._record([history.of_start(start, self._when())])
        self._start = configuration.with_default_inputs(start)
        self._story = start.story
        self._state = progress.started(self._start, workflow.now())
        self._gates = progress.gates_of(start)
        self._dag = dag.Dag(start.story)
        self._sizes = progress.sizes_of(self._state)
        self._interruption: Interruption | None = None
        self._sent_at = self._sent = self._shown_up_to = 0
        self._alarms = Alarms()
        self._mirror = Mirror[StoryRunState](partial(update_of, self._start))
        self._presentation = Presentation(
            Identity(
                kind="StoryRun",
                namespace=start.namespace,
                name=start.name,
                template=start.story.metadata.name,
                cluster=start.cluster,
            )
        )

    @workflow.signal(name="note_task", description="Why a task does not get on.")
    def note_task(self, note: TaskNote) -> None:
        """Show why a running task does not get on, or that it does again."""
        for step in self._state.steps.values():
            if progress.is_tried_as(step, note.key):
                self._set(step.model_copy(update={"diagnosis": note.diagnosis}))

    async def _trouble_with_access(self, *, is_deleted: bool = False) -> Interruption | None:
        """Make what the tasks of a run in a cluster act as; return why that is refused.

        What is there stays as it is. A StoryRun that is gone has no tasks; nor has one that is
        being deleted, unless that `is_deleted` is known.
        """
        if self._start.backend is not Backend.KUBERNETES:
            return None
        wanted = EnsureObjects(
            objects=access_of(self._start),
            owner=story_run_key(self._start),
            is_deleted=is_deleted,
        )
        try:
            await workflow.execute_activity_method(
                ObjectActivities.ensure_objects,
                wanted,
                start_to_close_timeout=CLUSTER_CALL,
                heartbeat_timeout=CALL_HEARTBEAT,
                retry_policy=TRY_FOR_EVER,
                summary="make the run's ServiceAccount",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise asyncio.CancelledError from error
            return verdicts.without_access(str(error.cause or error))
        return None

    async def _run_step(self, step: Step) -> None:
        """Run one step as what it is, unless its `if` says no."""
        try:
            if self._is_wanted(step):
                await self._run_kind(step)
            else:
                message = "Skipped due to 'if' condition"
                self._end(step, Phase.SKIPPED, message, StepReason.CONDITION)
        except TemplateError as error:
            self._end(step, Phase.FAILED, str(error), StepReason.EXPRESSION_FAILED)
        except asyncio.CancelledError:
            why = self._interruption or verdicts.RUN_CANCELED
            self._end(step, Phase.CANCELED, why.message, why.reason)
        except FailureError as error:
            said = str(error.cause or error)
            self._end(step, Phase.FAILED, said, StepReason.EXECUTION_FAILED)

    async def _run_kind(self, step: Step) -> None:
        match step.type:
            case StepType.GATE:
                await self._run_gate(step)
            case StepType.SLEEP:
                await self._run_sleep(step)
            case StepType.CONDITION:
                message = "Primitive evaluated and outputs are available."
                self._end(step, Phase.SUCCEEDED, message)
            case _:
                await self._run_engram(step)

    async def _run_engram(self, step: Step) -> None:
        """Try the step's task until it succeeds or its retries are used up."""
        worker = task_rules.worker_of(self._start, step)
        policy = retries.retries_of(self._story, step, worker.template)
        outcome = await self._try(step, worker, policy, 1)
        while self._may_retry(step, policy, outcome):
            await self._retry_is_due(step, policy, outcome)
            outcome = await self._try(step, worker, policy, self._step(step).tries + 1)
        self._set(progress.task_ended(self._step(step), outcome, workflow.now()))

    def _may_retry(self, step: Step, policy: retries.Retries, outcome: TaskOutcome) -> bool:
        if self._interruption is not None:
            return False
        return retries.may_retry(policy, retries.classify(outcome), self._step(step).tries - 1)

    async def _try(
        self, step: Step, worker: task_rules.Worker, policy: retries.Retries, number: int
    ) -> TaskOutcome:
        await workflow.wait_condition(lambda: self._paused is None)
        info = workflow.info()
        attempt = task_rules.TryOf(
            step, number, workflow.now(), info.workflow_id, info.first_execution_run_id
        )
        task = task_rules.task_of(self._start, attempt, worker, self._state.steps)
        await self._room_for(task_rules.size_of_message(task))
        self._set(progress.trying(self._step(step), number, policy, task.key.name))
        label = step.name if number == 1 else f"{step.name}, try {number}"
        outcome = await run_task(task, self._alarms, label=label, grace=self._stop_grace)
        return self._bounded(step, progress.checked(worker.template, outcome))

    async def _room_for(self, size: int) -> None:
        """Wait until a task of that size can be sent: Temporal takes 4 MB in one message.

        What is scheduled in one workflow task travels in one message, and the length of the
        history tells one workflow task from the next.
        """
        while True:
            length = workflow.info().get_current_history_length()
            if length != self._sent_at:
                self._sent_at, self._sent = length, 0
            if self._sent == 0 or self._sent + size <= MOST_AT_ONCE:
                break
            await workflow.sleep(0.001, summary="message is full")
        self._sent += size

    async def _retry_is_due(
        self, step: Step, policy: retries.Retries, outcome: TaskOutcome
    ) -> None:
        made = self._step(step).tries
        delay = retries.retry_delay(policy, made, workflow.random().uniform)
        self._set(progress.retry_scheduled(self._step(step), outcome, delay, workflow.now()))
        scheduled = self._revision
        await workflow.sleep(delay, summary=f"retry {step.name}")
        if self._start.has_resource:
            # Written late, that it waits would overwrite what the next try says of itself.
            await workflow.wait_condition(lambda: self._shown_up_to >= scheduled)

    async def _run_gate(self, step: Step) -> None:
        """Wait for people to decide, until the gate's deadline."""
        timing = primitives.gate_timing(self._evaluated(step))
        self._open_gate(step.name, self._digest(step), timing.deadline(workflow.now()))
        message, deadline = "Waiting for gate decision.", self._gates[step.name].deadline
        self._set(progress.waiting(self._step(step), message, deadline))
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._gates[step.name].outcome is not None,
                timeout=timing.timeout,
                timeout_summary=f"deadline of gate {step.name}",
            )
        self._close_gate(step.name, GateOutcome.TIMED_OUT)
        now, gate = workflow.now(), self._gates[step.name]
        self._set(progress.gate_ended(self._step(step), gate, timing.on_timeout, now))

    async def _run_sleep(self, step: Step) -> None:
        duration = primitives.sleep_duration(self._evaluated(step))
        if duration:
            until = workflow.now() + duration
            message = f"Sleeping for {format_duration(duration)}."
            self._set(progress.waiting(self._step(step), message, until))
            await workflow.sleep(duration, summary=step.name)
        self._end(step, Phase.SUCCEEDED, "Sleep completed.")

    @workflow.query(description="Everything that is known of the run.")
    def state(self) -> StoryRunState:
        """Return everything that is known of the run."""
        return self._known().model_copy(update={"history": self._trail.history()})

    def _known(self) -> StoryRunState:
        """Return the state without the history, of which nothing is shown while it grows."""
        return self._state.model_copy(
            update={
                "gates": dict(self._gates),
                "refused_decisions": self._refused,
                "paused": self._paused,
                "cancelled": self._cancelled,
            }
        )

    async def _keep_presented(self) -> None:
        while True:
            self._present()
            await self._something_changes()

    async def _keep_mirrored(self) -> None:
        """Show the latest state in the cluster, until the run is over."""
        while self._start.has_resource and not self._is_over:
            self._shown_up_to = await self._mirrored()
            await workflow.wait_condition(lambda: self._revision != self._shown_up_to)
            await self._all_is_quiet()

    async def _all_is_quiet(self) -> None:
        """Return when nothing changes any more at this moment of the run.

        The end of one step and the start of the next are one write, and the end of the last step
        is the run's.
        """
        quiet, seen = 0, self._revision
        while quiet < _QUIET_TURNS:
            await workflow.wait_condition(lambda: True)  # one turn of everything that can go on
            quiet = quiet + 1 if self._revision == seen else 0
            seen = self._revision

    async def _mirrored(self) -> int:
        """Show the state as it is now in the cluster, and return its revision."""
        revision = self._revision
        await self._mirror.show(self._known())
        return revision

    def _present(self) -> None:
        state = self.state() if self._state.finished_at else self._known()
        retry = resumption.next_input(self._start, state)
        self._presentation.show(details(state, retry=retry), state.phase, state.pending_gates)

    def _scope(self) -> Mapping[str, Any]:
        return task_rules.scope_of(self._start.inputs, self._state.steps)

    def _evaluated(self, step: Step) -> Mapping[str, Any]:
        given, scope = step.with_ or {}, self._scope()
        evaluated: Mapping[str, Any] = templates.evaluate(
            given, scope, now=workflow.now(), random=workflow.random()
        )
        return evaluated

    def _is_wanted(self, step: Step) -> bool:
        scope = self._scope()
        return templates.truth(step.if_, scope, now=workflow.now(), random=workflow.random())

    def _digest(self, step: Step) -> str:
        steps = self._state.steps
        needed = {name: steps[name].output for name in self._dag.needs(step) if name in steps}
        return gate_rules.digest({"with": self._evaluated(step), "outputs": needed})

    def _bounded(self, step: Step, outcome: TaskOutcome) -> TaskOutcome:
        bounded = progress.bounded(step.name, outcome, self._sizes)
        self._sizes[step.name] = progress.size_of(bounded.output)
        return bounded

    def _step(self, step: Step) -> StepProgress:
        return self._state.steps[step.name]

    def _set(self, step: StepProgress) -> None:
        self._record(history.of_step(self._state.steps[step.name], step, self._when()))
        self._state = progress.with_step(self._state, step)
        self._note_change()

    def _end(
        self, step: Step, phase: Phase, message: str, reason: StepReason | None = None
    ) -> None:
        self._set(progress.ended(self._step(step), phase, message, workflow.now(), reason))
        self._close_gate(step.name, GateOutcome.CLOSED)

    def _skip(self, skips: Iterable[Skip]) -> None:
        for skip in skips:
            step = self._state.steps[skip.step]
            self._set(progress.skipped(step, skip, workflow.now()))
            self._close_gate(skip.step, GateOutcome.CLOSED)

    def _end_rest(self, why: Interruption, *sections: Section) -> None:
        """End what never started, and what was cancelled before its first turn."""
        self._skip(dag.rest(self._state.steps, sections, why))
        for step in self._state.steps.values():
            if step.section in sections and step.is_running:
                now = workflow.now()
                self._set(progress.ended(step, Phase.CANCELED, why.message, now, why.reason))
