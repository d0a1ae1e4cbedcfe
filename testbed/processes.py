"""Whether processes have ended, whoever their parent is."""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

import psutil

from testbed.waiting import until


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process has ended, reaped or not.

    One that was killed is a zombie at once, and has its ports until its last thread is gone.
    """
    with suppress(
        ChildProcessError
    ):  # not ours: the first process of the machine reaps it, some day
        os.waitpid(process.pid, os.WNOHANG)
    try:
        if not process.is_running():
            return True
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
    except psutil.NoSuchProcess:
        return True


def wait_for_end(processes: Iterable[psutil.Process], within: float) -> None:
    """Return when all have ended; `within` is in seconds.

    Raises:
        UnavailableError: one has not.
    """
    for process in processes:
        until(partial(has_ended, process), within, f"the end of process {process.pid}")
