"""Running other programs."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testbed.errors import CommandError

_ADMIN_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"
_SHOWN: Final = 2000


def search_path() -> str:
    """Return the PATH with the folders of an administrator's programs, which many users lack."""
    return f"{os.environ.get('PATH', os.defpath)}:{_ADMIN_FOLDERS}"


def run(
    *words: str | Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Return what a command printed; it reads `text`, and runs in `folder`.

    Raises:
        CommandError: it ended with an error, or is not there.
    """
    try:
        ended = subprocess.run(  # noqa: S603 - our own words, and no shell
            words,
            input=text,
            env={**os.environ, "PATH": search_path(), **(environ or {})},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        message = f"run {words[0]}: {error.strerror}"
        raise CommandError(message) from error
    if ended.returncode:
        called = " ".join(map(str, words))
        message = f"{called}: exit status {ended.returncode}: {ended.stderr.strip()[-_SHOWN:]}"
        raise CommandError(message)
    return ended.stdout
