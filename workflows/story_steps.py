"""The steps of a Story: the order in which they run, and each as what it is."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Final

from temporalio import workflow
from temporalio.exceptions import FailureError

from runwright.errors import InvalidManifestError, TemplateError
from runwright.models.bubustack import Phase, Step, StepType
from runwright.models.durations import format_duration
from runwright.models.gates import GateOutcome
from runwright.models.story_run import Section, StartStoryRun, StepProgress, StepReason
from runwright.rules.bubustack import blocked, checks, primitives, progress, verdicts
from runwright.rules.bubustack.dag import Graph
from runwright.rules.bubustack.scope import lacking
from workflows.story_waits import StoryWaits
from workflows.tasks import cancelled

MOST_IN_FLIGHT: Final = 500
"""Steps of one run at a time; Temporal refuses a run with 2,000 pending activities."""


class StorySteps(StoryWaits):
    """The steps of a run: when they start, and how each kind of step runs.

    Which lists of them run, and how the run ends, is the workflow's, which derives from it.
    """

    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)
        self._stops: dict[Section, primitives.Stop] = {}
        self._in_flight = 0
        self._most: dict[str, int] = {}
        """How many branches of a block may run at once, by its name."""
        self._kinds: Mapping[StepType, Callable[[Step], Awaitable[StepProgress]]] = {
            StepType.CONDITION: self._run_condition,
            StepType.EXECUTE_STORY: self._execute_story,
            StepType.GATE: self._run_gate,
            StepType.PARALLEL: self._run_parallel,
            StepType.SLEEP: self._run_sleep,
            StepType.STOP: self._run_stop,
            StepType.WAIT: self._run_wait,
        }

    async def _run_graph(self, graph: Graph, most: int = MOST_IN_FLIGHT) -> None:
        """Start every step as soon as it may, until none runs and none is left."""
        running: dict[str, asyncio.Task[None]] = {}
        try:
            while self._advance(graph, running, most):
                await self._something_changes()
        except asyncio.CancelledError:
            await cancelled(running.values())
            raise

    def _advance(self, graph: Graph, running: dict[str, asyncio.Task[None]], most: int) -> bool:
        """Start what may start and skip what never will; return whether the graph goes on."""
        for name in [name for name, step in running.items() if step.done()]:
            running.pop(name).result()
        while (moves := graph.next_moves(self._state.steps)).skipped:
            self._skip(moves.skipped)
        if self._paused is None:
            for step in moves.ready[: max(self._room(running, most), 0)]:
                running[step.name] = self._launched(step)
        return bool(running or moves.ready)

    def _room(self, running: Collection[str], most: int) -> int:
        """Return how many more steps may run beside these; what has to wait takes no room."""
        steps = self._state.steps
        waiting = {step.name for step in steps.values() if blocked.takes_no_room(step)}
        at_work = sum(name not in waiting for name in running)
        return min(most - at_work, MOST_IN_FLIGHT - self._in_flight + len(waiting))

    def _launched(self, step: Step) -> asyncio.Task[None]:
        self._set(progress.launched(self._step(step), self._activation, workflow.now()))
        self._in_flight += 1
        running = asyncio.create_task(self._run_step(step))
        running.add_done_callback(self._note_landed)
        return running

    def _note_landed(self, _step: asyncio.Task[None]) -> None:
        self._in_flight -= 1
        self._note_change()

    async def _run_step(self, step: Step) -> None:
        """Run one step as what it is, unless its `if` says no."""
        try:
            async with self._effort:
                wanted = self._is_wanted(step)
            if wanted:
                self._end(await self._verified(step, await self._run_kind(step)))
            else:
                message = "Skipped due to 'if' condition"
                self._end(self._ended(step, Phase.SKIPPED, message, StepReason.CONDITION))
        except TemplateError as error:
            silent = lacking([step.if_, step.with_], self._state.steps, step.name)
            said = f"{error}; {silent}" if silent else str(error)
            self._end(self._ended(step, Phase.FAILED, said, StepReason.EXPRESSION_FAILED))
        except InvalidManifestError as error:
            said = "; ".join(map(str, error.problems))
            self._end(self._ended(step, Phase.FAILED, said, StepReason.INPUT_SCHEMA_FAILED))
        except asyncio.CancelledError:
            why = self._interruption or verdicts.RUN_CANCELED
            self._end(self._ended(step, Phase.CANCELED, why.message, why.reason))
        except FailureError as error:
            said = str(error.cause or error)
            self._end(self._ended(step, Phase.FAILED, said, StepReason.EXECUTION_FAILED))

    async def _run_kind(self, step: Step) -> StepProgress:
        """Return the step as it is when it is over."""
        if unmet := checks.unmet_requirement(step, self._scope(step)):
            return self._ended(step, Phase.FAILED, unmet, StepReason.DEPENDENCY_FAILED)
        run = self._kinds[step.type] if step.type else self._run_provided
        return await run(step)

    async def _run_provided(self, step: Step) -> StepProgress:
        """Run a step that an Engram does, as soon as that and its template are there."""
        if step.ref is not None and blocked.may_still_come(self._given, step):
            if (over := await self._provided(step, step.ref)) is not None:
                return over
            await self._release(step)
            work = blocked.work_of(self._start, step)
            if work and (trouble := await self._trouble_with_rights(work)):
                return self._ended(step, Phase.FAILED, trouble, StepReason.EXECUTION_FAILED)
        return await self._run_engram(step)

    async def _release(self, step: Step) -> None:
        """Let a step go on that was Blocked, once there is room for it."""
        block = self._step(step).block
        while blocked.takes_no_room(self._step(step)):
            beside = (one for one in self._state.steps.values() if one.block == block)
            running = [one.name for one in beside if one.is_running]
            if self._room(running, self._most.get(block, MOST_IN_FLIGHT)) > 0:
                self._set(blocked.released(self._step(step), workflow.now()))
                return
            if (queued := blocked.queued(self._step(step))) != self._step(step):
                self._set(queued)  # once: it wakes all who wait for a place, and this one with them
            await self._something_changes()

    async def _run_condition(self, step: Step) -> StepProgress:
        message = "Primitive evaluated and outputs are available."
        return self._ended(step, Phase.SUCCEEDED, message)

    async def _verified(self, step: Step, ended: StepProgress) -> StepProgress:
        """Return the step as it ended; as failed if what must hold after a success does not."""
        if ended.phase is not Phase.SUCCEEDED or step.post_execution is None:
            return ended
        await self._effort.room_in_any_case()
        steps = {**self._state.steps, step.name: ended}
        now, random = workflow.now(), workflow.random()
        with self._effort.counted():
            broken = checks.broken_promise(step, self._start.inputs, steps, now, random)
        if broken:
            return progress.ended(ended, Phase.FAILED, broken, now, StepReason.EXPRESSION_FAILED)
        return ended

    async def _run_gate(self, step: Step) -> StepProgress:
        """Wait for people to decide, until the gate's deadline."""
        timing = primitives.timing_of(await self._evaluated(step))
        self._open_gate(step.name, await self._digest(step), timing.deadline(workflow.now()))
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
        return progress.gate_ended(self._step(step), gate, timing.on_timeout, now)

    async def _run_sleep(self, step: Step) -> StepProgress:
        duration = primitives.sleep_duration(await self._evaluated(step))
        if duration:
            until = workflow.now() + duration
            message = f"Sleeping for {format_duration(duration)}."
            self._set(progress.waiting(self._step(step), message, until))
            await workflow.sleep(duration, summary=step.name)
        return self._ended(step, Phase.SUCCEEDED, "Sleep completed.")

    async def _run_parallel(self, step: Step) -> StepProgress:
        """Run the branches, as many at once as the step allows, and join them."""
        given = await self._evaluated(step, "steps")
        most = primitives.concurrency_of(given) or MOST_IN_FLIGHT
        self._most[step.name] = most
        block = self._dag.block(step)
        steps = progress.expanded(self._state, self._step(step), block)
        self._state = self._state.model_copy(update={"steps": steps})
        self._set(progress.under_way(self._step(step), "Parallel block expanded"))
        await self._run_graph(block, most)
        branches = [self._step(branch) for branch in block]
        return progress.joined(self._step(step), branches, workflow.now())

    async def _run_stop(self, step: Step) -> StepProgress:
        """End the list that the step is in: its other steps are stopped, or never start."""
        stop = primitives.stop_of(step.name, await self._evaluated(step))
        self._stops.setdefault(self._step(step).section, stop)  # the first one ends the others
        return self._ended(step, stop.phase, stop.message)
