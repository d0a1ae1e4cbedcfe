"""Tests of one cluster, in several processes: which of them may run at the same time."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from testbed.locking import locked

_DOOR: Final = "runwright-tests.door"
_ROOM: Final = "runwright-tests.room"


@contextmanager
def turn(*, alone: bool) -> Generator[None]:
    """Wait until a test may run: beside others, or alone.

    Who waits to be alone holds the door, or the others would never all be through.
    """
    folder = Path(tempfile.gettempdir())
    with ExitStack() as held:
        with locked(folder / _DOOR):
            held.enter_context(locked(folder / _ROOM, shared=not alone))
        yield
