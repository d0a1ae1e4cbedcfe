"""What is known of a run of a Story, and where it is shown."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from temporalio import workflow

from runwright.models.bubustack import Phase, Step
from runwright.models.gates import GateOutcome
from runwright.models.story_run import (
    Section,
    StartStoryRun,
    StepProgress,
    StepReason,
    StoryRunState,
)
from runwright.models.tasks import TaskNote, TaskOutcome
from runwright.rules import gates as gate_rules
from runwright.rules import templates
from runwright.rules.bubustack import configuration, dag, fitting, history, progress, resumption
from runwright.rules.bubustack.dag import Interruption, Skip
from runwright.rules.bubustack.details import details
from runwright.rules.bubustack.scope import output_of, scope_of
from runwright.rules.bubustack.status.changes import update_of
from workflows.alarms import Alarms
from workflows.changes import TaskNotes
from workflows.effort import Effort
from workflows.messages import RunMessages
from workflows.mirroring import Mirror
from workflows.presentation import Presentation
from workflows.story_attributes import identity_of


class StoryState(RunMessages, TaskNotes):
    """The state of a run: what changes it, and all that shows it."""

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
        self._sent_at = self._sent = 0
        self._ends = 0
        """Grows whenever a step is over: what templates see may be another."""
        self._alarms = Alarms()
        self._effort = Effort()
        self._mirror = Mirror[StoryRunState](partial(update_of, self._start))
        self._presentation = Presentation(identity_of(start))

    def _take_note(self, note: TaskNote) -> None:
        for step in self._state.steps.values():
            if progress.is_tried_as(step, note.key):
                self._set(step.model_copy(update={"diagnosis": note.diagnosis}))

    @workflow.query(description="Everything that is known of the run.")
    def state(self) -> StoryRunState:
        """Return everything that is known of the run."""
        whole = self._known().model_copy(update={"history": self._trail.history()})
        return fitting.fitted(whole)

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

    async def _keep_mirrored(self) -> None:
        """Show the latest state in the cluster, if it is to be shown there."""
        if self._start.has_resource:
            await super()._keep_mirrored()

    async def _until(self, holds: Callable[[], bool], moment: datetime | None) -> None:
        """Return once that holds, or at that moment."""
        change = asyncio.create_task(workflow.wait_condition(holds))
        try:
            await self._alarms.wait([change], moment)
        finally:
            change.cancel()

    async def _mirrored(self) -> int:
        """Show the state as it is now in the cluster, and return its revision."""
        revision = self._revision
        await self._mirror.show(self._known())
        return revision

    def _present(self) -> None:
        state = self.state() if self._state.finished_at else self._known()
        retry = resumption.next_input(self._start, state)
        self._presentation.show(details(state, retry=retry), state.phase, state.pending_gates)

    def _scope(self, step: Step) -> Mapping[str, Any]:
        return scope_of(self._start.inputs, self._state.steps, step.name)

    async def _evaluated(self, step: Step, *but: str) -> Mapping[str, Any]:
        """Return the arguments of a primitive, but for those that it evaluates itself."""
        given = {name: value for name, value in (step.with_ or {}).items() if name not in but}
        async with self._effort:
            return templates.evaluate_object(
                given, self._scope(step), "with", now=workflow.now(), random=workflow.random()
            )

    def _is_wanted(self, step: Step) -> bool:
        scope = self._scope(step)
        return templates.truth(step.if_, scope, now=workflow.now(), random=workflow.random())

    async def _digest(self, step: Step) -> str:
        given, steps = await self._evaluated(step), self._state.steps
        needed = {name: output_of(steps, name) for name in self._dag.needs(step)}
        return gate_rules.digest({"with": given, "outputs": needed})

    def _bounded(self, step: Step, outcome: TaskOutcome) -> TaskOutcome:
        bounded = progress.bounded(step.name, outcome, self._sizes)
        self._sizes[step.name] = progress.size_of(bounded.output)
        return bounded

    def _step(self, step: Step) -> StepProgress:
        return self._state.steps[step.name]

    def _set(self, step: StepProgress) -> None:
        self._record(history.of_step(self._state.steps[step.name], step, self._when()))
        self._state = progress.with_step(self._state, step)
        self._ends += step.is_over
        self._note_change()

    def _ended(
        self, step: Step, phase: Phase, message: str, reason: StepReason | None = None
    ) -> StepProgress:
        return progress.ended(self._step(step), phase, message, workflow.now(), reason)

    def _end(self, step: StepProgress) -> None:
        self._set(step)
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
