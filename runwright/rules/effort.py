"""How much work others have made of rules by what they wrote: counted, never timed.

Nothing that a rule comes to depends on it. It is there for those who must not be held up: a
workflow has two seconds for a turn, before Temporal takes it for stuck.
"""

from threading import local


class _Tally(local):
    """The steps of one thread: no other one can come between two readings."""

    steps = 0


_TALLY = _Tally()


def note(steps: int) -> None:
    """Count steps, each of some microseconds."""
    _TALLY.steps += steps


def noted() -> int:
    """Return how many steps were counted in this thread, ever."""
    return _TALLY.steps
