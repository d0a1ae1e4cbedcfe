"""What a worker answers about Promises that serves none: one that does has to take it up."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from runwright.errors import NoWorkerError

Refusal = Callable[..., Awaitable[NoReturn]]


class Unserved:
    """Any port of Kratix's, each call of which is refused for now.

    A workflow may come to such a worker where several share a queue. Without these its task would
    fail, for an activity that a worker does not have cannot be asked within it.
    """

    def __getattr__(self, name: str) -> Refusal:
        """Return a method that refuses."""

        async def refuse(*_: Any, **__: Any) -> NoReturn:
            message = (
                f"{name}: this worker serves no Promises (RUNWRIGHT_KRATIX); one that does is asked"
            )
            raise NoWorkerError(message)

        return refuse
