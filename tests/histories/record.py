"""Record the histories that replay is tested with: `python -m tests.histories.record [NAME...]`.

Without names, what is not recorded yet is. Record a history once, with the version that first
behaves so, and keep it: it stands for the runs that are open when a later version is deployed.
Naming one records it anew, which is right only for behaviour that was never released.

What tells where a history was recorded is taken out of it.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client

from adapters.temporal.connection import connected
from adapters.temporal.server import Addresses, serving
from tests.histories.scenarios import SCENARIOS, id_of
from tests.histories.stage import Stage
from workflows.presentation import SEARCH_ATTRIBUTES

FOLDER: Final = Path(__file__).parent
WORKER: Final = "worker"
"""Who did it, in every recorded event."""
_PROCESS: Final = re.compile(r"[0-9]+@[^\s\"/:]+")
"""How Temporal names a process: its number, and the machine's name."""
_SCRUBBED: Final = {"identity": WORKER, "stackTrace": ""}


def scrubbed(event: Any) -> Any:
    """Return the JSON of a history without the names of processes, machines and source files."""
    if isinstance(event, dict):
        return {key: _SCRUBBED.get(key, scrubbed(value)) for key, value in event.items()}
    if isinstance(event, list):
        return [scrubbed(one) for one in event]
    return _PROCESS.sub(WORKER, event) if isinstance(event, str) else event


async def record(client: Client, name: str) -> None:
    """Play one scenario and write its history."""
    await SCENARIOS[name](Stage(client, f"record-{name}", name))
    handle = client.get_workflow_handle(id_of(name))
    history = await handle.fetch_history()
    text = json.dumps(scrubbed(history.to_json_dict()), indent=1, sort_keys=True)
    await asyncio.to_thread((FOLDER / f"{name}.json").write_text, text + "\n")


async def main(names: Collection[str]) -> None:
    """Record these scenarios on a server of their own."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            serving(Path(folder), Addresses(0, 0), SEARCH_ATTRIBUTES) as server,
            connected({"TEMPORAL_CONFIG_FILE": os.devnull}, address=server.grpc) as client,
        ):
            for name in names:
                await record(client, name)


def missing() -> list[str]:
    """Return the scenarios that have no history yet."""
    return [name for name in SCENARIOS if not (FOLDER / f"{name}.json").exists()]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or missing()))
