"""How the phase of a run or a step looks: a word, and a mark that needs no colour to be told."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rich.console import Console

from runwright.models.bubustack import Phase
from runwright.models.gates import GateOutcome
from runwright.models.history import OPEN


class Mark(NamedTuple):
    """A sign, what stands for it where only ASCII can be shown, and its colour."""

    sign: str
    plain: str
    style: str


_DONE: Final = Mark("✔", "+", "green")
_FAILED: Final = Mark("✘", "x", "red")
_GOING: Final = Mark("▶", ">", "blue")
_WAITING: Final = Mark("◷", "=", "yellow")
_PASSED_OVER: Final = Mark("↷", "-", "dim")
_TO_COME: Final = Mark("○", ".", "dim")
_MARKS: Final = {
    Phase.SUCCEEDED: _DONE,
    Phase.RUNNING: _GOING,
    Phase.SCHEDULING: _GOING,
    Phase.PENDING: _WAITING,
    Phase.PAUSED: _WAITING,
    Phase.BLOCKED: _WAITING,
    Phase.SKIPPED: _PASSED_OVER,
}

_WORD_MARKS: Final[Mapping[str, Mark]] = {
    "Succeeded": _DONE,
    "Ready": _DONE,
    "Starting": _GOING,
    "Running": _GOING,
    "Deleting": _GOING,
    "Suspended": _WAITING,
    "Waiting": _WAITING,
    "Paused": _WAITING,
    "Interrupted": _PASSED_OVER,
    "Gone": _PASSED_OVER,
    "Pending": _TO_COME,
}
_GATE_MARKS: Final[Mapping[str, Mark]] = {
    OPEN: _WAITING,
    GateOutcome.APPROVED: _DONE,
    GateOutcome.CLOSED: _PASSED_OVER,
}


class Marks:
    """The marks that one terminal can show."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._ascii_only = ascii_only

    @classmethod
    def of(cls, console: Console) -> "Marks":
        """Return the marks for a terminal."""
        return cls(ascii_only=not console.encoding.lower().startswith("utf"))

    def labelled(self, phase: Phase | None) -> tuple[str, str]:
        """Return mark and word of a phase, and the style of both."""
        mark = _TO_COME if phase is None else _MARKS.get(phase, _FAILED)
        return f"{mark.plain if self._ascii_only else mark.sign} {word(phase)}", mark.style

    def of_gate(self, standing: str) -> tuple[str, str]:
        """Return mark and word of a gate: its outcome, or Open; and the style of both."""
        mark = _GATE_MARKS.get(standing, _FAILED)
        return f"{mark.plain if self._ascii_only else mark.sign} {standing}", mark.style

    def of_word(self, word: str) -> tuple[str, str]:
        """Return mark and word of what a parent, its pipelines or their runs are at."""
        mark = _WORD_MARKS.get(word, _FAILED)
        return f"{mark.plain if self._ascii_only else mark.sign} {word}", mark.style

    @property
    def paused(self) -> tuple[str, str]:
        """Mark and word of a run that a person paused, and the style of both."""
        return f"{_WAITING.plain if self._ascii_only else _WAITING.sign} Paused", _WAITING.style


def word(phase: Phase | None) -> str:
    """Return what a phase is called; a step that is Paused waits for a moment or a person."""
    if phase is None:
        return "Not started"
    return "Waiting" if phase is Phase.PAUSED else str(phase)
