"""Asking an API server whose answers are the test's."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from aiohttp import web

from adapters.kubernetes.cluster import ALL, Cluster
from adapters.kubernetes.connection import connect
from adapters.kubernetes.resources import PODS
from runwright.errors import ClusterUnavailableError

_POD: Final = {"apiVersion": "v1", "kind": "Pod"}
Answering = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def asked(folder: Path, answer: Answering) -> AsyncGenerator[Cluster]:
    """Give a cluster whose API server answers so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    cluster = Cluster({"KUBECONFIG": str(kubeconfig(folder, runner.addresses[0][1]))})
    try:
        yield cluster
    finally:
        await cluster.close()
        await runner.cleanup()


def kubeconfig(folder: Path, port: int) -> Path:
    named = [
        ("clusters", "cluster", {"server": f"http://127.0.0.1:{port}"}),
        ("users", "user", {"token": "t"}),
        ("contexts", "context", {"cluster": "c", "user": "c"}),
    ]
    parts = {plural: [{"name": "c", kind: content}] for plural, kind, content in named}
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump({"current-context": "c", **parts}))
    return file


async def test_what_is_under_way_outlives_the_credentials_that_it_came_with(
    tmp_path: Path,
) -> None:
    """One request is refused, so all get other credentials: that must not break off the rest."""
    came, go = asyncio.Event(), asyncio.Event()
    refusals = iter([401])

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("slow"):
            came.set()
            await go.wait()
            return web.json_response({**_POD, "metadata": {"name": "slow"}})
        return web.json_response(_POD, status=next(refusals, 200))

    async with asked(tmp_path, answer) as cluster, asyncio.TaskGroup() as requests:
        slow = requests.create_task(cluster.get(PODS, "ns", "slow"))
        await came.wait()
        await cluster.get(PODS, "ns", "quick")
        go.set()

    assert slow.result() == {**_POD, "metadata": {"name": "slow"}}


async def test_a_request_may_begin_when_its_connection_was_just_given_up(tmp_path: Path) -> None:
    """Renewing a token takes a while, in which another request may have been refused."""
    renewing, renewed = asyncio.Event(), asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(_POD)

    async with asked(tmp_path, answer) as cluster, asyncio.TaskGroup() as requests:
        await cluster.get(PODS, "ns", "first")
        old = cluster._connection
        assert old is not None
        old._api.configuration.refresh_api_key_hook = lambda _: _passing(renewing, renewed)
        late = requests.create_task(cluster.get(PODS, "ns", "late"))
        await renewing.wait()
        await cluster._reconnected(old)
        renewed.set()

    assert late.result() == _POD


async def _passing(renewing: asyncio.Event, renewed: asyncio.Event) -> None:
    renewing.set()
    await renewed.wait()


async def test_an_answer_of_a_proxy_is_none(tmp_path: Path) -> None:
    """It asks for a password, say, and that is no object, no list and no change of one."""

    async def answer(request: web.Request) -> web.Response:
        watched = "watch" in request.query
        text = '{"error": "log in"}\n' if watched else "<html>log in</html>"
        return web.Response(text=text, content_type="text/html")

    def wanted(cluster: Cluster) -> dict[str, Awaitable[object]]:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}
        return {
            "get": cluster.get(PODS, "b", "a"),
            "create": cluster.create(pod),
            "apply": cluster.apply(pod),
            "delete": cluster.delete(PODS, ("b", "a")),
            "list": cluster.list(PODS),
            "look": cluster.serves("batch/v1"),
            "watch": anext(cluster.watch(PODS, ALL, "1")),
        }

    async with asked(tmp_path, answer) as cluster:
        for verb, asking in wanted(cluster).items():
            with pytest.raises(ClusterUnavailableError, match=f"^{verb} .*log in"):
                await asking


async def test_a_token_that_cannot_be_renewed_is_waited_for(tmp_path: Path) -> None:
    """The kubelet writes the file of a pod's token anew while it is read."""
    old = await connect({"KUBECONFIG": str(kubeconfig(tmp_path, 1))})

    def hook(_: Any) -> None:
        message = "Token file exists but empty."
        raise LookupError(message)

    old._api.configuration.refresh_api_key_hook = hook
    with pytest.raises(ClusterUnavailableError, match="credentials of the cluster: Token file"):
        await old.credentials()
    await old.close()


async def test_a_kubeconfig_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("clusters: [")

    with pytest.raises(ClusterUnavailableError, match="read the credentials of the cluster: "):
        await connect({"KUBECONFIG": str(tmp_path / "kubeconfig")})
