"""Runs in states that the command line has to show."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType

from runwright.client import View
from runwright.models.story_run import StoryRunState

START = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
NOW = START + timedelta(seconds=65)


def at(seconds: float) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(seconds=seconds)


def step(name: str, **fields: Any) -> dict[str, Any]:
    """Return a step of the main section that an Engram does."""
    return {"name": name, "section": "steps", "type": "engram", **fields}


BUILT = step("build", phase="Succeeded", started_at=at(0), finished_at=at(4.2), tries=1, task="b")
GATE = step("sign-off", type="gate", phase="Paused", started_at=at(5), deadline=at(3600))
TO_COME = step("ship")
HOOK = {**step("notify"), "section": "finally"}
OPEN_GATE = {"name": "sign-off", "activation": 1, "opened_at": at(5), "deadline": at(3600)}
FAILED = step(
    "ship",
    phase="Failed",
    started_at=at(5),
    finished_at=at(17),
    tries=2,
    max_tries=2,
    task="release-1-ship",
    message="Exited with 3.",
    diagnosis={
        "category": "exit-code",
        "summary": "the command failed",
        "detail": "exit code 3",
        "resolution": "read the log of this try",
    },
)
PARENT = {"name": "web-1", "step": "call", "workflow_id": "storyrun/default/web-1/local"}
SKIPPED = step("announce", phase="Skipped", message="Skipped: ship failed")


def state(*steps: dict[str, Any], **fields: Any) -> StoryRunState:
    """Return the state of run release-1."""
    return StoryRunState.model_validate(
        {
            "namespace": "default",
            "name": "release-1",
            "story": "release",
            "activation": 1,
            "author": "ada",
            "started_at": START,
            "steps": {one["name"]: one for one in steps},
            **fields,
        }
    )


WAITING = state(BUILT, GATE, TO_COME, HOOK, gates={"sign-off": OPEN_GATE})
BROKEN = state(
    BUILT,
    FAILED,
    SKIPPED,
    phase="Failed",
    reason="DependencyFailed",
    message="Story completed with failed step: ship.",
    finished_at=at(20),
)


def view(shown: StoryRunState, *troubles: dict[str, Any]) -> View:
    """Return a view of a run."""
    return View.model_validate({"state": shown, "troubles": troubles})


def console(encoding: str = "utf-8") -> Console:
    """Return a terminal of 100 columns without colours."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    return Console(file=stream, width=100, no_color=True, highlight=False, markup=False)


def rendered(shown: RenderableType, terminal: Console) -> str:
    """Return what a terminal shows, without the blanks at the ends of lines."""
    with terminal.capture() as capture:
        terminal.print(shown)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"
