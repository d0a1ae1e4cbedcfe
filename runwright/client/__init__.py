"""Start runs, look at them, and talk to them, from Python.

async with connect() as runwright:
    run = await runwright.start(start)
    await run.approve("release", by="ada")
    state = await run.wait()
"""

from runwright.client.addresses import ParentAddress, parent_address
from runwright.client.parents import ParentEntity, ParentView
from runwright.client.requests import StartRequest, start_request
from runwright.client.runs import Run
from runwright.client.starter import RunwrightClient, connect
from runwright.client.views import ParentSummary, Summary, Trouble, View
from runwright.client.watching import Away, Missing, changes, changes_until
from runwright.errors import NoWorkerError

__all__ = [
    "Away",
    "Missing",
    "NoWorkerError",
    "ParentAddress",
    "ParentEntity",
    "ParentSummary",
    "ParentView",
    "Run",
    "RunwrightClient",
    "StartRequest",
    "Summary",
    "Trouble",
    "View",
    "changes",
    "changes_until",
    "connect",
    "parent_address",
    "start_request",
]
