"""Completions that keep what they are told, and answer as they are told to."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from runwright.errors import RunwrightError
from runwright.models.tasks import Claim, TaskNote, TaskOutcome
from runwright.ports import Answer


class Finished(NamedTuple):
    """One report of an outcome, and what it was answered."""

    claim: Claim
    outcome: TaskOutcome
    answer: Answer | RunwrightError


class Failed(NamedTuple):
    """One report that a claim failed."""

    claim: Claim
    error: RunwrightError


class Beat(NamedTuple):
    """One sign of life of a claim."""

    claim: Claim
    progress: str


class Noted(NamedTuple):
    """One word on why a task does not get on."""

    claim: Claim
    note: TaskNote


_Report = TypeVar("_Report", Finished, Failed, Beat, Noted)


class MemoryCompletions:
    """Completions without Temporal.

    `answers` are given to the reports in their order, an error by raising it; when they are used
    up every report is recorded.
    """

    def __init__(self, answers: Iterable[Answer | RunwrightError] = ()) -> None:
        self.answers: Iterator[Answer | RunwrightError] = iter(answers)
        self.finished: list[Finished] = []
        self.failed: list[Failed] = []
        self.beats: list[Beat] = []
        self.notes: list[Noted] = []
        self._changed = asyncio.Condition()

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Keep the report; return or raise the next of the answers."""
        answer = self._next()
        await self._keep(self.finished, Finished(claim, outcome, answer))
        return _given(answer)

    async def fail(self, claim: Claim, error: RunwrightError) -> Answer:
        """Keep the report; return or raise the next of the answers."""
        answer = self._next()
        await self._keep(self.failed, Failed(claim, error))
        return _given(answer)

    async def beat(self, claim: Claim, progress: str) -> Answer:
        """Keep the sign of life; return or raise the next of the answers."""
        answer = self._next()
        await self._keep(self.beats, Beat(claim, progress))
        return _given(answer)

    async def note(self, claim: Claim, note: TaskNote) -> Answer:
        """Keep the note; it is always recorded."""
        await self._keep(self.notes, Noted(claim, note))
        return Answer.RECORDED

    async def outcome(self, claim: Claim) -> TaskOutcome:
        """Wait until an outcome of the claim is recorded, and return it."""
        async with self._changed:
            while (recorded := self._recorded(claim)) is None:
                await self._changed.wait()
            return recorded

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds of what was reported."""
        async with self._changed:
            await self._changed.wait_for(condition)

    def _recorded(self, claim: Claim) -> TaskOutcome | None:
        return next(
            (
                report.outcome
                for report in self.finished
                if report.claim == claim and report.answer is Answer.RECORDED
            ),
            None,
        )

    def _next(self) -> Answer | RunwrightError:
        return next(self.answers, Answer.RECORDED)

    async def _keep(self, reports: list[_Report], report: _Report) -> None:
        async with self._changed:
            reports.append(report)
            self._changed.notify_all()


def _given(answer: Answer | RunwrightError) -> Answer:
    if isinstance(answer, RunwrightError):
        raise answer
    return answer
