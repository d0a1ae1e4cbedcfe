"""Every error that Runwright raises, in one tree.

RunwrightError
├── PermanentError             the same call would fail again
│   ├── InvalidManifestError   a manifest or an input cannot be read; it lists every problem
│   ├── InvalidSettingsError   the environment holds a setting that cannot be read
│   ├── NotOursError           an object of that name exists and is not ours
│   ├── NotFoundError          there is no such run, step or gate
│   └── RefusedError           the other side said no for good
└── TransientError             the world may change: try again
    ├── StorageUnavailableError  the state folder cannot be read or written
    └── TemporalUnavailableError Temporal cannot be reached

Raise the leaves, catch the branches. A task that ran and failed is not an error but a TaskOutcome.
"""

from collections.abc import Sequence
from typing import NamedTuple


class RunwrightError(Exception):
    """The root: what Runwright raises on purpose."""


class PermanentError(RunwrightError):
    """The same call would fail again."""


class TransientError(RunwrightError):
    """The world may change: the same call may succeed later."""


class Problem(NamedTuple):
    """One thing wrong with a document: where, and what."""

    path: str
    """The field, as `spec.steps[2].needs[0]`; empty for the whole document."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidManifestError(PermanentError):
    """A manifest or an input cannot be read; `problems` has every reason at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidSettingsError(PermanentError):
    """The environment holds a setting that is unknown or cannot be read."""


class NotOursError(PermanentError):
    """An object of that name exists and belongs to nobody of ours."""


class NotFoundError(PermanentError):
    """There is no such run, step or gate."""


class RefusedError(PermanentError):
    """The other side said no, and would say so again."""


class StorageUnavailableError(TransientError):
    """The state folder cannot be read or written now."""


class TemporalUnavailableError(TransientError):
    """Temporal cannot be reached now."""
