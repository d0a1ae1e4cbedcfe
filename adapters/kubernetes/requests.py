"""One request to an API server: what it asks for, and how long it may take."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from io import BytesIO
from typing import Final, NamedTuple
from urllib.parse import urlencode

import aiohttp
from pydantic_core import to_json

from adapters.kubernetes.connection import Connection

ANSWER_WITHIN: Final = 10.0
"""Seconds that one object may take."""
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
"""Of which JSON is a part."""
_JSON: Final = "application/json"
_AGENT: Final = f"runwright/{version('runwright')}"
_LARGE: Final = 1024 * 1024
"""Bytes."""
_SILENCE: Final = 130.0
"""Seconds. Every minute an API server sends a bookmark at least; one that does not is dead."""


class Request(NamedTuple):
    """One request."""

    attempt: str
    """What it is about, as a message says it: `create job ns/build`."""
    method: str
    path: str
    query: Mapping[str, str] = {}
    body: object = None
    content_type: str = _JSON

    @property
    def kind(self) -> str:
        """Return which kind it is about, in the plural, with the part of it that is.

        Of a whole group it is `apis`.
        """
        parts = self.path.split("/")[3 if self.path.startswith("/api/") else 4 :] or ["apis"]
        if parts[0] == "namespaces" and len(parts) > 2:
            parts = parts[2:]
        return "/".join(parts[::2])


@asynccontextmanager
async def opened_answer(
    connection: Connection, request: Request, bounds: aiohttp.ClientTimeout
) -> AsyncGenerator[aiohttp.ClientResponse]:
    """Send a request, and give the answer as it comes in."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    url = f"{connection.host}{request.path}{query}"
    body = None if request.body is None else _carried(to_json(request.body))
    given = {"Content-Type": request.content_type, "Accept": _JSON, "User-Agent": _AGENT}
    async with connection.used():
        headers = {**await connection.credentials(), **given}
        async with connection.http().request(
            request.method, url, data=body, headers=headers, timeout=bounds, **connection.route
        ) as response:
            yield response


def _carried(body: bytes) -> bytes | BytesIO:
    """Return a body as it is sent: the library wants a large one in pieces."""
    return body if len(body) <= _LARGE else BytesIO(body)


def within(seconds: float) -> aiohttp.ClientTimeout:
    """Return what bounds an answer as a whole."""
    return aiohttp.ClientTimeout(total=seconds, sock_connect=ANSWER_WITHIN)


WATCHING: Final = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_WITHIN, sock_read=_SILENCE)
"""A watch may go on for ever, but not be silent for ever."""


def reading(*, follow: bool) -> aiohttp.ClientTimeout:
    """Return how long a log may take: a container that is followed may say nothing for hours."""
    silence = None if follow else ANSWER_WITHIN
    return aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_WITHIN, sock_read=silence)
