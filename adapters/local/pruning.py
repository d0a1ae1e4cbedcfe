"""Removing what is left of local tasks that nobody will look at any more."""

import shutil
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path


def prune(state: Path, kept: timedelta) -> int:
    """Remove the tries that have been done for longer than `kept`; return how many there were.

    Raises:
        OSError: the state folder cannot be read.
    """
    limit = time.time() - kept.total_seconds()
    done = state / "tasks" / "done"
    old = [path for path in done.glob("*/*") if path.stat().st_mtime < limit]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    for folder in {path.parent for path in old}:
        with suppress(OSError):  # it holds younger ones
            folder.rmdir()
    return len(old)
