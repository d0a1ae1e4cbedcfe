"""An API server with a will of its own: the real one, behind a proxy that interferes."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from aiohttp import web
from yarl import URL

from testbed import certificates
from testbed.cluster import Testbed
from testbed.layout import LOOPBACK, Port

Pass = Callable[[], Awaitable[web.StreamResponse]]
"""Asks the real API server, and answers what it says."""
Interference = Callable[[web.Request, Pass], Awaitable[web.StreamResponse]]
_LARGEST: Final = 16 * 1024 * 1024


class Proxy:
    """Passes requests on to the API server, unless it was told otherwise.

    A request is known by its method and path, as `PATCH /apis/batch/v1/namespaces/ns/jobs/web-1`,
    and meant by a pattern that is found in that; a watch's method is WATCH.
    """

    def __init__(self, session: aiohttp.ClientSession, upstream: str, kubeconfig: Path) -> None:
        self.url = ""
        self.environ = {"KUBECONFIG": str(kubeconfig)}
        """Of whoever is to come through here."""
        self.is_away = False
        """Whether it breaks off every request that comes."""
        self.seen: list[str] = []
        """The requests that came."""
        self.watched_from: list[int] = []
        """The versions after which watches began."""
        self.watch_seconds: int | None = None
        """How long the API server is to keep a watch open, whatever was asked for."""
        self.outdated: set[str] = set()
        """Tokens that are refused."""
        self.tokens: list[str] = []
        """The tokens that requests came with."""
        self._session = session
        self._upstream = upstream
        self._kubeconfig = kubeconfig
        self._rules: list[tuple[re.Pattern[str], Interference]] = []
        self._watches: set[asyncio.Task[Any]] = set()

    def admit(self, token: str) -> None:
        """Have those who come from now on come with that token."""
        named = [
            ("clusters", "cluster", {"server": self.url}),
            ("users", "user", {"token": token}),
            ("contexts", "context", {"cluster": "proxy", "user": "proxy"}),
        ]
        parts = {plural: [{"name": "proxy", kind: content}] for plural, kind, content in named}
        content = {"apiVersion": "v1", "kind": "Config", "current-context": "proxy", **parts}
        self._kubeconfig.write_text(json.dumps(content))

    @property
    def interferes(self) -> bool:
        """Return whether any request would be treated otherwise than passed on."""
        return bool(self._rules)

    def interfere(self, request: str, interference: Interference) -> Callable[[], None]:
        """Have the requests of that pattern treated so; return what ends that."""
        rule = (re.compile(request), interference)
        self._rules.append(rule)
        return lambda: self._rules.remove(rule)

    def answer(self, request: str, status: HTTPStatus, *, times: int = 1) -> None:
        """Answer the next requests of that pattern oneself, without asking the API server."""
        left = iter(range(times - 1, -1, -1))

        async def answered(_: web.Request, __: Pass) -> web.StreamResponse:
            if next(left) == 0:
                end()
            return refusal(status)

        end = self.interfere(request, answered)

    def hold(self, request: str) -> Callable[[], None]:
        """Never answer the requests of that pattern; return what ends that for later ones."""

        async def held(_: web.Request, __: Pass) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

        return self.interfere(request, held)

    def once(
        self, request: str, act: Callable[[], Awaitable[None]], *, after: bool = False
    ) -> None:
        """Act when the first request of that pattern comes, or is done; nobody gets its answer."""

        async def acted(asked: web.Request, _: Pass) -> web.StreamResponse:
            end()
            if after:
                await self.ask(asked)
            await act()
            return _broken_off(asked)

        end = self.interfere(request, acted)

    def cut(self) -> None:
        """Break off every watch that is open."""
        for watch in self._watches:
            watch.cancel()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Treat one request."""
        is_watch = request.query.get("watch") == "true"
        name = f"{'WATCH' if is_watch else request.method} {request.path}"
        self.seen.append(name)
        if is_watch:
            self.watched_from.append(int(request.query["resourceVersion"]))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        if self.is_away:
            return _broken_off(request)
        if token in self.outdated:
            return refusal(HTTPStatus.UNAUTHORIZED)
        for pattern, interference in list(self._rules):
            if pattern.search(name):
                return await interference(request, lambda: self._pass_on(request, is_watch))
        return await self._pass_on(request, is_watch)

    async def ask(self, request: web.Request) -> None:
        """Have the API server do what is asked for, and tell nobody what it answers."""
        async with self._asking(request, await request.read()) as answer:
            await answer.read()

    async def _pass_on(self, request: web.Request, is_watch: bool) -> web.StreamResponse:  # noqa: FBT001 - private
        passing = asyncio.create_task(self._passed_on(request))
        if is_watch:
            self._watches.add(passing)
            passing.add_done_callback(self._watches.discard)
        try:
            return await passing
        except asyncio.CancelledError:
            passing.cancel()
            return _broken_off(request)

    async def _passed_on(self, request: web.Request) -> web.StreamResponse:
        async with self._asking(request, await request.read()) as answer:
            passed = web.StreamResponse(status=answer.status)
            passed.content_type = answer.content_type
            await passed.prepare(request)
            async for part in answer.content.iter_any():
                await passed.write(part)
            await passed.write_eof()
            return passed

    def _asking(self, request: web.Request, body: bytes) -> Any:
        kept = ("Authorization", "Content-Type", "Accept")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        query = dict(request.query)
        if self.watch_seconds and "timeoutSeconds" in query:
            query["timeoutSeconds"] = str(self.watch_seconds)
        url = URL(f"{self._upstream}{request.rel_url.raw_path}", encoded=True).with_query(query)
        return self._session.request(request.method, url, data=body or None, headers=headers)


def token_of(kubeconfig: Path) -> str:
    """Return the token of the only user of a kubeconfig."""
    token: str = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    return token


def refusal(status: HTTPStatus) -> web.Response:
    """Return an answer of an API server that refuses."""
    said = {
        "apiVersion": "v1",
        "kind": "Status",
        "status": "Failure",
        "message": f"injected: {status.phrase}",
        "code": int(status),
    }
    return web.json_response(said, status=int(status))


def _broken_off(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def proxied(testbed: Testbed, folder: Path, token: str) -> AsyncGenerator[Proxy]:
    """Give a proxy in front of the testbed's API server, to which people come with that token."""
    trusted = ssl.create_default_context(cafile=certificates.certificate(certificates.AUTHORITY))
    unbounded = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(ssl=trusted, limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=unbounded) as session:
        upstream = f"https://{testbed.address}:{Port.API_SERVER.value}"
        proxy = Proxy(session, upstream, folder / "proxy.kubeconfig")
        async with _served(proxy):
            proxy.admit(token)
            yield proxy


@asynccontextmanager
async def _served(proxy: Proxy) -> AsyncGenerator[None]:
    app = web.Application(client_max_size=_LARGEST)
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        proxy.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
        yield
    finally:
        proxy.cut()
        await runner.cleanup()
