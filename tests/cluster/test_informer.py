"""What an informer knows of a real API server's objects, whatever happens to its watch."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Final, NamedTuple

import pytest
from aiohttp import web

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.informer import Informer, Name
from adapters.kubernetes.resources import STORIES
from runwright.models.objects import Manifest
from testbed.cluster import Testbed
from tests.cluster.proxy import Pass, Proxy, refusal
from tests.cluster.runs import STORIES as STORIES_VERSION

_WATCH: Final = r"^WATCH "
_SOON: Final = timedelta(seconds=15)
_EXPIRED: Final = (
    b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure",'
    b'"reason":"Expired","message":"too old resource version","code":410}}\n'
)


class Told(NamedTuple):
    """What a listener was told of an object: its mark before and now; None: it is not there."""

    name: str
    before: str | None
    now: str | None


class Stories:
    """The Stories of a namespace, changed straight and watched through a proxy."""

    def __init__(self, testbed: Testbed, proxy: Proxy, namespace: str) -> None:
        self.proxy = proxy
        self.namespace = namespace
        self.straight = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
        self.through = Cluster(proxy.environ)
        self.told: list[Told] = []
        self._changed = asyncio.Condition()
        self._telling: set[asyncio.Task[None]] = set()

    def informer(self, resync: timedelta = timedelta(minutes=5)) -> Informer[str]:
        """Return an informer that keeps of each Story its mark."""
        where = Selection(self.namespace)
        informer = Informer(self.through, STORIES, mark_of, selection=where, resync=resync)
        informer.listen(self._heard)
        return informer

    def _heard(self, name: Name, before: str | None, now: str | None) -> None:
        self.told.append(Told(name[1], before, now))
        telling = asyncio.create_task(self._tell())
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until_told(self, *what: Told) -> None:
        """Return once the listener was told all that."""
        async with self._changed:
            await self._changed.wait_for(lambda: set(what) <= set(self.told))

    async def create(self, name: str, mark: str = "1", text: str = "") -> None:
        """Create a Story."""
        metadata = {"name": name, "namespace": self.namespace, "labels": {"mark": mark}}
        steps = [{"name": "a", "type": "condition", "with": {"text": text}}]
        await self.straight.create(
            {
                "apiVersion": STORIES_VERSION,
                "kind": "Story",
                "metadata": metadata,
                "spec": {"steps": steps},
            }
        )

    async def mark(self, name: str, mark: str) -> None:
        """Change a Story."""
        patch = {"metadata": {"labels": {"mark": mark}}}
        await self.straight.patch(STORIES, (self.namespace, name), patch)

    async def delete(self, name: str) -> None:
        """Delete a Story."""
        await self.straight.delete(STORIES, (self.namespace, name))

    async def close(self) -> None:
        """Close all connections."""
        await self.through.close()
        await self.straight.close()

    def count(self, begin: str) -> int:
        """Return how many requests began so."""
        return sum(seen.startswith(begin) for seen in self.proxy.seen)

    async def until_asked(self, begin: str, times: int) -> None:
        """Return once so many requests began so."""
        while self.count(begin) < times:
            await asyncio.sleep(0.01)


def mark_of(story: Manifest) -> str:
    """Return what tells one version of a Story from another."""
    return str(story["metadata"]["labels"]["mark"])


@pytest.fixture
async def stories(testbed: Testbed, proxy: Proxy, namespace: str) -> AsyncGenerator[Stories]:
    """The Stories of a namespace of its own, which the worker's account may see."""
    ours = Stories(testbed, proxy, namespace)
    yield ours
    await ours.close()


@asynccontextmanager
async def kept(informer: Informer[str]) -> AsyncGenerator[None]:
    """Have an informer run, from when it has listed and watches."""
    running = asyncio.create_task(informer.run())
    await informer.synced()
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_what_is_there_and_what_changes_is_told(stories: Stories) -> None:
    await stories.create("old")
    informer = stories.informer()

    async with kept(informer):
        await stories.create("new")
        await stories.until_told(Told("new", None, "1"))
        await stories.mark("new", "2")
        await stories.until_told(Told("new", "1", "2"))
        await stories.delete("new")
        await stories.until_told(Told("new", "2", None))

    assert stories.told[0] == Told("old", None, "1")
    assert informer.objects() == {(stories.namespace, "old"): "1"}


async def test_a_watch_that_breaks_off_goes_on_where_it_was(stories: Stories) -> None:
    """Nothing is listed anew for that, and what happened meanwhile is told once."""
    await stories.create("a")

    async with kept(stories.informer()):
        await stories.until_asked("WATCH", 1)
        stories.proxy.is_away = True
        stories.proxy.cut()
        await stories.mark("a", "2")
        await stories.create("b")
        stories.proxy.is_away = False
        await stories.until_told(Told("a", "1", "2"), Told("b", None, "1"))

    assert stories.count("GET") == 1
    assert stories.told == [Told("a", None, "1"), Told("a", "1", "2"), Told("b", None, "1")]


async def test_the_api_server_says_that_a_version_is_too_old(stories: Stories) -> None:
    """A real one says so within the watch, or instead of it; both are told the same way."""
    changes = stories.through.watch(STORIES, Selection(stories.namespace), "1")

    change = await anext(aiter(changes))

    assert (change.type, change.object["code"]) == ("ERROR", HTTPStatus.GONE)


@pytest.mark.parametrize("within", [False, True], ids=["as an answer", "within the watch"])
async def test_a_version_that_is_too_old_is_followed_by_a_listing(
    stories: Stories, *, within: bool
) -> None:
    """What happened before is not to be had by watching: what is gone has to be found out."""
    for name in ("changed", "deleted", "replaced"):
        await stories.create(name)

    async with kept(stories.informer()):
        await stories.until_asked("WATCH", 1)
        stories.proxy.is_away = True
        stories.proxy.cut()
        await stories.mark("changed", "2")
        await stories.delete("deleted")
        await stories.delete("replaced")
        await stories.create("replaced", "3")
        _expire(stories.proxy, within=within)
        stories.proxy.is_away = False
        await stories.until_told(Told("replaced", None, "3"))

    assert set(stories.told[3:]) == {
        Told("changed", "1", "2"),
        Told("deleted", "1", None),
        Told("replaced", "1", None),
        Told("replaced", None, "3"),
    }
    assert stories.count("GET") == 2


def _expire(proxy: Proxy, *, within: bool) -> None:
    if not within:
        proxy.answer(_WATCH, HTTPStatus.GONE)
        return

    async def expired(request: web.Request, _: Pass) -> web.StreamResponse:
        end()
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(_EXPIRED)
        return response

    end = proxy.interfere(_WATCH, expired)


async def test_what_a_watch_does_not_tell_is_found_by_the_next_listing(stories: Stories) -> None:
    """A proxy or a kernel may hold a connection open on which nothing ever comes."""
    stories.proxy.hold(_WATCH)
    await stories.create("a")

    async with kept(stories.informer(resync=_SOON)):
        await stories.until_asked("WATCH", 1)
        await stories.mark("a", "2")
        await stories.delete("a")
        await stories.create("a", "3")
        await stories.until_told(Told("a", None, "3"))

    assert Told("a", "1", None) in stories.told


async def test_a_bookmark_moves_the_version_although_nothing_changed(
    stories: Stories, testbed: Testbed
) -> None:
    """Or the version of a quiet kind would be too old whenever its watch breaks."""
    stories.proxy.watch_seconds = 3
    await stories.create("a")

    async with kept(stories.informer()):
        await stories.until_asked("WATCH", 1)
        elsewhere = Stories(testbed, stories.proxy, "default")
        await elsewhere.create(stories.namespace)
        await elsewhere.delete(stories.namespace)
        await elsewhere.close()
        await stories.until_asked("WATCH", 2)

    first, second = stories.proxy.watched_from
    assert second > first
    assert stories.count("GET") == 1
    assert stories.told == [Told("a", None, "1")]


@pytest.mark.parametrize(
    "status",
    [
        HTTPStatus.FORBIDDEN,
        HTTPStatus.GONE,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ],
)
async def test_a_watch_that_is_refused_is_tried_again_but_not_hotly(
    stories: Stories, status: HTTPStatus
) -> None:
    """An API server in trouble must not be asked as fast as it can refuse."""
    await stories.create("a")
    stories.proxy.answer(_WATCH, status, times=4)

    async with kept(stories.informer()):
        began = asyncio.get_running_loop().time()
        await stories.until_asked("WATCH", 5)
        lasted = asyncio.get_running_loop().time() - began
        await stories.mark("a", "2")
        await stories.until_told(Told("a", "1", "2"))

    assert lasted > 0.1 + 0.2 + 0.4


async def test_trouble_is_over_when_a_watch_is_granted_again(stories: Stories) -> None:
    """Of a quiet kind nothing else would tell it, and a worker says that it is not ready."""
    informer = stories.informer()

    async with kept(informer):
        await stories.until_asked("WATCH", 1)
        end = stories.proxy.interfere(_WATCH, _refused)
        stories.proxy.cut()
        await stories.until_asked("WATCH", 3)
        trouble = informer.trouble
        end()
        while informer.trouble:
            await asyncio.sleep(0.01)

    assert "HTTP 503" in trouble
    assert stories.told == []


async def _refused(_: web.Request, __: Pass) -> web.StreamResponse:
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE)


async def test_a_watch_that_ends_at_once_is_not_opened_hotly(stories: Stories) -> None:
    """As an API server does that goes down."""

    async def ended(request: web.Request, _: Pass) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        return response

    end = stories.proxy.interfere(_WATCH, ended)

    async with kept(stories.informer()):
        began = asyncio.get_running_loop().time()
        await stories.until_asked("WATCH", 4)
        lasted = asyncio.get_running_loop().time() - began
        end()
        await stories.create("a")
        await stories.until_told(Told("a", None, "1"))

    assert lasted > 0.1 + 0.2


async def test_a_line_that_is_cut_is_a_watch_that_broke(stories: Stories) -> None:
    """A proxy that ends what it passes on in the middle of an object."""

    async def cut(request: web.Request, _: Pass) -> web.StreamResponse:
        end()
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(_EXPIRED[:40])
        return response

    end = stories.proxy.interfere(_WATCH, cut)
    await stories.create("a")

    async with kept(stories.informer()):
        await stories.mark("a", "2")
        await stories.until_told(Told("a", "1", "2"))


async def test_an_object_as_large_as_they_come_passes_the_watch(stories: Stories) -> None:
    """A line of a watch is a whole object, and an object may have more than a megabyte."""
    async with kept(stories.informer()):
        await stories.until_asked("WATCH", 1)
        await stories.create("large", text="x" * 1_000_000)
        await stories.until_told(Told("large", None, "1"))


async def test_a_listener_that_fails_does_not_end_the_watch_for_the_others(
    stories: Stories,
) -> None:
    """One object that nobody foresaw is no reason to see none any more."""

    def fails(_: Name, __: str | None, ___: str | None) -> None:
        message = "unforeseen"
        raise KeyError(message)

    informer = stories.informer()
    informer.listen(fails)

    async with kept(informer):
        await stories.create("a")
        await stories.until_told(Told("a", None, "1"))
        await stories.create("b")
        await stories.until_told(Told("b", None, "1"))


async def test_a_listing_of_many_comes_in_pages(
    stories: Stories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of objects in one answer are more than an API server likes to give."""
    monkeypatch.setattr("adapters.kubernetes.cluster._PAGE", 2)
    names = [f"s{number}" for number in range(5)]
    for name in names:
        await stories.create(name)

    listed = await stories.through.list(STORIES, Selection(stories.namespace))

    assert [one["metadata"]["name"] for one in listed.items] == names
    assert stories.count("GET") == 3
