"""What happens in the demo, and what is said about it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from typing import Final

from rich.text import Text

from adapters.local import supervisor
from runwright.cli.demo_screen import Screen
from runwright.cli.demo_stage import Stage
from runwright.cli.marks import word
from runwright.client import NoWorkerError, Run, RunwrightClient, View, changes
from runwright.errors import RefusedError
from runwright.models.bubustack import Phase
from runwright.models.gates import GateOutcome
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.rules.times import lasting

_LONG: Final = "migrate-database"
_FLAKY: Final = "security-scan"
_GATE: Final = "approve-release"
_PATIENCE: Final = 5
"""Seconds that a person gets for the gate."""
_DRAMA: Final = 3.0
"""Seconds within which the task without a worker should have said another line."""
_LOOK_EVERY: Final = 0.05


class Play:
    """One performance."""

    def __init__(self, stage: Stage, screen: Screen, command: str) -> None:
        self._stage = stage
        self._screen = screen
        self._command = command
        self._state: StoryRunState | None = None
        self._changed = asyncio.Condition()

    @property
    def inputs(self) -> dict[str, str]:
        """What the run needs besides its manifest."""
        return {"journal": str(self._stage.journal)}

    async def perform(self, client: RunwrightClient, start: StartStoryRun) -> StoryRunState:
        """Play it, and return how the run ended."""
        say, stage = self._screen.say, self._stage
        say(f"Temporal's UI, while this runs: {stage.server.ui}", "cyan")
        worker = await stage.start_worker()
        say(f"Worker {worker} started.")
        run = await client.start(start)
        say(f"Run {run.namespace}/{run.name} started.")
        watching = asyncio.create_task(self._watch(run))
        try:
            task = await stage.while_worker_lives(self._until_in_the_middle())
            await self._kill(worker, task)
            worker = await stage.start_worker()
            say(f"Worker {worker} started.")
            return await stage.while_worker_lives(self._second_act(run, task))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def remarks(self, state: StoryRunState) -> Mapping[str, str]:
        """Return what is worth saying of the steps at the end."""
        times = len(self._stage.journaled(_LONG))
        counted = {0: "not executed", 1: "executed once"}.get(times, f"executed {times} times")
        scan = state.steps[_FLAKY]
        return {
            _FLAKY: "its first try failed" if scan.tries > 1 else "",
            _LONG: f"{counted}, while its worker was killed and replaced",
            _GATE: _decision(state),
        }

    def went_as_it_may(self, state: StoryRunState) -> bool:
        """Return whether nothing failed but what a person rejected."""
        rejected = state.gates[_GATE].outcome is GateOutcome.REJECTED
        return state.phase is Phase.SUCCEEDED or rejected

    async def _watch(self, run: Run) -> None:
        async with aclosing(changes(run)) as seen:
            async for one in seen:
                if isinstance(one, View):
                    await self._see(one.state)

    async def _see(self, state: StoryRunState) -> None:
        self._screen.show(state)
        async with self._changed:
            self._state = state
            self._changed.notify_all()

    async def _until(self, holds: Callable[[StoryRunState], bool]) -> StoryRunState:
        async with self._changed:
            while self._state is None or not holds(self._state):
                await self._changed.wait()
            return self._state

    async def _until_in_the_middle(self) -> int:
        """Return the pid of the long task, once it has begun and works."""
        await self._until_said(2)
        return self._stage.journaled(_LONG)[0]

    async def _until_said(self, lines: int) -> None:
        """Wait until the long task has said so many lines; show the last one."""
        while len(said := self._stage.said(_LONG)) < lines:
            await asyncio.sleep(_LOOK_EVERY)
            self._screen.note(f"{_LONG}: {said[-1]}" if said else "")

    async def _kill(self, worker: int, task: int) -> None:
        say, stage = self._screen.say, self._stage
        so_far = len(stage.said(_LONG))
        say(f"kill -9 {worker}", "bold red")
        await stage.kill_worker()
        say(f"Worker {worker} is dead. Nobody looks after the run now.", "red")
        if supervisor.process_start(task):
            say(f"But the migration is not: process {task} works on, under its own supervisor.")
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAMA):
                await self._until_said(so_far + 1)
        for line in stage.said(_LONG)[so_far:]:
            say(f"  process {task}: {line}")

    async def _second_act(self, run: Run, task: int) -> StoryRunState:
        await self._adopted(run, task)
        state = await self._until(lambda s: s.finished_at is not None or bool(s.pending_gates))
        if state.finished_at is None:
            await self._decide(run)
        return await self._until(lambda state: state.finished_at is not None)

    async def _adopted(self, run: Run, task: int) -> None:
        state = await _answered(run)
        await self._see(state)
        if state.steps[_LONG].is_running and supervisor.process_start(task):
            self._screen.say(
                f"It adopted the migration: still try {state.steps[_LONG].tries}, "
                f"still process {task}.",
                "green",
            )
        else:
            self._screen.say("It found the migration done meanwhile, and recorded that.", "green")
        while self._stage.said(_LONG):
            self._screen.note(f"{_LONG}: {self._stage.said(_LONG)[-1]}")
            await asyncio.sleep(_LOOK_EVERY)
        self._screen.note("")

    async def _decide(self, run: Run) -> None:
        """Leave the gate to a person for some seconds; then approve it."""
        address = self._stage.server.grpc
        self._screen.say("The release needs an approval. In another terminal you may:", "yellow")
        self._screen.say(
            f"  TEMPORAL_ADDRESS={address} {self._command} approve {run.name} {_GATE}", "bold"
        )
        self._screen.say(f"If nobody does within {_PATIENCE} s, the demo does.")
        for left in range(_PATIENCE, 0, -1):
            self._screen.note(f"{_GATE}: {left} s")
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._until(lambda state: not state.pending_gates)
                    break
        else:
            with suppress(RefusedError):  # a person was quicker
                await run.approve(_GATE, by="demo", comment="nobody else did")
        self._screen.note("")


async def _answered(run: Run) -> StoryRunState:
    """Return the run's state, once a worker tells it."""
    while True:
        with suppress(NoWorkerError):
            return await run.state()


def _decision(state: StoryRunState) -> str:
    gate = state.gates[_GATE]
    said = [f"{decision.verdict}d by {decision.by or 'somebody'}" for decision in gate.decisions]
    return ", ".join(said).replace("rejectd", "rejected") or str(gate.outcome or "")


def closing_words(state: StoryRunState, command: str, example: str) -> Iterator[Text]:
    """Yield what is said when all is over: how it went, and what to try next."""
    took = lasting(state.finished_at - state.started_at) if state.finished_at else ""
    yield Text()
    yield Text(f"Run {state.namespace}/{state.name}: {word(state.phase)} after {took}.", "bold")
    yield Text()
    yield Text("Next, with everything kept under your own account:")
    yield Text(f"  {command} dev")
    yield Text(f"  {command} start {example} --wait     (in another terminal)")
    yield Text(f"What ran is in {example}; start with its README.md.")
