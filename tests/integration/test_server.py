"""A Temporal server of one's own, when it comes up."""

import os
import socket
from pathlib import Path

import pytest

from adapters.temporal import server
from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, free_ports, serving


async def test_a_port_that_somebody_took_since_it_was_chosen_is_chosen_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server takes ports of its own as well, of which nobody here knows."""
    begun: list[str] = []
    nobody = {"TEMPORAL_CONFIG_FILE": os.devnull}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        async def chosen(folder: Path, ports: Addresses) -> Addresses:
            free = await free_ports(folder, ports)
            return free if begun else free._replace(port=taken.getsockname()[1])

        monkeypatch.setattr(server, "free_ports", chosen)
        async with (
            serving(tmp_path, Addresses(0, 0), (), lambda one: begun.append(one.grpc)) as found,
            connected(nobody, address=found.grpc) as client,
        ):
            await client.count_workflows()

    assert len(begun) == 2
    assert begun[-1] == found.grpc
    assert "address already in use" in (tmp_path / "temporal.log").read_text()
