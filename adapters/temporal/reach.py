"""Whether Temporal still answers, for a process that is connected to it."""

import asyncio
from datetime import timedelta
from typing import Final, NoReturn

from temporalio.client import Client
from temporalio.service import RPCError

_ANSWER_WITHIN: Final = timedelta(seconds=5)
_LOOK_EVERY: Final = timedelta(seconds=10)


class TemporalReach:
    """Asks Temporal every so often how it is, and keeps what came of it last."""

    def __init__(self, client: Client, every: timedelta = _LOOK_EVERY) -> None:
        self._client = client
        self._every = every.total_seconds()
        self._trouble = ""

    def trouble(self) -> list[str]:
        """Return a line on what is wrong, and none while nothing is."""
        return [self._trouble] if self._trouble else []

    async def run(self) -> NoReturn:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(self._every)

    async def ask(self) -> None:
        """Ask once."""
        service = self._client.service_client
        try:
            serves = await service.check_health(timeout=_ANSWER_WITHIN)
            said = "" if serves else "it does not serve now"
        except RPCError as error:
            said = f"{error.status.name} {error.message}"[:256]
        self._trouble = f"Temporal at {service.config.target_host}: {said}" if said else ""
