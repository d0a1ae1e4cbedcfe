"""Blocked runs hear what has come: each version once, and as long as there is hope."""

from typing import Any, Final, cast

import pytest

from adapters.kubernetes import blocked
from adapters.kubernetes.blocked import BlockedRuns
from adapters.kubernetes.story_runs import read_story_run
from runwright.errors import TemporalUnavailableError
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest
from runwright.models.runs import LookAgain
from runwright.rules.bubustack.intake import RUN_ID
from tests.unit.rules.resources import lookups, placed_engram, placed_story
from tests.unit.rules.test_hints import BLOCKED, versioned

NAME: Final = ("team", "release-1")


class _Launcher:
    """Notes which runs were told what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.is_away = False

    async def tell(self, workflow_id: str, message: object) -> None:
        """Note the message."""
        if self.is_away:
            message = "Temporal is away"
            raise TemporalUnavailableError(message)
        self.told.append((workflow_id, message))


class _Place:
    """Blocked runs, and a cluster in which one Engram comes."""

    def __init__(self) -> None:
        self.launcher = _Launcher()
        self.engrams = (versioned(placed_engram(), "7f3a", 1),)
        self.runs = BlockedRuns(cast("Any", self.launcher), self._lookups)

    def _lookups(self) -> Any:
        return lookups(placed_story(), self.engrams)

    async def attend(self, manifest: Manifest) -> int:
        """Look at a StoryRun; return how often runs were told something by then."""
        self.runs.note(NAME, manifest)
        run = read_story_run(manifest)
        assert isinstance(run, StoryRun)
        await self.runs.attend(run)
        return len(self.launcher.told)


def story_run(*, uid: str = "7f3a", phase: str = "Running", **status: Any) -> Manifest:
    """Return a StoryRun that was started, and whose step is Blocked."""
    return {
        "apiVersion": "runs.bubustack.io/v1alpha1",
        "kind": "StoryRun",
        "metadata": {
            "name": "release-1",
            "namespace": "team",
            "uid": uid,
            "annotations": {RUN_ID: "0199"},
        },
        "spec": {"storyRef": {"name": "release"}},
        "status": {
            "phase": phase,
            "conditions": [BLOCKED],
            "stepStates": {"build": {"phase": "Blocked"}},
            **status,
        },
    }


@pytest.fixture
def place() -> _Place:
    return _Place()


async def test_a_run_is_told_once_of_what_there_is(place: _Place) -> None:
    """However often it is looked at: every resync does."""
    assert [await place.attend(story_run()) for _ in range(3)] == [1, 1, 1]
    assert place.launcher.told == [("storyrun/team/release-1/7f3a", LookAgain())]


async def test_another_version_is_another_reason(place: _Place) -> None:
    await place.attend(story_run())

    place.engrams = (versioned(placed_engram(), "7f3a", 2),)

    assert await place.attend(story_run()) == 2


async def test_another_execution_and_another_run_of_the_name_are_told_anew(place: _Place) -> None:
    await place.attend(story_run(attempts=1))

    assert await place.attend(story_run(attempts=2)) == 2
    assert await place.attend(story_run(uid="9c1b")) == 3


async def test_what_could_not_be_told_is_told_later(place: _Place) -> None:
    place.launcher.is_away = True
    with pytest.raises(TemporalUnavailableError, match="away"):
        await place.attend(story_run())

    place.launcher.is_away = False

    assert await place.attend(story_run()) == 1


async def test_a_run_gets_so_many_hints_and_no_more(
    place: _Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An Engram that somebody writes all the time must not fill its history."""
    monkeypatch.setattr(blocked, "_MOST_HINTS", 3)
    for generation in range(10):
        place.engrams = (versioned(placed_engram(), "7f3a", generation),)
        await place.attend(story_run())

    assert len(place.launcher.told) == 3


def test_blocked_runs_are_known_by_their_namespace(place: _Place) -> None:
    place.runs.note(NAME, story_run())
    place.runs.note(("other", "release-1"), story_run())

    assert place.runs.within("team") == (NAME,)
    assert len(place.runs.within("")) == 2
    assert place.runs.within("nobody") == ()


@pytest.mark.parametrize(
    "now",
    [
        None,
        story_run(conditions=[]),
        story_run(conditions=[{**BLOCKED, "status": "False"}]),
        story_run(phase="Succeeded"),
    ],
    ids=["gone", "not blocked", "no longer blocked", "over"],
)
def test_a_run_that_is_not_blocked_any_more_is_forgotten(
    place: _Place, now: Manifest | None
) -> None:
    place.runs.note(NAME, story_run())

    place.runs.note(NAME, now)

    assert place.runs.within("") == ()
