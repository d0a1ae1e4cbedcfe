"""What a leading worker does for the objects of one system, told to the one who leads."""

from collections.abc import Mapping, Sequence, Sized
from typing import Protocol

from adapters.kubernetes.informer import Watch


class Part(Protocol):
    """One of the things that are done for all workers of a cluster."""

    async def run(self) -> None:
        """Do it until cancelled."""
        ...

    @property
    def watches(self) -> Sequence[Watch]:
        """Return what keeps up with the cluster for it, now."""
        ...

    @property
    def queues(self) -> Mapping[str, Sized]:
        """Return what waits to be looked at, by what it is called in metrics."""
        ...

    @property
    def open_runs(self) -> int:
        """Return how many runs of it are not over."""
        ...
