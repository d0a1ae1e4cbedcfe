"""What the ports of Kratix's workflows promise, kept by a real API server."""

import pytest

from tests.cluster.kratix import Stand, stand
from tests.contract.test_kratix import *  # noqa: F403 - the same tests, on another platform

__all__ = ["platform", "stand"]


@pytest.fixture
def platform(stand: Stand) -> Stand:
    return stand
