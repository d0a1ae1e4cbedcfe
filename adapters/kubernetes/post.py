"""What an observer looks after, and how often."""

from datetime import timedelta
from typing import NamedTuple

from runwright.models.logs import KeepLogs


class Post(NamedTuple):
    """What an observer looks after."""

    cluster: str
    """The name that the Jobs bear as a label."""
    namespace: str = ""
    """Empty: of all namespaces."""
    keep: KeepLogs = KeepLogs.FAILED
    """The logs of which tries are kept before their pods go."""


class Pace(NamedTuple):
    """How often the observer does what it does."""

    resync: timedelta = timedelta(minutes=5)
    """Between two listings of all Jobs and pods."""
    beat: timedelta = timedelta(minutes=40)
    """Between two beats of a running try's claim."""
    doubt: timedelta = timedelta(seconds=5)
    """How long a task may take to run before the Events are asked, and a pod's Job to be seen."""
    longest_doubt: timedelta = timedelta(minutes=5)
    """The question is repeated after twice the time, up to this."""
    let_go: timedelta = timedelta(milliseconds=250)
    """How long what is recorded stays: the next task of its run is to be there before it goes."""
