"""Tasks that only pretend to run: their outcomes are written down beforehand, or told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from runwright.errors import NotFoundError, NotOursError, TransientError
from runwright.models.tasks import Claim, OutcomeReason, Task, TaskKey, TaskOutcome
from runwright.ports import Answer, Completions

_STOPPED: Final = TaskOutcome(succeeded=False, reason=OutcomeReason.STOPPED)


def succeeded(output: Mapping[str, Any] | None = None) -> TaskOutcome:
    """Return the outcome of a task that ended with exit code 0 and this output."""
    return TaskOutcome(
        succeeded=True, reason=OutcomeReason.COMPLETED, exit_code=0, output=dict(output or {})
    )


def exited(exit_code: int) -> TaskOutcome:
    """Return the outcome of a task that ended with this exit code, which is not 0."""
    return TaskOutcome(
        succeeded=False,
        reason=OutcomeReason.EXITED,
        message=f"exit code {exit_code}",
        exit_code=exit_code,
    )


@dataclass
class _Try:
    key: TaskKey
    claim: Claim | None
    outcome: TaskOutcome | None = None
    was_started: bool = True
    is_forgotten: bool = False

    @property
    def is_running(self) -> bool:
        return self.outcome is None


class MemoryTasks:
    """The task runner without a backend.

    `outcomes` says by `namespace/name` how tasks end: one outcome for every try, or one for each
    try in turn, the last of them also for those after it; what is not named succeeds with `{}`.
    With `immediate` a task is over when it starts; else it runs until `end` is called.
    """

    def __init__(
        self,
        completions: Completions,
        outcomes: Mapping[str, TaskOutcome | Iterable[TaskOutcome]] | None = None,
        *,
        immediate: bool = False,
    ) -> None:
        self.started: list[str] = []
        """What was executed, as `namespace/name`, once for each try."""
        self.executed: list[TaskKey] = []
        """The same as keys."""
        self.stopped: list[str] = []
        """What was ended by a stop while it ran."""
        self.ends_while_stopped: dict[str, TaskOutcome] = {}
        """How tasks, as `namespace/name`, end by themselves just when they are told to stop."""
        self._completions = completions
        self._immediate = immediate
        self._script = {
            name: (scripted,) if isinstance(scripted, TaskOutcome) else tuple(scripted)
            for name, scripted in (outcomes or {}).items()
        }
        self._tries: dict[TaskKey, _Try] = {}

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Pretend to run the task, or adopt the try that there is.

        Raises:
            NotOursError: another run's task of that name is running.
        """
        found = self._tries.get(task.key)
        if found is None:
            found = await self._create(task.key, claim)
        elif found.claim is None or found.claim.since < claim.since:
            found.claim = claim
        return found.outcome

    async def exists(self, key: TaskKey) -> bool:
        """Return whether this very try was started or barred."""
        return key in self._tries

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:  # noqa: ARG002 - nothing resists
        """End the task at once; None if it never started, and now never will."""
        found = self._tries.setdefault(
            key, _Try(key, claim=None, outcome=_STOPPED, was_started=False)
        )
        if found.is_running:
            self.stopped.append(_name(key))
            await self._end(found, self.ends_while_stopped.get(_name(key), _STOPPED))
        return found.outcome if found.was_started else None

    async def forget(self, key: TaskKey) -> None:
        """Report the try no more; it is not started again all the same."""
        found = self._tries.get(key)
        if found is not None and not found.is_running:
            found.is_forgotten = True

    async def end(self, name: str, outcome: TaskOutcome | None = None) -> Answer:
        """Let the running task `namespace/name` end by itself, as told or as written down.

        The answer is that of its claim; STALE also when the claim could not be told.

        Raises:
            NotFoundError: no task of that name is running.
        """
        for found in self._tries.values():
            if _name(found.key) == name and found.is_running:
                return await self._end(found, outcome or self._scripted(name))
        message = f"task {name} is not running"
        raise NotFoundError(message)

    async def resync(self) -> None:
        """Report again what ended and is not recorded."""
        for found in list(self._tries.values()):
            if found.outcome is not None and not found.is_forgotten:
                await self._report(found, found.outcome)

    def is_kept(self, key: TaskKey) -> bool:
        """Return whether the try is kept as evidence, running or not recorded yet."""
        return key in self._tries and not self._tries[key].is_forgotten

    async def _create(self, key: TaskKey, claim: Claim) -> _Try:
        others = [t for t in self._tries.values() if _name(t.key) == _name(key)]
        ours = [t for t in others if t.key.workflow_id == key.workflow_id]
        if any(other.is_running and other not in ours for other in others):
            message = f"start {_name(key)}: another run's is running"
            raise NotOursError(message)
        if any(_is_later(other, key, claim) for other in ours):
            barred = _Try(key, claim, outcome=_STOPPED, was_started=False)
            return self._tries.setdefault(key, barred)
        created = self._tries.setdefault(key, _Try(key, claim))
        for older in ours:
            await self.stop(older.key, timedelta())
            await self.forget(older.key)
        self.started.append(_name(key))
        self.executed.append(key)
        if self._immediate:
            created.outcome = self._scripted(_name(key))
        return created

    async def _end(self, found: _Try, outcome: TaskOutcome) -> Answer:
        found.outcome = outcome
        return await self._report(found, outcome)

    async def _report(self, found: _Try, outcome: TaskOutcome) -> Answer:
        while found.claim is not None:
            claim = found.claim
            try:
                answer = await self._completions.finish(claim, outcome)
            except TransientError:
                return Answer.STALE  # kept, like that, until the next resync
            if answer.is_final:
                found.is_forgotten = True
                return answer
            if found.claim == claim:
                return answer
        return Answer.GONE

    def _scripted(self, name: str) -> TaskOutcome:
        script = self._script.get(name) or (succeeded(),)
        return script[min(self.started.count(name), len(script)) - 1]


def _name(key: TaskKey) -> str:
    return f"{key.namespace}/{key.name}"


def _is_later(other: _Try, key: TaskKey, claim: Claim) -> bool:
    """Return whether the other try belongs after the one that is claimed."""
    if other.key.execution == key.execution:
        return other.key.order > key.order
    return other.claim is not None and other.claim.since > claim.since
