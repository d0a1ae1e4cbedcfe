"""How commands end on signals."""

import signal
import sys
from pathlib import Path
from typing import Final

from tests.acceptance.started import environment, started

_STUBBORN: Final = """
import asyncio
from runwright.cli.signals import stopping

async def main():
    with stopping() as stop:
        stop.at_once(lambda: print("at once", flush=True))
        print("ready", flush=True)
        await stop.wait()
        print("stopping", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
_CLEAN: Final = """
import asyncio
from runwright.cli.signals import unless_signalled

async def work():
    try:
        print("ready", flush=True)
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, input)
        print("clean", flush=True)

raise SystemExit(asyncio.run(unless_signalled(work())))
"""


async def test_who_is_in_a_hurry_signals_twice(tmp_path: Path) -> None:
    """The first signal asks; the second does not wait for the answer."""
    command = (sys.executable, "-c", _STUBBORN)
    async with started(*command, environ=environment(tmp_path)) as stubborn:
        await stubborn.said("ready")
        stubborn.process.send_signal(signal.SIGINT)
        await stubborn.said("stopping")

        status = await stubborn.stopped(signal.SIGINT)

    assert (status, stubborn.lines[-1]) == (130, "at once\n")


async def test_what_cleans_up_is_not_disturbed_by_further_signals(tmp_path: Path) -> None:
    command = (sys.executable, "-c", _CLEAN)
    async with started(*command, environ=environment(tmp_path), stdin=True) as clean:
        await clean.said("ready")
        clean.process.send_signal(signal.SIGTERM)
        await clean.said("cleaning")
        clean.process.send_signal(signal.SIGINT)
        await clean.answer("\n")

        status = await clean.ended()

    assert (status, clean.lines[-1]) == (143, "clean\n")
