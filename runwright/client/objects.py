"""The objects that stand for runs, where runs are objects of a cluster."""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Protocol

from adapters.kubernetes.context import current_namespace
from runwright.models.bubustack import StoryRun
from runwright.models.tasks import Backend
from runwright.rules.bubustack.starting import Overrides
from runwright.rules.bubustack.submission import Submission
from runwright.rules.manifests import Bundle
from runwright.rules.manifests.bundle import DEFAULT_NAMESPACE

_BACKEND = "RUNWRIGHT_BACKEND"


class RunObjects(Protocol):
    """The StoryRuns of a cluster, and what they refer to.

    Every method raises ClusterUnavailableError when the cluster cannot be asked now, and
    RefusedError when it says no for good.
    """

    async def find(self, namespace: str, name: str) -> StoryRun | None:
        """Return the StoryRun as it is now; None if there is none of that name."""
        ...

    async def prepare(self, bundle: Bundle, overrides: Overrides) -> Submission:
        """Return what to create for the run that manifests describe; nothing is created yet.

        Raises:
            InvalidManifestError: what keeps the run from being started, every problem at once.
        """
        ...

    async def submit(self, submission: Submission) -> StoryRun:
        """Create what is to be created; return the StoryRun as the cluster has it then.

        Raises:
            ExistsError: a StoryRun of that name exists; nothing was created.
        """
        ...

    async def request_cancel(self, run: StoryRun) -> None:
        """Ask on the object of a run that has not started to cancel it."""
        ...


@asynccontextmanager
async def objects_of(environ: Mapping[str, str] = os.environ) -> AsyncGenerator[RunObjects]:
    """Give the objects of the cluster that the environment names, as kubectl understands it."""
    # Its client library takes longer to import than all of ours.
    reached = import_module("runwright.client.cluster").reached
    async with reached(environ) as objects:
        yield objects


def home_of(environ: Mapping[str, str] = os.environ) -> str:
    """Return the namespace of what names none: kubectl's; `default` where runs are no objects."""
    if environ.get(_BACKEND) != Backend.KUBERNETES:
        return DEFAULT_NAMESPACE
    return current_namespace(environ) or DEFAULT_NAMESPACE
