"""What the linter lets no workflow ask of the machine: a replay has to come to the same."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]


def refused(module: str, line: str) -> bool:
    """Return whether the linter refuses that line in a module of that name."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    linted = subprocess.run(
        [*command, "--stdin-filename", module, "-"],
        cwd=ROOT,
        input=line,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.stdout, linted.stderr
    return " TID251 " in linted.stdout


@pytest.mark.parametrize(
    "module",
    [
        "workflows/new.py",
        "activities/new.py",
        "runwright/rules/kratix/new.py",
        "runwright/models/kratix/new.py",
        "runwright/ports/new.py",
        "runwright/errors.py",
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from time import monotonic",
        "from datetime import UTC, datetime; datetime.now(UTC)",
        "import random; random.shuffle([])",
        "from uuid import uuid4; uuid4()",
        "import asyncio; asyncio.wait([])",
        "from threading import Thread",
    ],
)
def test_what_a_workflow_executes_cannot_ask_the_machine(module: str, line: str) -> None:
    """The sandbox shares these modules with all runs, and restricts none of what they import."""
    assert refused(module, line)


def test_what_runs_outside_of_workflows_may() -> None:
    assert not refused("adapters/local/new.py", "import os, time, uuid; uuid.uuid4()")


@pytest.mark.parametrize(
    "line", ["from datetime import datetime, timedelta", "from random import Random", "import uuid"]
)
def test_a_workflow_may_reckon_with_times_and_seeded_numbers(line: str) -> None:
    assert not refused("workflows/new.py", line)
