"""Measure Runwright: `python -m benchmarks [NAME...] [--quick] [--json FILE]`."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.figures import Row, Verdict
from benchmarks.report import report_of, table_of, write_page
from benchmarks.rows import gates, imports, recovery, throughput, waiting
from benchmarks.size import FULL, QUICK, Size

_ALL: Final[dict[str, Callable[[Size], Awaitable[list[Row]]]]] = {
    "at-once": throughput.measure_at_once,
    "outside": throughput.measure_outside,
    "gates": gates.measure,
    "waiting": waiting.measure,
    "imports": imports.measure,
    "recovery": recovery.measure,
}


async def _measured(names: Sequence[str], size: Size, console: Console) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        with console.status(f"measuring {name}"):
            rows += await _ALL[name](size)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_ALL)}; all")
    parser.add_argument("--quick", action="store_true", help="small amounts, rough figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(_ALL):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return arguments


def main() -> int:
    """Measure what was asked for, show it, and return 1 when a bar was missed.

    The page is written when everything was measured at full size.
    """
    arguments, console = _arguments(), Console()
    size, names = QUICK if arguments.quick else FULL, arguments.names or list(_ALL)
    busy = os.getloadavg()[0]
    report = report_of(asyncio.run(_measured(names, size, console)), size, busy)
    console.print(table_of(report))
    if arguments.json:
        arguments.json.write_text(report.model_dump_json(by_alias=True, indent=2) + "\n")
    if size is FULL and set(names) == set(_ALL):
        write_page(report)
    return int(any(row.verdict is Verdict.MISSED for row in report.rows))


if __name__ == "__main__":
    raise SystemExit(main())
