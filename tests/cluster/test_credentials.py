"""Credentials that run out under a worker: it reads them anew and goes on."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from kubernetes.aio.config import incluster_config

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.resources import JOBS
from runwright.errors import ClusterUnavailableError
from testbed import certificates
from testbed.layout import Port
from tests.cluster.account import Account
from tests.cluster.ledger import Ledger
from tests.cluster.proxy import Proxy, token_of
from tests.cluster.runs import Stage, step


@pytest.fixture
async def cluster(proxy: Proxy) -> AsyncGenerator[Cluster]:
    """The cluster, asked through the proxy."""
    ours = Cluster(proxy.environ)
    yield ours
    await ours.close()


@pytest.fixture
def tokens(account: Account) -> tuple[str, str]:
    """Two tokens of the worker's account: the one that it has, and its next."""
    old = token_of(account.kubeconfig)
    words = ("create", "token", "runwright", f"--namespace={account.namespace}")
    return old, account.testbed.kubectl(*words).strip()


async def test_a_request_whose_token_has_expired_is_made_with_the_new_one(
    cluster: Cluster, proxy: Proxy, account: Account, tokens: tuple[str, str]
) -> None:
    """The file has been written anew by then: whoever asked does not notice."""
    old, new = tokens
    await cluster.get(JOBS, account.namespace, "none")

    proxy.admit(new)
    proxy.outdated.add(old)
    await cluster.get(JOBS, account.namespace, "none")
    await cluster.get(JOBS, account.namespace, "none")

    assert proxy.tokens == [old, old, new, new]


async def test_the_credentials_are_read_once_for_all_requests_that_were_refused(
    cluster: Cluster, proxy: Proxy, account: Account, tokens: tuple[str, str]
) -> None:
    """None of them fails because another one changed the connection under it."""
    old, new = tokens
    await cluster.get(JOBS, account.namespace, "none")

    proxy.admit(new)
    proxy.outdated.add(old)
    asked = [cluster.get(JOBS, account.namespace, f"n{number}") for number in range(50)]
    found = await asyncio.gather(*asked)

    assert found == [None] * 50
    assert proxy.tokens.count(new) == 50


async def test_a_token_that_nobody_renewed_is_waited_for(
    cluster: Cluster, proxy: Proxy, account: Account, tokens: tuple[str, str]
) -> None:
    """What refuses for now may be asked again: some other process brings the new one."""
    old, new = tokens
    proxy.outdated.add(old)

    with pytest.raises(ClusterUnavailableError, match="HTTP 401"):
        await cluster.get(JOBS, account.namespace, "none")
    proxy.admit(new)

    assert await cluster.get(JOBS, account.namespace, "none") is None


@pytest.mark.parametrize("text", ["", "{", "apiVersion: v1\nkind: Config\n", "[1]"])
async def test_a_kubeconfig_that_is_half_written_is_read_again(
    cluster: Cluster, proxy: Proxy, account: Account, tokens: tuple[str, str], text: str
) -> None:
    old, _ = tokens
    Path(proxy.environ["KUBECONFIG"]).write_text(text)

    with pytest.raises(ClusterUnavailableError, match="read the credentials of the cluster"):
        await cluster.get(JOBS, account.namespace, "none")
    proxy.admit(old)

    assert await cluster.get(JOBS, account.namespace, "none") is None


async def test_a_pod_reads_the_file_of_its_token_anew(
    account: Account,
    tokens: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kubelet writes it there; that of before is one that the API server does not know."""
    file = tmp_path / "token"
    file.write_text("outdated")
    authority = certificates.certificate(certificates.AUTHORITY)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(file))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", account.testbed.address)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(Port.API_SERVER.value))
    cluster = Cluster({"KUBERNETES_SERVICE_HOST": account.testbed.address})

    with pytest.raises(ClusterUnavailableError, match="HTTP 401"):
        await cluster.list(JOBS, Selection(account.namespace))
    file.write_text(tokens[1])
    listed = await cluster.list(JOBS, Selection(account.namespace))
    await cluster.close()

    assert listed.items == []


async def test_a_run_goes_on_when_the_token_of_its_worker_is_another(
    stage: Stage, proxy: Proxy, ledger: Ledger, tokens: tuple[str, str]
) -> None:
    """With the watches that were open, and in the middle of a step."""
    old, new = tokens
    stage.environ = proxy.environ
    ledger.hold("web-1-build")
    await stage.engram("work", ledger.script)
    await stage.story("release", step("build"), step("deploy", "work", "build"))

    async with stage.served():
        await stage.run("web-1", "release")
        await ledger.until_began("web-1-build")
        proxy.admit(new)
        proxy.outdated.add(old)
        proxy.cut()
        await ledger.let_go()
        await stage.until_phase("web-1", "Succeeded")

    assert ledger.began == {"web-1-build": 1, "web-1-deploy": 1}
