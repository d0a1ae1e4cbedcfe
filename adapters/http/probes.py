"""Probes: whether the process should be let live, and whether it can do its work."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

from aiohttp import web

from runwright.errors import InvalidSettingsError
from runwright.models.addresses import Address

Reasons = Callable[[], Sequence[str]]
"""What speaks against a good answer, a line each; asked at each probe, so it must not wait."""
_JSON: Final = "application/json"
_ASKED_AGAIN: Final = {"Cache-Control": "no-store"}
_ENDS_WITHIN: Final = 1.0
"""Seconds that answers under way get; who asks here asks again."""


@asynccontextmanager
async def probing(address: Address, alive: Reasons, ready: Reasons) -> AsyncGenerator[Address]:
    """Answer at `/healthz` and `/readyz`; give the address, where port 0 asked for a free one.

    `alive` lists why the process should be ended, `ready` what it lacks to do its work. Without a
    reason the answer is 200, else 503 with all of them: as text, or as JSON for who accepts that
    rather than text.

    Raises:
        InvalidSettingsError: nobody can listen at that address.
    """
    app = web.Application()
    app.router.add_get("/healthz", _answering("ok", alive))
    app.router.add_get("/readyz", _answering("ready", ready))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_ENDS_WITHIN)
    await runner.setup()
    try:
        yield await _listening(runner, address)
    finally:
        await runner.cleanup()


async def _listening(runner: web.AppRunner, address: Address) -> Address:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        message = f"listen for probes at {address}: {why}"
        raise InvalidSettingsError(message) from error
    host, port, *_ = runner.addresses[0]
    return Address(host, port)


def _answering(good: str, against: Reasons) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        reasons = against()
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        if _wants_json(request):
            told = {"status": f"not {good}" if reasons else good, "reasons": list(reasons)}
            return web.json_response(told, status=status, headers=_ASKED_AGAIN)
        return web.Response(
            text="\n".join([*(reasons or [good]), ""]), status=status, headers=_ASKED_AGAIN
        )

    return answer


def _wants_json(request: web.Request) -> bool:
    """Return whether JSON is accepted by name, and text is not: a browser accepts anything."""
    accepted = request.headers.get("Accept", "")
    return _JSON in accepted and "text/" not in accepted
