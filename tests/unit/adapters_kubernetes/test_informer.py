"""What a watch outlives."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from adapters.kubernetes.answers import Answer
from adapters.kubernetes.cluster import ALL, Listed, Selection
from adapters.kubernetes.depth import read_json
from adapters.kubernetes.informer import Informer
from adapters.kubernetes.resources import CONFIG_MAPS, Resource
from runwright.models.objects import Manifest
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster


def nested(depth: int) -> Any:
    """Return lists that lie that deep within each other."""
    value: Any = "]}"
    for _ in range(depth):
        value = [value]
    return value


def text(depth: int) -> bytes:
    """Return lists that lie that deep within each other, as JSON."""
    return b"[" * depth + b'"]}\\""' + b"]" * depth


@pytest.mark.parametrize("depth", [150, 250, 10_000])
def test_one_object_that_nests_deep_hides_no_other(depth: int) -> None:
    """An API server takes whatever somebody writes where a kind lets anything in."""
    deep = b'{"spec":' + text(depth) + b',"metadata":{"name":"a"}}'
    body = b'{"items":[' + deep + b',{"spec":1}],"metadata":{"resourceVersion":"7"}}'

    listed = Answer("list", 200, body).parsed()

    assert listed["metadata"] == {"resourceVersion": "7"}
    assert listed["items"][0]["metadata"] == {"name": "a"}
    assert listed["items"][1] == {"spec": 1}


def test_what_can_be_read_is_read_as_it_is() -> None:
    given = {"a": [{"b": 'x"]}'}], "c": nested(150)}

    assert read_json(json.dumps(given).encode()) == given


def test_what_is_no_json_is_none() -> None:
    with pytest.raises(ValueError, match="EOF"):
        read_json(b'{"a": [')


class _OddCluster(WatchedCluster):
    """An API server whose first listing is nothing that anybody foresaw."""

    def __init__(self) -> None:
        super().__init__()
        self._odd = iter([KeyError("metadata")])

    async def list(self, resource: Resource, selection: Selection = ALL) -> Listed:
        """Return what there is, from the second time on."""
        for odd in self._odd:
            raise odd
        return await super().list(resource, selection)


async def test_a_listing_that_nobody_foresaw_is_repeated() -> None:
    """A kind that nobody watches any more, and nobody says so of, is the worst of all."""
    informer = Informer(_OddCluster(), CONFIG_MAPS, lambda manifest: manifest)
    running = asyncio.create_task(informer.run())
    async with asyncio.timeout(10):
        while not (informer.trouble or running.done()):
            await asyncio.sleep(0)
        assert informer.trouble == "KeyError('metadata')"
        synced = asyncio.create_task(informer.synced())
        await asyncio.wait([running, synced], return_when=asyncio.FIRST_COMPLETED)

    assert informer.trouble == ""
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_an_object_that_cannot_be_kept_ends_no_watch() -> None:
    cluster, seen = WatchedCluster(), asyncio.Event()

    def keep(manifest: Manifest) -> str:
        return str(manifest["data"]["mark"])

    informer = Informer(cluster, CONFIG_MAPS, keep)
    informer.listen(lambda name, _before, now: seen.set() if now and name[1] == "good" else None)
    for name, data in (("bad", {}), ("good", {"mark": "1"})):
        metadata = {"name": name, "namespace": "shop"}
        cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    running = asyncio.create_task(informer.run())
    async with asyncio.timeout(10):
        told = asyncio.create_task(seen.wait())
        await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)

    assert informer.objects() == {("shop", "good"): "1"}
    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
