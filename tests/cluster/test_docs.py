"""The pages on running Runwright on a cluster, followed to the letter."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from adapters.temporal.server import Addresses, serving
from testbed.binaries import kubernetes
from testbed.cluster import Testbed
from testbed.images.contents import BUSYBOX, PIPELINE_ADAPTER
from testbed.layout import project
from testbed.locking import locked
from tests.acceptance.following import Desk, follow
from tests.acceptance.pages import CLUSTER, KRATIX

pytestmark = pytest.mark.alone

_ENDS_WITHIN: Final = 170
"""Seconds: what a rollout gets on the page, and a while."""
_SHELL: Final = "busybox:1.37"
_NAMESPACES: Final = ("shop", "runwright-system")
_RIGHTS: Final = ("runwright-grantable", "runwright-promises", "runwright-requests")
_OURS_ALONE: Final = """
      - op: add
        path: /spec/template/spec/containers/0/env/-
        value:
          name: RUNWRIGHT_KRATIX_SELECTOR
          value: example=03-kratix
"""
"""Of the worker on the page: other tests have Promises on this cluster, and workers for them."""


@pytest.fixture
def alone(node: Testbed) -> Generator[None]:
    """Nobody else has a worker on this cluster: the names on the page are those of everybody."""
    with locked(node.kubeconfig.parent):
        there = node.kubectl(
            "get", "namespace", *_NAMESPACES, "--ignore-not-found", "--output=name"
        )
        if there:
            pytest.fail(f"somebody runs a worker there: {' '.join(there.split())}")
        yield


@pytest.fixture
async def temporal_for_pods(node: Testbed, tmp_path: Path) -> AsyncGenerator[str]:
    """The address at which pods reach a Temporal that nobody has set up."""
    async with (
        serving(tmp_path, Addresses(0, 0), ()) as server,
        _relayed(node.address, server.grpc) as address,
    ):
        yield address


@pytest.fixture
def desk(
    node: Testbed,
    temporal_for_pods: str,
    tmp_path: Path,
    alone: None,  # noqa: ARG001
) -> Generator[Desk]:
    """A checkout, kubectl, and the cluster as it was before."""
    folder = tmp_path / "checkout"
    for name in ("deploy", "examples"):
        _copied(project() / name, folder / name, node.load_runwright())
    path = f"{_kubectl(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    environ = {
        "HOME": str(folder),
        "KUBECONFIG": str(node.kubeconfig),
        "PATH": path,
        "TEMPORAL_ADDRESS": temporal_for_pods,
    }
    try:
        yield Desk(folder, environ, _ENDS_WITHIN, {_SHELL: BUSYBOX})
    finally:
        _removed(node, folder)


@pytest.mark.timeout(600)
async def test_the_page_on_clusters_can_be_followed(desk: Desk) -> None:
    """With the worker as pods, of an image of this checkout."""
    _not_installed(desk.folder / "deploy" / "crds" / "kratix")

    await asyncio.to_thread(follow, CLUSTER, desk)


def _copied(source: Path, target: Path, image: str) -> None:
    """Copy a folder, with the names of images that this cluster has, and no other change."""
    shutil.copytree(source, target)
    for path in (path for path in target.rglob("*") if path.suffix in {".yaml", ".yml"}):
        text = path.read_text().replace("image: runwright:0.1.0", f"image: {image}")
        path.write_text(text.replace(f"image: {_SHELL}", f"image: {BUSYBOX}"))


def _not_installed(folder: Path) -> None:
    """Make kinds of those in a folder that this cluster does not have, as a reader's has not.

    Those of the checkout it may have, for other tests.
    """
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("kratix.io", "kratix.example"))


def _kubectl(folder: Path) -> Path:
    folder.mkdir()
    command = folder / "kubectl"
    command.write_text(f'#!/bin/sh\nexec {kubernetes()} kubectl "$@"\n')
    command.chmod(0o755)
    return folder


def _removed(node: Testbed, folder: Path) -> None:
    """Remove what a reader who gave up half-way leaves; the kinds are of other tests, too."""
    whatever = ("--ignore-not-found", "--wait=false")
    for part in ("deploy/one-namespace", "deploy"):
        node.kubectl("delete", *whatever, "--kustomize", str(folder / part))
    node.kubectl(
        "delete", *whatever, "engramtemplates", "shop-builder", "shop-shell", "shop-registrar"
    )
    node.kubectl("delete", *whatever, "clusterrole", "runwright-grants-secrets")
    found = node.kubectl("get", "storyruns", "--namespace=shop", "--output=name").split()
    for run in found:
        patch = ("--type=merge", "--patch", '{"metadata": {"finalizers": null}}')
        node.kubectl("patch", "--namespace=shop", run, *patch)
    node.kubectl("delete", "--ignore-not-found", "namespace", *_NAMESPACES, "--timeout=60s")


@pytest.fixture
def platform(desk: Desk, node: Testbed) -> Generator[Desk]:
    """What the page on Kratix needs besides: a worker for its Promise alone, and our commands."""
    kustomization = desk.folder / "deploy" / "kratix" / "kustomization.yaml"
    text = kustomization.read_text().rstrip() + _OURS_ALONE
    kustomization.write_text(text.replace("runwright-pipeline-adapter:0.1.0", PIPELINE_ADAPTER))
    promise = desk.folder / "examples" / "03-kratix" / "promise.yaml"
    labelled = "  name: bucket\n  labels: {example: 03-kratix}\nspec:\n  api:"
    promise.write_text(promise.read_text().replace("  name: bucket\nspec:\n  api:", labelled))
    environ = {
        **desk.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{desk.environ['PATH']}",
        "RUNWRIGHT_BACKEND": "kubernetes",
        "RUNWRIGHT_CLUSTER": "laptop",
    }
    try:
        yield desk._replace(environ=environ)
    finally:
        _removed_of_kratix(node)


@pytest.mark.timeout(600)
async def test_the_page_on_kratix_can_be_followed(platform: Desk) -> None:
    """With the worker and the containers of pipelines as they are in this checkout."""
    await asyncio.to_thread(follow, KRATIX, platform)


def _removed_of_kratix(node: Testbed) -> None:
    """Remove what the page leaves, but for what other tests use, too."""
    workers = ("--namespace=runwright-system", "--selector=app.kubernetes.io/name=runwright")
    node.kubectl("delete", "deployments,pods", *workers, "--timeout=90s")
    _let_go(node, "promise", "bucket")
    if _named(node, "crd", "buckets.shop.example.org"):
        _let_go(node, "buckets.shop.example.org", "pictures", "--namespace=shop")
    marked = ("--selector=kratix.io/promise-name=bucket", "--wait=false")
    node.kubectl("delete", "crd,promiserevisions,clusterroles,clusterrolebindings", *marked)
    for kind in ("clusterrolebindings", "clusterroles"):
        node.kubectl("delete", kind, *_RIGHTS, "--ignore-not-found")


def _let_go(node: Testbed, kind: str, name: str, *where: str) -> None:
    """Delete an object that no worker lets go any more."""
    for one in _named(node, kind, name, *where):
        node.kubectl("delete", *where, one, "--wait=false")
        released = '{"metadata": {"finalizers": null}}'
        node.kubectl("patch", *where, one, "--type=merge", "--patch", released)


def _named(node: Testbed, kind: str, name: str, *where: str) -> list[str]:
    return node.kubectl("get", kind, name, *where, "--ignore-not-found", "--output=name").split()


@asynccontextmanager
async def _relayed(host: str, target: str) -> AsyncGenerator[str]:
    """Pass connections to an address of this machine on; give the address."""
    to_host, _, to_port = target.rpartition(":")
    under_way: set[asyncio.Task[None]] = set()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(to_host, int(to_port))
        for way in (_poured(reader, back), _poured(there, writer)):
            under_way.add(asyncio.create_task(way))

    async with await asyncio.start_server(passed, host, 0) as relay:
        yield f"{host}:{relay.sockets[0].getsockname()[1]}"
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _poured(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                target.write(chunk)
                await target.drain()
    finally:
        target.close()
