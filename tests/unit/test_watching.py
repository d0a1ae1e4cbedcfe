"""Following a run through changes, silence and its end."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from runwright.client import Away, Missing, NoWorkerError, View, changes
from runwright.errors import (
    ClusterUnavailableError,
    NotFoundError,
    RunwrightError,
    TemporalUnavailableError,
)
from runwright.models.story_run import StoryRunState

NO_TIME = timedelta(milliseconds=1)


def view(message: str) -> View:
    return View(
        state=StoryRunState(
            namespace="default",
            name="release-1",
            story="release",
            activation=1,
            message=message,
            started_at=datetime(2026, 5, 4, tzinfo=UTC),
        )
    )


class ScriptedRun:
    """A run that answers what the script says, and is over after its last line."""

    def __init__(self, script: Sequence[View | RunwrightError]) -> None:
        self._script = list(script)
        self._over = asyncio.Event()

    async def view(self) -> View:
        """Answer the next line; the last one stays."""
        answer = self._script[0]
        if len(self._script) > 1:
            self._script.pop(0)
        else:
            self._over.set()
        if isinstance(answer, RunwrightError):
            raise answer
        return answer

    async def wait(self) -> StoryRunState:
        """Return once the last line was read."""
        await self._over.wait()
        return view("").state


async def seen(*script: View | RunwrightError) -> list[str]:
    return [
        one.missing if isinstance(one, Away) else one.state.message
        async for one in changes(ScriptedRun(script), NO_TIME)
    ]


async def test_a_view_is_given_only_when_it_changed() -> None:
    assert await seen(view("a"), view("a"), view("b"), view("b")) == ["a", "b"]


async def test_silence_is_told_once_and_survived() -> None:
    no_worker, no_server = NoWorkerError("none"), TemporalUnavailableError("gone")
    no_cluster = ClusterUnavailableError("away")

    told = await seen(view("a"), no_worker, no_worker, no_server, no_cluster, view("a"), view("b"))

    assert told == ["a", Missing.WORKER, Missing.TEMPORAL, Missing.CLUSTER, "a", "b"]


async def test_silence_lasts_since_its_first_unanswered_question() -> None:
    run = ScriptedRun([NoWorkerError("none"), TemporalUnavailableError("gone"), view("a")])

    away = [one async for one in changes(run, NO_TIME) if isinstance(one, Away)]

    assert away[0].since == away[1].since


async def test_a_run_that_does_not_exist_is_no_silence() -> None:
    with pytest.raises(NotFoundError, match="no run"):
        await seen(NotFoundError("there is no run default/release-1"))
