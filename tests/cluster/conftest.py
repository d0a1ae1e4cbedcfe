"""A cluster for the tests that need one, and what it lacks said by what is skipped."""

import os
import uuid
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Final, NoReturn

import pytest
from temporalio.client import Client

from runwright.models.kratix import SYSTEM_NAMESPACE
from testbed import binaries, starting
from testbed.cluster import Reach, Testbed
from testbed.errors import UnavailableError
from testbed.layout import project
from tests.cluster.account import Account
from tests.cluster.adapter_process import Adapter
from tests.cluster.ledger import Ledger, keeping
from tests.cluster.platform import Platform, make_namespace
from tests.cluster.proxy import Proxy, proxied, token_of
from tests.cluster.runs import Stage
from tests.cluster.turns import turn

_ESTABLISHED_WITHIN: Final = "--timeout=30s"
_SHORTFALL: Final = pytest.StashKey[str]()
_OURS: Final = pytest.StashKey[bool]()
_WORKER: Final = "PYTEST_XDIST_WORKER"
"""Set in the processes that another one has run its tests."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Bring the testbed up for all processes that share it, where several run these tests."""
    if not _shares_it_out(session.config):
        return
    session.config.stash[_OURS] = starting.running() is None
    try:
        session.config.stash[_SHORTFALL] = starting.up().shortfall
    except UnavailableError as error:
        session.config.stash[_SHORTFALL] = f"there is no cluster at all: {error}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what was brought up."""
    if session.config.stash.get(_OURS, False):
        starting.down()


def _shares_it_out(config: pytest.Config) -> bool:
    """Return whether other processes run the tests of this one."""
    return bool(config.getoption("numprocesses", None)) and _WORKER not in os.environ


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let no test run beside one that has to be alone; that wait is none of a test's time."""
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say at the end, where nobody overlooks it, what could not be tested here."""
    if shortfall := config.stash.get(_SHORTFALL, ""):
        terminalreporter.section("NOT TESTED: whatever needs a node", red=True, bold=True)
        terminalreporter.line(shortfall)


def untested(why: str) -> NoReturn:
    """Leave a test out for what the machine lacks; where all has to hold, fail it."""
    if "CI" in os.environ:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def found_running() -> bool:
    """Whether somebody brought the testbed up before these tests; then it is left to them."""
    return _WORKER in os.environ or starting.running() is not None


@pytest.fixture(scope="session")
def testbed(pytestconfig: pytest.Config, *, found_running: bool) -> Generator[Testbed]:
    """A cluster; what it can do is its `reach`."""
    try:
        cluster = starting.up()
    except UnavailableError as error:
        pytestconfig.stash[_SHORTFALL] = f"there is no cluster at all: {error}"
        untested(f"there is no cluster: {error}")
    pytestconfig.stash[_SHORTFALL] = cluster.shortfall
    yield cluster
    if cluster.reach is not Reach.GIVEN and not found_running:
        starting.down()


@pytest.fixture
def own(testbed: Testbed) -> Testbed:
    """A cluster whose parts are ours, to be stopped and started; perhaps without a node."""
    if testbed.reach is Reach.GIVEN:
        pytest.skip("the cluster is given by KUBECONFIG: its parts are not ours to stop")
    return testbed


@pytest.fixture
def node(testbed: Testbed) -> Testbed:
    """A cluster of ours that runs pods, and has our images."""
    if testbed.reach is Reach.GIVEN:
        pytest.skip("the cluster is given by KUBECONFIG: its nodes may lack our images")
    if testbed.reach is not Reach.NODE:
        untested(f"no node of ours: {testbed.shortfall}")
    return testbed


@pytest.fixture
def namespace(testbed: Testbed) -> Generator[str]:
    """A namespace that no other test uses, in which pods can be made."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    testbed.kubectl("create", "namespace", name)
    account = (f"--namespace={name}", "serviceaccount/default", "--timeout=30s")
    testbed.kubectl("wait", "--for=create", *account)
    yield name
    testbed.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture(scope="module")
def place(testbed: Testbed) -> Generator[str]:
    """A namespace for what only the API server sees: nothing acts on it."""
    name = f"crds-{uuid.uuid4().hex[:12]}"
    testbed.kubectl("create", "namespace", name)
    yield name
    testbed.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def crds(testbed: Testbed) -> None:
    """The cluster knows our kinds.

    They are left there: other tests may use them at the same time, and with a kind go its objects.
    """
    files = f"--filename={project() / 'deploy' / 'crds'}"
    testbed.kubectl("apply", "--server-side", "--force-conflicts", "--recursive", files)
    testbed.kubectl(
        "wait", "--for=condition=Established", _ESTABLISHED_WITHIN, "--recursive", files
    )
    # An established kind may still have its storage set up, and say 429: kubectl asks again then.
    named = testbed.kubectl("get", "--recursive", files, "--output=name").split()
    kinds = ",".join(name.partition("/")[2] for name in named)
    testbed.kubectl("get", kinds, "--all-namespaces", "--output=name")


@pytest.fixture(scope="session")
async def account(testbed: Testbed, crds: None) -> AsyncGenerator[Account]:  # noqa: ARG001
    """What a worker may do: as much as `deploy` lets it, and no more."""
    ours = Account(testbed)
    try:
        ours.make()
        await ours.until_it_counts()
        yield ours
    finally:
        ours.remove()


@pytest.fixture
async def stage(
    node: Testbed, client: Client, namespace: str, account: Account
) -> AsyncGenerator[Stage]:
    """A namespace in which StoryRuns can run, and no worker that serves it yet.

    A test fails if its worker asks for something that it has no right to.
    """
    audited = account.audited()
    ours = Stage(node, client, namespace, account)
    yield ours
    await ours.close()
    assert not audited.forbidden()


@pytest.fixture(scope="session")
async def platform_account(testbed: Testbed, crds: None) -> AsyncGenerator[Account]:  # noqa: ARG001
    """What a worker may do that serves Promises: as much as `deploy/kratix` lets it."""
    ours = Account(testbed, folder="kratix")
    try:
        ours.make()
        await ours.until_it_counts()
        yield ours
    finally:
        ours.remove()


@pytest.fixture
async def platform(
    node: Testbed, client: Client, namespace: str, platform_account: Account
) -> AsyncGenerator[Platform]:
    """A namespace for requests, Promises of this test alone, and no worker that serves them yet.

    A test fails if its worker asks for something that it has no right to.
    """
    audited = platform_account.audited()
    ours = Platform(node, client, namespace, platform_account)
    await make_namespace(ours.cluster, SYSTEM_NAMESPACE)
    yield ours
    await ours.close()
    assert not audited.forbidden()


@pytest.fixture
async def ledger(node: Testbed) -> AsyncGenerator[Ledger]:
    """Where pods say that they began."""
    async with keeping(node.address) as kept:
        yield kept


@pytest.fixture
async def proxy(own: Testbed, tmp_path: Path, account: Account) -> AsyncGenerator[Proxy]:
    """An API server that can be made to refuse; the worker's account comes through it."""
    async with proxied(own, tmp_path, token_of(account.kubeconfig)) as between:
        yield between


@pytest.fixture(scope="session")
def binary() -> Path:
    """The adapter as it is in the checkout."""
    try:
        return binaries.pipeline_adapter()
    except UnavailableError as error:
        untested(str(error))


@pytest.fixture
def adapter(binary: Path, tmp_path: Path) -> Adapter:
    """The adapter, with folders of its own."""
    return Adapter(binary, tmp_path)
