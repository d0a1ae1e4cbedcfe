"""Where the pods of a test say that they began, and wait until they are let go."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

_SCRIPT = "trap 'exit 143' TERM; wget -q -O /dev/null {url}/$BUBU_STEPRUN_NAME & wait $!"


class Ledger:
    """Counts how often each step was executed: a container that began has asked here.

    It cannot miss one: a container that is not answered fails.
    """

    def __init__(self) -> None:
        self.url = ""
        self.began: Counter[str] = Counter()
        """By the name of the StepRun."""
        self._held: set[str] = set()
        self._changed = asyncio.Condition()

    @property
    def script(self) -> str:
        """Return what an Engram runs to be counted."""
        return _SCRIPT.format(url=self.url)

    def hold(self, *steps: str) -> None:
        """Have these run until they are let go."""
        self._held.update(steps)

    async def let_go(self) -> None:
        """Let all of them end."""
        async with self._changed:
            self._held.clear()
            self._changed.notify_all()

    async def until_began(self, *steps: str) -> None:
        """Return once containers of all these StepRuns have begun."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.began.keys() >= set(steps))

    async def answer(self, request: web.Request) -> web.Response:
        """Note an execution, and answer when it may end."""
        step = request.match_info["step"]
        async with self._changed:
            self.began[step] += 1
            self._changed.notify_all()
            await self._changed.wait_for(lambda: step not in self._held)
        return web.Response()


@asynccontextmanager
async def keeping(host: str) -> AsyncGenerator[Ledger]:
    """Give a ledger that pods reach at that address of the machine."""
    ledger, app = Ledger(), web.Application()
    app.router.add_get("/{step}", ledger.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        ledger.url = f"http://{host}:{runner.addresses[0][1]}"
        yield ledger
    finally:
        await runner.cleanup()
