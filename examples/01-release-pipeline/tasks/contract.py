"""What a task and its step say to each other: input, output, and here a journal of beginnings."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def begin() -> dict[str, Any]:
    """Return the step's input, having written into the journal that the task has begun."""
    given: dict[str, Any] = json.loads(os.environ["BUBU_STEP_CONFIG"])
    if journal := given.get("journal"):
        line = f"{os.environ['BUBU_STEP_NAME']} try={os.environ['RUNWRIGHT_TRY']} pid={os.getpid()}"
        with Path(journal).open("a") as file:
            file.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    return given


def put_out(**output: Any) -> None:
    """Write the step's output, for the steps that come after."""
    Path(os.environ["RUNWRIGHT_OUTPUT"]).write_text(json.dumps(output))


def say(line: str) -> None:
    """Write a line of the task's log."""
    print(line, flush=True)
