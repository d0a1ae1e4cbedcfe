"""What tests of every level share: levels by folder, no task left behind, a real Temporal."""

import asyncio
import functools
import importlib
import inspect
import os
import signal
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
from temporalio.client import Client

from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, serving
from workflows.presentation import SEARCH_ATTRIBUTES

_LEVELS: Final = {
    "unit": "needs no server; 2 s each by itself",
    "contract": "every implementation of a port, by the same tests",
    "integration": "one real thing, most often a Temporal server",
    "acceptance": "the commands and the examples, as a user runs them",
    "cluster": "a real Kubernetes; not part of `make test`",
}
_WAYS: Final = {
    "alone": "of its cluster: it stops parts of it, or serves all that is in it",
    "ending": "brings the testbed up and down, which nobody else may use meanwhile",
}
_HERE: Final = Path(__file__).parent
_SECONDS: Final = {"unit": 10 if "PYTEST_XDIST_WORKER" in os.environ else 2, "cluster": 300}
"""By level; for unit tests more where several processes share the processors."""
_PATIENCE: Final = 30
"""Seconds that a turn of a workflow may take before the SDK takes the run for stuck."""
_OWN_SHARE: Final = 0.8
"""Of its time, that which a test itself has; the rest is for what it then has to put away."""


# A run of CI must be the same run when it is repeated; at home, chance finds more.
hypothesis.settings.register_profile("ours", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("ours")


def pytest_configure(config: pytest.Config) -> None:
    """Make each level a marker, so that `-m` selects by it.

    And have Ctrl-C mean something: what a shell starts in the background ignores it, and so would
    every command that the tests start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, meaning in (_LEVELS | _WAYS).items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Mark each test with its level, which is its folder under `tests`, and bound its time."""
    for item in items:
        level = item.path.relative_to(_HERE).parts[0]
        if level in _LEVELS:
            item.add_marker(level)
        is_bounded = item.get_closest_marker("timeout") is not None
        if level in _SECONDS and not is_bounded:
            item.add_marker(pytest.mark.timeout(_SECONDS[level]))
        if level == "unit" and not is_bounded:
            continue
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            marker = item.get_closest_marker("timeout")
            seconds = float(marker.args[0] if marker else item.config.getini("timeout"))
            item.obj = _within(seconds * _OWN_SHARE, item.obj)


def _within(seconds: float, test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return a test that is cancelled after so long, where it waits.

    pytest's own timeout leaves the event loop as it is: workers of that test live on in it, and
    nothing says for what it waited.
    """

    @functools.wraps(test)
    async def bounded(*args: Any, **kwargs: Any) -> None:
        async with asyncio.timeout(seconds):
            await test(*args, **kwargs)

    return bounded


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Let the SDK take no run for stuck while all of a test process stands still.

    Two seconds without a turn are little here: several processes share the processors, and each
    collects the garbage of thousands of tests. The SDK then interrupts whatever the thread is at,
    such as the end of another test's run, and a test fails of an error that nobody can catch. How
    long runs think is counted where it matters, and that a run which was interrupted goes on has
    a test.
    """
    worker = vars(importlib.import_module("temporalio.worker._workflow"))["_WorkflowWorker"]
    made = worker.__init__

    def patient(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        assert "_deadlock_timeout_seconds" in vars(self)
        self._deadlock_timeout_seconds = _PATIENCE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "__init__", patient)
        yield


@pytest.fixture(autouse=True)
async def _no_task_left_behind() -> AsyncGenerator[None]:
    """Fail a test whose asyncio tasks outlive it: what they do next hits another test."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)  # what was cancelled last gets the turn in which it ends
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    assert not left


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """The address of a Temporal server that knows our search attributes."""
    folder = tmp_path_factory.mktemp("temporal")
    async with serving(folder, Addresses(0, 0), SEARCH_ATTRIBUTES) as addresses:
        yield addresses.grpc


@pytest.fixture(scope="session")
async def client(temporal: str) -> AsyncGenerator[Client]:
    """A client of that server, with our converter."""
    without_profile = {"TEMPORAL_CONFIG_FILE": os.devnull}
    async with connected(without_profile, address=temporal) as connection:
        yield connection


@pytest.fixture
def task_queue() -> str:
    """The name of a task queue that no other test uses."""
    return f"test-{uuid.uuid4()}"
