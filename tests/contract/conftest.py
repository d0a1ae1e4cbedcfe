"""The backends, each fresh for its test."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.contract.backends import ContractBackend, LocalBackend, MemoryBackend
from tests.contract.kratix import ContractPlatform, MemoryKratix


@pytest.fixture(params=["memory", "local"])
async def backend(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[ContractBackend]:
    if request.param == "memory":
        yield MemoryBackend()
        return
    local = LocalBackend(tmp_path)
    async with local.observed():
        yield local
        await local.close()


@pytest.fixture
def platform() -> ContractPlatform:
    return MemoryKratix()
