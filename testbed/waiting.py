"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import Final

from testbed.errors import UnavailableError

_PAUSE: Final = 0.05


def until(happened: Callable[[], bool], within: float, what: str) -> None:
    """Return when `happened` says so; `within` is in seconds.

    Raises:
        UnavailableError: it did not, with `what` that is.
    """
    end = time.monotonic() + within
    while not happened():
        if time.monotonic() > end:
            message = f"{what}: not within {within:.0f} s"
            raise UnavailableError(message)
        time.sleep(_PAUSE)
