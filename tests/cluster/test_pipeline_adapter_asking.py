"""The adapter of pipelines as a process: what it asks the API server for, and leaves there."""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import pytest
import yaml
from aiohttp import web

from runwright.models.kratix import HANDOVER_KEY
from testbed import certificates
from testbed.cluster import Testbed
from testbed.layout import LOOPBACK
from tests.cluster.adapter_process import AccountFolder, Adapter

_OBJECT: Final = {
    "KRATIX_OBJECT_VERSION": "v1",
    "KRATIX_OBJECT_GROUP": "",
    "KRATIX_CRD_PLURAL": "configmaps",
    "KRATIX_CLUSTER_SCOPED": "false",
    "KRATIX_OBJECT_NAME": "orders",
}


@pytest.fixture
def account(own: Testbed, namespace: str, adapter: Adapter) -> AccountFolder:
    """The account that the adapter acts as."""
    return AccountFolder(own, namespace, adapter.account)


async def test_an_object_is_written_for_everybody_to_read(
    adapter: Adapter, account: AccountFolder
) -> None:
    """Also where the rights to it were granted only just now, as before every first run."""
    account.make("orders", text="3", long="x" * 600)
    environ = account.environ | _OBJECT | {"KRATIX_OBJECT_NAMESPACE": account.namespace}

    reading = asyncio.create_task(asyncio.to_thread(adapter.read, environ))
    await asyncio.to_thread(account.may, "get")
    ended = await reading

    file = adapter.input / "object.yaml"
    assert yaml.safe_load(file.read_text()) == account.read("orders")
    assert file.stat().st_mode & 0o777 == 0o644
    assert ended.out == file.read_text()[:500] + "\n"
    assert [one.name for one in adapter.input.iterdir()] == ["object.yaml"]


def test_an_object_that_is_gone_is_an_error_that_names_it(
    adapter: Adapter, account: AccountFolder
) -> None:
    """Without a namespace it is sought in `default`, as upstream does."""
    environ = account.environ | _OBJECT | {"KRATIX_OBJECT_NAMESPACE": ""}
    account.testbed.kubectl(
        *("create", "rolebinding", account.namespace, "--clusterrole=view"),
        *(f"--serviceaccount={account.namespace}:default", "--namespace=default"),
    )
    try:
        ended = adapter.read(environ)
    finally:
        account.testbed.kubectl("delete", "rolebinding", account.namespace, "--namespace=default")

    assert ended.code == 1
    assert 'get configmaps default/orders: HTTP 404 Not Found: configmaps "orders"' in ended.err


@pytest.mark.parametrize("missing", ["KRATIX_OBJECT_NAME", "KUBERNETES_SERVICE_HOST"])
def test_a_variable_that_is_missing_is_named(
    adapter: Adapter, account: AccountFolder, missing: str
) -> None:
    ended = adapter.read({**account.environ, **_OBJECT, missing: ""})

    assert ended.code == 1
    assert missing in ended.err


@asynccontextmanager
async def _answering(*answers: int | None) -> AsyncGenerator[dict[str, str]]:
    """Serve an API server that answers so, with its status or not at all, and then as it should."""
    left = iter(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        status = next(left, 200)
        if status is None:
            assert request.transport is not None
            request.transport.abort()
        said = {"kind": "Namespace", "metadata": {"name": "a"}, "message": "not now"}
        return web.json_response(said, status=status or 500)

    app = web.Application()
    app.router.add_get("/api/v1/namespaces/a", answer)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server = certificates.SERVER
    ours.load_cert_chain(certificates.certificate(server), certificates.key(server))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0, ssl_context=ours).start()
    port = str(runner.addresses[0][1])
    named = {"KRATIX_CRD_PLURAL": "namespaces", "KRATIX_CLUSTER_SCOPED": "true"}
    try:
        yield {
            **_OBJECT,
            **named,
            "KRATIX_OBJECT_NAME": "a",
            "KUBERNETES_SERVICE_HOST": LOOPBACK,
            "KUBERNETES_SERVICE_PORT": port,
        }
    finally:
        await runner.cleanup()


@pytest.mark.usefixtures("account")
async def test_an_api_server_that_is_busy_or_away_is_asked_again(adapter: Adapter) -> None:
    async with _answering(429, 503, None) as environ:
        ended = await asyncio.to_thread(adapter.read, environ)

    assert ended.code == 0
    assert yaml.safe_load((adapter.input / "object.yaml").read_text())["kind"] == "Namespace"
    assert "HTTP 429 Too Many Requests: not now; again in" in ended.err


@pytest.mark.usefixtures("account")
async def test_an_answer_that_will_not_change_is_final(adapter: Adapter) -> None:
    async with _answering(410) as environ:
        ended = await asyncio.to_thread(adapter.read, environ)

    assert (ended.code, ended.err) == (1, "get namespaces a: HTTP 410 Gone: not now\n")


@pytest.mark.parametrize(
    "verbs", [("create",), ("create", "get")], ids=["create", "create and get"]
)
def test_a_long_handover_is_stored_once_and_again_without_harm(
    adapter: Adapter, account: AccountFolder, verbs: tuple[str, ...]
) -> None:
    """A container that is restarted does not know that it has stored it."""
    account.may(*verbs)
    environ = {
        "RUNWRIGHT_POD_NAME": "pod",
        "RUNWRIGHT_JOB_NAME": "job",
        "RUNWRIGHT_JOB_UID": account.job(),
        **account.environ,
    }
    (adapter.metadata / "status.yaml").write_text(f"message: {'a' * 100}")
    adapter.pack()

    names = []
    for _ in range(2):
        ended = adapter.hand_over(longest=100, environ=environ)
        stored = adapter.handed_over.stored
        assert stored, ended.err
        text = account.read(stored.config_map)["data"][HANDOVER_KEY]
        assert hashlib.sha256(text.encode()).hexdigest() == stored.digest
        assert json.loads(text)["status"] == f"message: {'a' * 100}"
        names.append(stored.config_map)

    assert names[0] == "pod"
    assert (names[1] == "pod") is ("get" in verbs)


def test_what_a_step_made_under_that_name_is_left_alone(
    adapter: Adapter, account: AccountFolder
) -> None:
    account.may("create", "get")
    account.make("pod", handover="forged")
    environ = {
        "RUNWRIGHT_POD_NAME": "pod",
        "RUNWRIGHT_JOB_NAME": "job",
        "RUNWRIGHT_JOB_UID": account.job(),
        **account.environ,
    }
    adapter.pack()

    adapter.hand_over(longest=1, environ=environ)

    stored = adapter.handed_over.stored
    assert stored
    assert stored.config_map == f"pod-{stored.digest[:8]}"
