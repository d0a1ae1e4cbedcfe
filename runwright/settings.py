"""What an operator may set, by environment variables; nothing below sees more than the values."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from runwright.errors import InvalidSettingsError
from runwright.models.base import Message

_PREFIX: Final = "RUNWRIGHT_"
_OF_TASKS: Final = frozenset({"INPUT", "OUTPUT", "TRY", "ACTIVATION", "MANIFESTS"})
"""What a task finds in its environment: not ours to read when it calls Runwright itself."""


class Settings(Message):
    """The settings of every command, each read from `RUNWRIGHT_` and its name in capitals.

    Where Temporal is, its own variables say (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
    `TEMPORAL_PROFILE` and so on).
    """

    state: Path
    """The folder of local tasks, their logs, and the embedded server's database."""
    cluster: str = Field(default="local", pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=53)
    """The name of the cluster that is served; part of the task queue's name."""
    beat_interval: timedelta = Field(
        default=timedelta(minutes=40), gt=timedelta(0), le=timedelta(hours=1)
    )
    """How often each waiting task tells Temporal that somebody looks after it."""
    resync_interval: timedelta = Field(default=timedelta(seconds=5), gt=timedelta(0))
    """How often all local tasks are looked at, whatever was or was not reported."""
    drain: timedelta = Field(default=timedelta(seconds=20), ge=timedelta(0))
    """What activities under way get to finish when the worker is told to stop."""

    @property
    def task_queue(self) -> str:
        """Return the queue that the workers of this cluster serve."""
        return f"runwright-{self.cluster}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings that the variables say; durations are ISO 8601, as `PT5S`.

        Raises:
            InvalidSettingsError: a variable is unknown or cannot be read; it lists all of them.
        """
        given = {
            name.removeprefix(_PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in _OF_TASKS
        }
        try:
            return cls.model_validate({"state": default_state_folder(environ), **given})
        except ValidationError as error:
            problems = "; ".join(
                f"{_PREFIX}{str(one['loc'][0]).upper()}: {_said(one['type'], one['msg'])}"
                for one in error.errors(include_url=False, include_input=False)
            )
            raise InvalidSettingsError(problems) from error


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        known = ", ".join(_PREFIX + name.upper() for name in Settings.model_fields)
        return f"there is no such setting; there are {known}"
    if kind == "time_delta_parsing":
        return "is no duration with a unit, as PT5S or PT1M30S"
    return message[0].lower() + message[1:]


def default_state_folder(environ: Mapping[str, str]) -> Path:
    """Return `runwright` in the user's folder for state."""
    home = environ.get("HOME") or str(Path.home())
    base = environ.get("XDG_STATE_HOME") or Path(home, ".local", "state")
    return Path(base) / "runwright"
