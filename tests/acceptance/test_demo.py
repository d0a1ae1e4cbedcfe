"""`runwright demo`, as a newcomer meets it."""

import asyncio
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.started import environment, processes_of, runwright, started

_README = Path(__file__).parents[2] / "README.md"
_ENDS_WITHIN: Final = 10.0


async def _left_behind(folder: Path) -> list[object]:
    """Return what is there and stays: a supervisor that only now begins ends by itself."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_ENDS_WITHIN):
            while _is_there(folder):
                await asyncio.sleep(0.01)
    return _is_there(folder)


def _is_there(folder: Path) -> list[object]:
    return [*processes_of(folder), *folder.glob("runwright-demo-*")]


def _without_numbers(line: str) -> str:
    """Return a line without what differs from one demo to the next: numbers, and a path."""
    command = r"\S*/runwright\b|\S*/python\S* -m runwright\b"
    words = re.sub(command, "runwright", line).split()
    return " ".join(re.sub(r"[\d.]+m?s?\b", "#", word) for word in words)


def _promised() -> list[str]:
    """Return the lines of the demo that the README shows."""
    shown = _README.read_text().split("$ make demo\n")[1].split("```")[0]
    return [line for line in shown.splitlines() if line != "..."]


async def test_the_demo_shows_what_the_readme_promises_and_a_person_may_approve(
    tmp_path: Path,
) -> None:
    """The command that it shows is pasted into another terminal, where nothing is set."""
    environ = environment(tmp_path, USER="ada", LOGNAME="ada")
    async with runwright("demo", environ=environ) as demo:
        pasted = (await demo.said(r"(TEMPORAL_ADDRESS=.* approve-release)$"))[1]
        async with started("/bin/sh", "-c", pasted, environ=environ) as approval:
            assert await approval.ended() == 0, approval.text
        status = await demo.ended()

    assert status == 0, demo.text
    assert re.search(r"migrate-database +1 try .* executed once", demo.text)
    assert re.search(r"security-scan +2 tries .* its first try failed", demo.text)
    assert re.search(r"approve-release .* approved by ada", demo.text)
    seen = {_without_numbers(line) for line in _as_promised(demo.text).splitlines()}
    assert [line for line in _promised() if _without_numbers(line) not in seen] == []
    assert await _left_behind(tmp_path) == []


def _as_promised(text: str) -> str:
    """Return what was seen, with what depends on a person or the machine as in the README."""
    late = r"It found the migration done meanwhile, and recorded that\."
    timely = "It adopted the migration: still try 1, still process 1."
    return re.sub(late, timely, text).replace("by ada", "by demo")


@pytest.mark.parametrize(
    ("moment", "number", "status"),
    [
        ("^.*A release", signal.SIGINT, 130),
        ("Run .* started", signal.SIGTERM, 143),
        ("security-scan: Running", signal.SIGINT, 130),
        ("kill -9", signal.SIGINT, 130),
        ("(adopted|found) the migration", signal.SIGTERM, 143),
    ],
    ids=["at once", "with a run", "with tasks", "without a worker", "with another worker"],
)
async def test_a_demo_that_is_interrupted_leaves_nothing_behind(
    tmp_path: Path, moment: str, number: signal.Signals, status: int
) -> None:
    async with runwright("demo", environ=environment(tmp_path)) as demo:
        await demo.said(moment)

        assert await demo.stopped(number) == status, demo.text

    assert await _left_behind(tmp_path) == []
