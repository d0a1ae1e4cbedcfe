"""How much is measured."""

from typing import Final, NamedTuple


class Size(NamedTuple):
    """Repetitions and amounts."""

    rounds: int
    """How often the two sides take turns."""
    runs: int
    """Runs per side and round, where throughput is measured."""
    decisions: int
    """Gate decisions per side and round."""
    waiting: int
    """Runs that wait at the same time."""
    idle_seconds: int
    """How long those are watched."""
    tasks: int
    """Tasks that wait while their worker is killed."""
    suspended: int
    """Tasks of a cluster that wait on suspended Jobs."""
    interrupted: int
    """Such tasks that wait while their worker is killed."""
    requests: int
    """Requests for a Promise that are made at once."""
    changed: int
    """Requests for a Promise that changes."""
    resting: int
    """Requests for a Promise that were fulfilled long ago."""


FULL: Final = Size(
    rounds=4,
    runs=150,
    decisions=30,
    waiting=1000,
    idle_seconds=20,
    tasks=100,
    suspended=5000,
    interrupted=500,
    requests=100,
    changed=200,
    resting=2000,
)
QUICK: Final = Size(
    rounds=2,
    runs=100,
    decisions=15,
    waiting=200,
    idle_seconds=5,
    tasks=20,
    suspended=300,
    interrupted=100,
    requests=25,
    changed=40,
    resting=200,
)
