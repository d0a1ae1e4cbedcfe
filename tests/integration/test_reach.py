"""Whether Temporal still answers, asked of one that goes away."""

import os
from pathlib import Path

from temporalio.client import Client

from adapters.temporal.connection import connected
from adapters.temporal.reach import TemporalReach
from adapters.temporal.server import Addresses, serving


async def test_a_temporal_that_answers_is_no_trouble(client: Client) -> None:
    reach = TemporalReach(client)

    await reach.ask()

    assert reach.trouble() == []


async def test_a_temporal_that_went_away_is_told(tmp_path: Path) -> None:
    """A worker is told by nobody: its polls go on in silence."""
    nobody = {"TEMPORAL_CONFIG_FILE": os.devnull}
    async with serving(tmp_path, Addresses(0, 0), ()) as server:
        where = server.grpc
        async with connected(nobody, address=where) as client:
            reach = TemporalReach(client)
            server.kill()
            await server.crashed()

            await reach.ask()

    assert reach.trouble()[0].startswith(f"Temporal at {where}: ")
