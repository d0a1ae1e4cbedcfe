"""How the demo looks: a picture under a growing tale, or lines where nothing can be redrawn."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from runwright.cli.following import here
from runwright.cli.marks import Marks, word
from runwright.cli.pages import step_note
from runwright.models.bubustack import Phase
from runwright.models.story_run import Section, StepProgress, StoryRunState
from runwright.rules.times import lasting

_REDRAWN: Final = 8
"""Times a second."""
_BAR: Final = 24
"""Columns of the longest bar."""
_LONGEST: Final = 8.0
"""Seconds that fill it."""


class Screen(Protocol):
    """Where the demo is seen."""

    def __enter__(self) -> "Screen":
        """Begin."""
        ...

    def __exit__(self, *_: object) -> None:
        """End."""

    def say(self, line: str, style: str = "") -> None:
        """Add a line to the tale."""

    def note(self, line: str) -> None:
        """Say something of the moment; empty takes it back."""

    def show(self, state: StoryRunState) -> None:
        """Show how the run is now."""


def screen_of(terminal: Console) -> Screen:
    """Return what suits the terminal."""
    can_redraw = terminal.is_terminal and not terminal.is_dumb_terminal
    return Picture(terminal) if can_redraw else Lines(terminal)


class Picture:
    """Tells above, and redraws the run below."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal
        self._state: StoryRunState | None = None
        self._note = ""
        self._live = Live(
            console=terminal,
            get_renderable=self._drawn,
            refresh_per_second=_REDRAWN,
            transient=True,
        )

    def __enter__(self) -> "Picture":
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back, without the picture."""
        self._live.stop()

    def say(self, line: str, style: str = "") -> None:
        """Print the line above the picture."""
        self._terminal.print(Text(line, style))

    def note(self, line: str) -> None:
        """Show the line under the picture."""
        self._note = line

    def show(self, state: StoryRunState) -> None:
        """Draw that state from now on."""
        self._state = state

    def _drawn(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._state:
            parts.append(steps_table(self._state, here(), self._terminal))
        if self._note:
            parts.append(Text(f"  {self._note}", "yellow"))
        return Padding(Group(*parts), (1, 0))


class Lines:
    """Prints every line with its time."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal
        self._seen: dict[str, StepProgress] = {}

    def __enter__(self) -> "Lines":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines as they are."""

    def say(self, line: str, style: str = "") -> None:
        """Print the line; one that is empty only matters to a picture."""
        if line:
            self._terminal.print(Text(f"{here():%H:%M:%S}  {line}", style), soft_wrap=True)
            self._terminal.file.flush()

    def note(self, line: str) -> None:
        """Leave it out: what only matters for a moment makes no line."""

    def show(self, state: StoryRunState) -> None:
        """Print which steps changed."""
        for name, step in state.steps.items():
            before = self._seen.get(name)
            if (step.phase, step.tries) != (before and (before.phase, before.tries)):
                self._tell(state, step)
        self._seen = dict(state.steps)

    def _tell(self, state: StoryRunState, step: StepProgress) -> None:
        if step.phase not in {None, Phase.PENDING} or step.tries:
            note = step_note(state, step, here())
            self.say(f"  {step.name}: {word(step.phase)}{f', {note}' if note else ''}")


def steps_table(state: StoryRunState, now: datetime, terminal: Console) -> Table:
    """Return the steps, each with a bar that grows by what it takes."""
    marks, bar = Marks.of(terminal), "━" if terminal.encoding.lower().startswith("utf") else "="
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, width=_BAR)
    table.add_column(no_wrap=True, justify="right", width=5)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for step in state.steps.values():
        label, style = marks.labelled(step.phase)
        seconds = _seconds(step, now)
        table.add_row(
            Text(f"  {label}", style),
            Text(step.name, "dim" if step.phase is None else ""),
            Text(bar * round(min(seconds / _LONGEST, 1) * _BAR), style),
            f"{seconds:.1f}s" if seconds else "",
            Text(_remark(state, step, now), "dim"),
        )
    return table


def _seconds(step: StepProgress, now: datetime) -> float:
    if step.started_at is None or step.phase is Phase.SKIPPED:
        return 0
    return max(((step.finished_at or now) - step.started_at).total_seconds(), 0)


def _remark(state: StoryRunState, step: StepProgress, now: datetime) -> str:
    if step.section is not Section.MAIN and step.phase is None:
        return "only after a failure" if step.section is Section.COMPENSATIONS else "at every end"
    if step.phase is Phase.SUCCEEDED and step.tries > 1:
        return f"at try {step.tries}"
    return step_note(state, step, now)


def ending(state: StoryRunState, remarks: Mapping[str, str], terminal: Console) -> Table:
    """Return the run as it ended, with a remark behind some of its steps."""
    marks = Marks.of(terminal)
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, step in state.steps.items():
        label, style = marks.labelled(step.phase)
        table.add_row(Text(f"  {label}", style), name, _tries(step), _took(step), remarks.get(name))
    return table


def _tries(step: StepProgress) -> str:
    return "" if not step.tries else "1 try" if step.tries == 1 else f"{step.tries} tries"


def _took(step: StepProgress) -> str:
    if step.started_at is None or step.finished_at is None or step.phase is Phase.SKIPPED:
        return ""
    return lasting(step.finished_at - step.started_at)
