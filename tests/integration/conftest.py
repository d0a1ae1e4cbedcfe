"""State folders of local tasks, with and without an observer; and what runs think."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from runwright.worker import WORKFLOW_RUNNER
from tests.contract.backends import LocalBackend
from tests.integration.pondering import Efforts


@pytest.fixture
async def local(tmp_path: Path) -> AsyncGenerator[LocalBackend]:
    """A state folder with an observer on it."""
    backend = LocalBackend(tmp_path)
    async with backend.observed():
        yield backend
        await backend.close()


@pytest.fixture
async def unobserved(tmp_path: Path) -> AsyncGenerator[LocalBackend]:
    """A state folder that nobody observes."""
    backend = LocalBackend(tmp_path)
    yield backend
    await backend.close()


@pytest.fixture
def efforts(monkeypatch: pytest.MonkeyPatch) -> Efforts:
    """What the workflow tasks of the test take."""
    efforts = Efforts()
    monkeypatch.setattr(WORKFLOW_RUNNER, "create_instance", efforts.create_instance)
    return efforts
