"""What a sweep makes of entities whose parents it does not know."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final, NoReturn, cast

import pytest

from adapters.kubernetes.parents.sweep import ParentSweep
from adapters.kubernetes.resources import Resource
from runwright.errors import RefusedError
from runwright.models.kratix import Seen
from runwright.models.objects import Manifest
from runwright.rules.kratix.kept import Kind, ParentName
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster

_SECRET, _OPEN = "kratix/secret/shop/orders/r-1", "kratix/open/shop/orders/r-2"
_UNLISTED, _PROMISE = "kratix/unlisted/shop/orders/r-3", "kratix/unlisted/promise/p-1"
_REFUSED: Final = RefusedError('get secret shop/orders: HTTP 403 secrets "orders" is forbidden')


class _Intake:
    """An intake that knows the kinds of all requests, and none of the requests."""

    open_runs: Final[dict[ParentName, str]] = {}

    def __init__(self) -> None:
        self.shelf = self.kinds = self

    async def synced(self) -> None:
        """Return at once."""

    def is_listed(self, promise: str) -> bool:
        """Return whether the requests for a Promise have been listed."""
        return promise != "unlisted"

    def knows(self, _name: ParentName, _workflow: str) -> bool:
        """Return that it does not."""
        return False

    def kind_of(self, promise: str) -> Kind:
        """Return one of the Promise's name."""
        return Kind("example.org/v1", promise, f"{promise}s")


class _Entities:
    """Those of a request that may not be seen, of one that may, and of what is not known yet."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.troubles: Iterator[Exception] = iter(())
        """What the next listings meet."""

    async def open_runs(self) -> tuple[str, ...]:
        """Return all of them, unless that is refused."""
        for trouble in self.troubles:
            raise trouble
        return _SECRET, _UNLISTED, _PROMISE, _OPEN, "kratix//promise/p-2"

    async def tell(self, workflow: str, _: Seen) -> bool:
        """Note who is told that its parent is gone."""
        self.told.append(workflow)
        return True


class _Cluster(WatchedCluster):
    """An API server without requests, which does not let everybody know that."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return that there is none."""
        if resource.kind == "secret":
            raise _REFUSED
        return await super().get(resource, namespace, name)


async def test_a_request_that_may_not_be_seen_is_not_taken_for_gone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nor does it keep the sweep from the others, or end what else the worker looks after."""
    entities = _Entities()
    with caplog.at_level(logging.WARNING):
        async with _swept(entities) as sweeping:
            await _until(lambda: sweeping.done() or set(entities.told) == {_PROMISE, _OPEN})

    assert {one.message for one in caplog.records} == {f"orphan let be: {_REFUSED}"}


@pytest.mark.parametrize(
    "trouble", [RefusedError("list open runs: permission denied"), KeyError("uid")]
)
async def test_a_sweep_that_does_not_succeed_is_repeated(trouble: Exception) -> None:
    entities = _Entities()
    entities.troubles = iter([trouble])

    async with _swept(entities) as sweeping:
        await _until(lambda: sweeping.done() or _OPEN in entities.told)


@asynccontextmanager
async def _swept(entities: _Entities) -> AsyncGenerator[asyncio.Task[NoReturn]]:
    """Have a sweep of those entities run; give its task, which must not end."""
    ours = cast("Any", _Intake()), cast("Any", entities)
    sweep = ParentSweep(_Cluster(), *ours, interval=timedelta(milliseconds=1))
    sweeping = asyncio.create_task(sweep.run())
    try:
        yield sweeping
        assert not sweeping.done(), sweeping.exception()
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


async def _until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0)
