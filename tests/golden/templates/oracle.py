"""Go's own answer to what a template comes to."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parent
_CHUNK: Final = 200
"""Questions on their way at once: less than a pipe holds of answers."""


class Question(NamedTuple):
    """A template for Go, and what an object does that lacks a key: zero, error or default."""

    template: str
    data: Mapping[str, Any]
    missing: str = "zero"
    plain: bool = False
    """Whether only the functions of text/template are there."""


class Answer(NamedTuple):
    """What the template came to; where it failed, at which stage, and why."""

    result: str = ""
    failed: str = ""
    detail: str = ""


def lines_of(name: str) -> Iterator[str]:
    """Yield the lines of a file beside this one, but not its comments."""
    for line in (FOLDER / name).read_text().split("\n"):
        if line and not line.startswith("#"):
            yield line


def build(folder: Path) -> Path:
    """Return the program, built into a folder."""
    program = folder / "templates"
    subprocess.run(["go", "build", "-o", program, "."], cwd=FOLDER, check=True)
    return program


def answers(program: Path, questions: Iterable[Question]) -> Iterator[tuple[Question, Answer]]:
    """Yield every question with Go's answer."""
    pending = list(questions)
    environ = {**os.environ, "TZ": "UTC"}
    for start in range(0, len(pending), _CHUNK):
        chunk = pending[start : start + _CHUNK]
        lines = "".join(f"{json.dumps(one._asdict())}\n" for one in chunk)
        done = subprocess.run(
            [program], input=lines, capture_output=True, check=True, text=True, env=environ
        )
        # Not splitlines(), which would also split where JSON has a line separator in a text.
        for asked, line in zip(chunk, done.stdout.split("\n"), strict=False):
            yield asked, Answer(**json.loads(line))
