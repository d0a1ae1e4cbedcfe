"""Following a page of the documentation, as a reader at a terminal does."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.acceptance.pages import ROOT, Block, Command, blocks_of, commands_of

_ENDS_WITHIN: Final = 60


class Desk(NamedTuple):
    """Where a reader sits."""

    folder: Path
    environ: Mapping[str, str]
    ends_within: float = _ENDS_WITHIN
    """Seconds that each command gets."""
    images: Mapping[str, str] = {}
    """What stands for images that the files of a page name, where those are not to be had."""


def follow(page: Path, desk: Desk) -> None:
    """Write each file of a page, execute each command, and compare what it is to say.

    In the order of the page, without what is only to be checked.
    """
    for block in blocks_of(page):
        if block.file_name:
            (desk.folder / block.file_name).write_text(_text_of(block, desk))
        elif block.is_only_checked:
            continue
        elif block.language == "console":
            for command in commands_of(block):
                _try_out(command, desk)
        elif block.language == "python":
            (desk.folder / "example.py").write_text(block.text)
            _try_out(Command(f"'{sys.executable}' example.py", frozenset({0}), ()), desk)


def _text_of(block: Block, desk: Desk) -> str:
    text = block.text
    for name, there in desk.images.items():
        text = text.replace(f"image: {name}\n", f"image: {there}\n")
    return text


def _try_out(command: Command, desk: Desk) -> None:
    done = subprocess.run(
        ["bash", "-c", command.line],
        cwd=desk.folder,
        env={**desk.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        text=True,
        timeout=desk.ends_within,
    )
    assert done.returncode in command.statuses, f"{command.line}\n{done.stdout}{done.stderr}"
    for line in command.said:
        assert line in done.stdout.splitlines(), f"{command.line}\n{done.stdout}"
