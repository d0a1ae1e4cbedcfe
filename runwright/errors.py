"""Every error that Runwright raises, in one tree.

RunwrightError
├── PermanentError             the same call would fail again
│   ├── InvalidManifestError   a manifest or an input cannot be read; it lists every problem
│   ├── InvalidSettingsError   the environment holds a setting that cannot be read
│   ├── TemplateError          a template cannot be read, or names something that is not there
│   │   ├── UnresolvedError    … something of a step that did not put it out
│   │   └── OffloadedError     … something that lies in a store, and has to be fetched first
│   ├── NotOursError           an object of that name exists and is not ours
│   ├── ExistsError            a run of that name exists already
│   ├── NotFoundError          there is no such run, step or gate
│   └── RefusedError           the other side said no for good
└── TransientError             the world may change: try again
    ├── StorageUnavailableError  the state folder cannot be read or written
    ├── NotStartedError          what runs a task could not be started now
    ├── UnbarredError            a task is not there, and cannot be kept from starting now
    ├── StillRunningError        a task was told to end and has not ended yet
    ├── ClusterUnavailableError  the API server of a cluster cannot be asked now
    ├── ConflictError            an object was changed by somebody else in between
    └── TemporalUnavailableError Temporal cannot be reached
        └── NoWorkerError        Temporal can, but no worker that would answer for the run

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
    file: str = ""
    """Where the document was read; empty where it came from no file."""
    object: str = ""
    """The document, as `Story/release`; empty where there is only one, or it has no name."""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.object, self.path, self.message) if part)


class InvalidManifestError(PermanentError):
    """A manifest or an input cannot be read; `problems` has every reason at once.

    `warnings` are what is odd besides, such as a field that nobody knows.
    """

    def __init__(self, problems: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
        self.warnings = tuple(warnings)


class InvalidSettingsError(PermanentError):
    """The environment holds a setting that is unknown or cannot be read."""


class TemplateError(PermanentError):
    """A template cannot be read, or names something that is not there.

    `line` and `column` count from 1 within the template's text, in characters; 0: it is not about
    a place in a text. `path` is the template's place in the value that was evaluated, empty for
    the value itself.
    """

    def __init__(self, message: str, column: int = 0, path: str = "", line: int = 1) -> None:
        super().__init__("".join((f"{path}: " if path else "", message, _place(line, column))))
        self.message = message
        self.line = line
        self.column = column
        self.path = path


class UnresolvedError(TemplateError):
    """A template is nothing but a path to something of a step that is not there, or not yet."""


class OffloadedError(TemplateError):
    """A template looks into what lies in a store: somebody has to fetch it first."""


def _place(line: int, column: int) -> str:
    if not column:
        return ""
    return f" (column {column})" if line == 1 else f" (line {line}, column {column})"


class NotOursError(PermanentError):
    """An object of that name exists and belongs to nobody of ours."""


class ExistsError(PermanentError):
    """A run of that name exists already."""


class NotFoundError(PermanentError):
    """There is no such run, step or gate."""


class RefusedError(PermanentError):
    """The other side said no, and would say so again."""


class StorageUnavailableError(TransientError):
    """The state folder cannot be read or written now."""


class NotStartedError(TransientError):
    """What runs a task could not be started now."""


class UnbarredError(TransientError):
    """A task is not there, and nothing can be put in its place to keep it from starting."""


class StillRunningError(TransientError):
    """A task was told to end and has not ended yet."""


class ClusterUnavailableError(TransientError):
    """The API server of a cluster cannot be asked now, or refuses for now."""


class ConflictError(TransientError):
    """An object was created or changed by somebody else in between."""


class TemporalUnavailableError(TransientError):
    """Temporal cannot be reached now."""


class NoWorkerError(TemporalUnavailableError):
    """Temporal can be reached, but no worker answers for the run now."""
