"""Messages that every run understands, and where a run comes from."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from runwright.models.base import Message

LONGEST_REASON: Final = 2048
"""Characters of why somebody asks for something."""


class PauseRun(Message):
    """Start no further step until the run is resumed; what runs goes on, deadlines too."""

    by: str = Field(default="", max_length=256)
    comment: str = Field(default="", max_length=LONGEST_REASON)


class ResumeRun(Message):
    """Take a pause back."""

    by: str = Field(default="", max_length=256)
    comment: str = Field(default="", max_length=LONGEST_REASON)


class CancelRun(Message):
    """Stop what runs, start nothing more, and close the run as cancelled."""

    by: str = Field(default="", max_length=256)
    reason: str = Field(default="", max_length=LONGEST_REASON)
    grace: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(hours=1))
    """Between TERM and KILL of a task; None: what the run's policy says."""
    run_hooks: bool = False
    """Whether what always comes last in such a run still runs: so it is when a run is deleted."""


class LookAgain(Message):
    """Look again for what steps wait for: something of it may be there now."""


class Paused(Message):
    """Who paused the run, since when."""

    by: str
    since: datetime
    comment: str = ""


class Resumed(Message):
    """Who took a pause back, and when."""

    by: str
    at: datetime
    was_paused: bool = True
    """Whether there was a pause to take back."""


class Cancelled(Message):
    """Who cancelled the run, when, and how long its tasks get."""

    by: str
    at: datetime
    reason: str = ""
    grace: timedelta
    run_hooks: bool = False
