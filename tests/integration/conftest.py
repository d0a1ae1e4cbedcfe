"""State folders of local tasks, with and without an observer."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.contract.backends import LocalBackend


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
