"""One cluster: its API server, asked in plain JSON."""

import asyncio
import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import aiohttp

from adapters.kubernetes.answers import Answer, Change, change_of
from adapters.kubernetes.connection import Connection, connect
from adapters.kubernetes.requests import (
    ANSWER_WITHIN,
    APPLY,
    MERGE,
    STRATEGIC,
    WATCHING,
    Request,
    opened_answer,
    reading,
    within,
)
from adapters.kubernetes.resources import PODS, Resource, resource_of
from runwright.errors import ClusterUnavailableError
from runwright.models.metrics import API_REQUESTS
from runwright.models.objects import Manifest
from runwright.ports import Metrics, Unmeasured

_UNMEASURED: Final = Unmeasured()
_MANAGER: Final = "runwright"
"""How the API server notes who wrote a field."""
_LIST_WITHIN: Final = 60.0
_COMES_UP_WITHIN: Final = 60.0
"""Seconds after which an API server that was away has read who may do what."""
_PAGE: Final = 500
_AS_A_WATCH: Final = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": "300"}
"""The API server ends a watch after that time, and it is resumed."""
_TROUBLE: Final = (aiohttp.ClientError, TimeoutError, OSError, ssl.SSLError)


class Selection(NamedTuple):
    """Which objects of a kind are meant."""

    namespace: str = ""
    """Empty: of all namespaces."""
    labels: str = ""
    """A label selector, as `a=b,c`."""
    fields: str = ""

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of a request."""
        given = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in given.items() if value}


ALL: Final = Selection()


class Listed(NamedTuple):
    """The objects of a kind at one moment."""

    items: list[Manifest]
    version: str
    """Where a watch goes on from."""


class Cluster:
    """The API server of one cluster.

    Every method raises ClusterUnavailableError when it cannot be asked or refuses for now, and
    RefusedError when it says no for good. Objects are plain JSON.
    """

    def __init__(self, environ: Mapping[str, str], metrics: Metrics = _UNMEASURED) -> None:
        self._environ = environ
        self._metrics = metrics
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._away_at = -math.inf

    async def close(self) -> None:
        """Close all connections."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object; None if there is none of that name."""
        attempt = f"get {resource.of(namespace, name)}"
        return await self._if_there(Request(attempt, "GET", resource.path(namespace, name)))

    async def serves(self, api_version: str) -> bool:
        """Return whether there are kinds of that API version, as `batch/v1`: anybody may ask."""
        answer = await self._ask(Request(f"look for {api_version}", "GET", f"/apis/{api_version}"))
        if answer.status == HTTPStatus.NOT_FOUND:
            return False
        answer.object()
        return True

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object and return it as it is now.

        `resource` is its kind where that is none of those that Runwright knows.

        Raises:
            ConflictError: there is one of that name.
        """
        resource, metadata = resource or resource_of(manifest), manifest["metadata"]
        namespace = str(metadata.get("namespace", ""))
        name = str(metadata.get("name") or metadata.get("generateName", ""))
        attempt = f"create {resource.of(namespace, name)}"
        path, query = resource.path(namespace), {"fieldManager": _MANAGER}
        answer = await self._ask(Request(attempt, "POST", path, query, manifest))
        return answer.object()

    async def rehearse(self, manifest: Manifest) -> None:
        """Return if the object would be created, and do not create it."""
        resource, metadata = resource_of(manifest), manifest["metadata"]
        attempt = f"create {resource.of(metadata['namespace'], metadata['name'])}"
        path, query = resource.path(metadata["namespace"]), {"dryRun": "All"}
        answer = await self._ask(Request(attempt, "POST", path, query, manifest))
        answer.object()

    async def apply(self, manifest: Manifest) -> Manifest:
        """Have the object as the manifest says, and return it as it is now.

        It is created, or changed where it is different: what others say beside that stays, and what
        was applied before and is not any more goes.
        """
        resource, metadata = resource_of(manifest), manifest["metadata"]
        name = (str(metadata.get("namespace", "")), str(metadata["name"]))
        path, query = resource.path(*name), {"fieldManager": _MANAGER, "force": "true"}
        attempt = f"apply {resource.of(*name)}"
        answer = await self._ask(Request(attempt, "PATCH", path, query, manifest, APPLY))
        return answer.object()

    async def patch(
        self,
        resource: Resource,
        name: tuple[str, str],
        patch: object,
        *,
        subresource: str = "",
    ) -> Manifest | None:
        """Merge the patch into the object of that namespace and name; None if there is none.

        Raises:
            ConflictError: the patch names a resourceVersion or a uid that is not the object's.
        """
        attempt = f"patch {subresource or 'object'} of {resource.of(*name)}"
        path, query = resource.path(*name, subresource), {"fieldManager": _MANAGER}
        return await self._if_there(Request(attempt, "PATCH", path, query, patch, MERGE))

    async def without_finalizer(
        self, resource: Resource, name: tuple[str, str], finalizer: str
    ) -> Manifest | None:
        """Take one finalizer from an object of Kubernetes itself, whatever others it has.

        A custom resource has no such patch: there the list is patched as a whole.
        """
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [finalizer]}}
        attempt = f"take finalizer from {resource.of(*name)}"
        path, query = resource.path(*name), {"fieldManager": _MANAGER}
        return await self._if_there(Request(attempt, "PATCH", path, query, patch, STRATEGIC))

    async def replace(self, manifest: Manifest) -> Manifest | None:
        """Put the object in the place of the one of its name; None if there is none.

        Raises:
            ConflictError: that one was changed since.
        """
        resource, metadata = resource_of(manifest), manifest["metadata"]
        name = (str(metadata.get("namespace", "")), str(metadata["name"]))
        path, query = resource.path(*name), {"fieldManager": _MANAGER}
        attempt = f"replace {resource.of(*name)}"
        return await self._if_there(Request(attempt, "PUT", path, query, manifest))

    async def delete(
        self,
        resource: Resource,
        name: tuple[str, str],
        *,
        uid: str = "",
        seen: str = "",
        grace: int | None = None,
    ) -> bool:
        """Ask for the deletion of an object, and of what it owns; False if it is gone.

        Given a `uid` or the version that was `seen`, only that very object is deleted. `grace` is
        in seconds, and only a pod has one.

        Raises:
            ConflictError: it was changed since it was seen.
        """
        body: dict[str, Any] = {"propagationPolicy": "Background"}
        given = {"uid": uid, "resourceVersion": seen}
        if preconditions := {key: value for key, value in given.items() if value}:
            body["preconditions"] = preconditions
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        attempt = f"delete {resource.of(*name)}"
        request = Request(attempt, "DELETE", resource.path(*name), {}, body)
        answer = await self._ask(request)
        if answer.is_absence or (uid and not seen and answer.status == HTTPStatus.CONFLICT):
            return False
        answer.object()
        return True

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:
        """Return all objects of the selection, and the version to watch from."""
        items: list[Manifest] = []
        query = {**selection.query, "limit": str(_PAGE)}
        while True:
            answer = await self._ask(self._listing(resource, selection, query), _LIST_WITHIN)
            if answer.status == HTTPStatus.GONE and "continue" in query:
                # The rest of a listing that took too long: begin anew, in one piece.
                items, query = [], dict(selection.query)
                continue
            page = answer.object()
            items += page.get("items") or []
            metadata = page["metadata"]
            if not metadata.get("continue"):
                return Listed(items, metadata["resourceVersion"])
            query["continue"] = metadata["continue"]

    async def watch(
        self,
        resource: Resource,
        selection: Selection,
        since: str,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Change]:
        """Yield the changes after that version, until the API server ends the watch.

        `opened` is called when it has been granted: for hours there may be no change to tell.
        That the version is too old, or anything else that goes wrong on the other side, is a
        change of type ERROR with a Status for its object.

        Raises:
            ClusterUnavailableError: the connection broke.
        """
        query = {**selection.query, **_AS_A_WATCH, "resourceVersion": since}
        request = self._listing(resource, selection, query, "watch")
        async with self._stream(request, WATCHING) as found:
            if isinstance(found, Answer):
                if found.status != HTTPStatus.GONE:
                    raise found.error()
                yield Change("ERROR", found.parsed())
                return
            opened()
            async for line in found.content:
                yield change_of(line)

    async def log(
        self,
        pod: tuple[str, str],
        container: str,
        *,
        tail: int | None = None,
        follow: bool = False,
        previous: bool = False,
    ) -> AsyncIterator[bytes]:
        """Yield what a container of that pod wrote, or its last `tail` lines; nothing if gone.

        With `follow` it goes on until the container has ended; `previous` is its run before. What a
        kubelet answers that has the log no more looks like one.
        """
        query = {"container": container}
        query |= {"follow": "true"} if follow else {}
        query |= {"previous": "true"} if previous else {}
        if tail is not None:
            query["tailLines"] = str(tail)
        attempt = f"read the log of {PODS.of(*pod)}"
        request = Request(attempt, "GET", PODS.path(*pod, "log"), query)
        async with self._stream(request, reading(follow=follow)) as found:
            if isinstance(found, Answer):
                if not found.is_absence:
                    raise found.error()
                return
            async for chunk in found.content.iter_any():
                yield chunk

    @asynccontextmanager
    async def _stream(
        self, request: Request, bounds: aiohttp.ClientTimeout
    ) -> AsyncGenerator[aiohttp.ClientResponse | Answer]:
        """Give what comes in bit by bit, or the answer that says why nothing does."""
        try:
            connection = await self._connected()
            async with opened_answer(connection, request, bounds) as response:
                self._count(request, str(response.status))
                if response.status < HTTPStatus.BAD_REQUEST:
                    yield response
                    return
                answer = await self._answer(request, response)
                if answer.status == HTTPStatus.UNAUTHORIZED:
                    await self._reconnected(connection)
                yield answer
        except (*_TROUBLE, ValueError) as error:  # a proxy may end it in the middle of a line
            raise self._unreachable(request, error) from error

    def _listing(
        self,
        resource: Resource,
        selection: Selection,
        query: Mapping[str, str],
        verb: str = "list",
    ) -> Request:
        where = f" of {selection.namespace}" if selection.namespace else ""
        attempt = f"{verb} {resource.plural}{where}"
        return Request(attempt, "GET", resource.path(selection.namespace), query)

    async def _if_there(self, request: Request) -> Manifest | None:
        answer = await self._ask(request)
        if answer.is_absence:
            return None
        return answer.object()

    async def _ask(self, request: Request, seconds: float = ANSWER_WITHIN) -> Answer:
        try:
            connection = await self._connected()
            answer = await self._asked(connection, request, seconds)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                connection = await self._reconnected(connection)
                answer = await self._asked(connection, request, seconds)
        except _TROUBLE as error:
            self._count(request, "none")
            raise self._unreachable(request, error) from error
        return answer

    async def _asked(self, connection: Connection, request: Request, seconds: float) -> Answer:
        async with opened_answer(connection, request, within(seconds)) as response:
            self._count(request, str(response.status))
            return await self._answer(request, response)

    async def _answer(self, request: Request, response: aiohttp.ClientResponse) -> Answer:
        was_away = _now() < self._away_at + _COMES_UP_WITHIN
        return Answer(request.attempt, response.status, await response.read(), was_away=was_away)

    def _unreachable(self, request: Request, error: BaseException) -> ClusterUnavailableError:
        self._away_at = _now()
        said = str(error) or type(error).__name__
        return ClusterUnavailableError(f"{request.attempt}: {said}")

    def _count(self, request: Request, code: str) -> None:
        verb = request.attempt.split(" ")[0]
        self._metrics.count(API_REQUESTS, verb=verb, kind=request.kind, code=code)

    async def _connected(self) -> Connection:
        if self._connection is None:
            async with self._connecting:
                if self._connection is None:
                    self._connection = await connect(self._environ)
        return self._connection

    async def _reconnected(self, refused: Connection) -> Connection:
        """Read the credentials anew, once for all that were refused with the old ones.

        What is under way with those goes on to its end.
        """
        async with self._connecting:
            if self._connection is None or self._connection is refused:
                self._connection = await connect(self._environ)
                await refused.give_up()
            return self._connection


def _now() -> float:
    return asyncio.get_running_loop().time()
