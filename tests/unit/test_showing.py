"""How an update goes into a cluster: a few objects at a time, and none twice."""

import asyncio
from collections.abc import Iterable

import pytest

from activities.showing import Showing
from runwright.errors import ClusterUnavailableError, RefusedError, RunwrightError
from runwright.models.objects import ObjectEvent, ObjectKey, StatusPatch, StatusUpdate


class _Mirror:
    """Notes what it was told to show, by the names of the objects."""

    def __init__(self, trouble: dict[str, RunwrightError] | None = None) -> None:
        self.shown: list[str] = []
        self.at_once = self.most_at_once = 0
        self.trouble = trouble or {}

    async def show(self, update: StatusUpdate) -> None:
        """Take a moment, then note it or raise what was to be raised."""
        (name,) = _names_of(update)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if error := self.trouble.get(name):
            raise error
        self.shown.append(name)


def _names_of(update: StatusUpdate) -> Iterable[str]:
    yield from (patch.object.name for patch in update.patches)
    yield from (event.reason for event in update.events)


def update_of(steps: int, *events: str) -> StatusUpdate:
    """Return the update of a run and of so many of its steps."""
    known = {"api_version": "runs.bubustack.io/v1alpha1", "namespace": "shop"}
    run = ObjectKey(kind="StoryRun", name="run", uid="7f3a", **known)
    parts = [
        ObjectKey(kind="StepRun", name=f"s{number}", owner="7f3a", **known)
        for number in range(steps)
    ]
    return StatusUpdate(
        patches=tuple(StatusPatch(object=key, status={}) for key in (run, *parts)),
        events=tuple(ObjectEvent(object=run, reason=event, message="") for event in events),
    )


async def test_a_run_is_written_after_its_steps_and_its_events_come_last() -> None:
    """Who waits for the end of a run finds the ends of its steps."""
    mirror = _Mirror()

    await Showing(mirror, update_of(3, "First", "Second")).run()

    assert sorted(mirror.shown[:3]) == ["s0", "s1", "s2"]
    assert mirror.shown[3:] == ["run", "First", "Second"]


async def test_the_steps_of_a_wide_run_are_written_some_at_once() -> None:
    mirror = _Mirror()

    await Showing(mirror, update_of(50)).run()

    assert (len(mirror.shown), mirror.most_at_once) == (51, 8)


async def test_what_was_shown_is_not_shown_by_the_next_attempt() -> None:
    """However wide a run is, each attempt brings it nearer to the end."""
    mirror, update = _Mirror({"s40": ClusterUnavailableError("patch status: away")}), update_of(50)
    first = Showing(mirror, update)

    with pytest.raises(ClusterUnavailableError, match="away"):
        await first.run()
    mirror.trouble.clear()
    await Showing(mirror, update, first.progress()).run()

    assert first.progress()
    assert sorted(mirror.shown) == sorted(_names_of(update))


async def test_what_is_refused_keeps_nothing_else_from_being_shown() -> None:
    mirror = _Mirror({"s0": RefusedError("patch status: HTTP 422")})
    showing = Showing(mirror, update_of(2, "Told"))

    with pytest.raises(RefusedError, match="HTTP 422"):
        await showing.run()

    assert mirror.shown == ["s1", "run", "Told"]
    assert len(showing.progress()) == 3
