"""Measure Runwright: `python -m benchmarks [NAME...] [--cluster | --kratix] [--quick]`."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.figures import Row, Verdict
from benchmarks.report import CLUSTER, KRATIX, LOCAL, Part, report_of, table_of, write_page
from benchmarks.rows import gates, imports, recovery, templates, throughput, waiting, wide
from benchmarks.size import FULL, QUICK, Size

_Measures = dict[str, Callable[[Size], Awaitable[list[Row]]]]
_LOCAL: Final[_Measures] = {
    "at-once": throughput.measure_at_once,
    "outside": throughput.measure_outside,
    "wide": wide.measure,
    "gates": gates.measure,
    "waiting": waiting.measure,
    "imports": imports.measure,
    "templates": templates.measure,
    "recovery": recovery.measure,
}


def _of_a_cluster() -> _Measures:
    """Return what needs the testbed; its client library is loaded only then."""
    rows = import_module("benchmarks.cluster.rows")
    waiting_tasks = import_module("benchmarks.cluster.waiting")
    return {
        "runs": rows.measure_runs,
        "gates": rows.measure_gates,
        "waiting": waiting_tasks.measure,
    }


def _of_kratix() -> _Measures:
    """Return what needs the testbed, and the adapter of pipelines on it."""
    pipelines = import_module("benchmarks.cluster.kratix")
    promises = import_module("benchmarks.cluster.promises")
    return {
        "pipelines": pipelines.measure_pipelines,
        "change": promises.measure_change,
        "rest": promises.measure_rest,
    }


_PARTS: Final[dict[str, tuple[Part, Callable[[], _Measures]]]] = {
    "local": (LOCAL, lambda: _LOCAL),
    "cluster": (CLUSTER, _of_a_cluster),
    "kratix": (KRATIX, _of_kratix),
}


async def _measured(measures: _Measures, size: Size, console: Console) -> list[Row]:
    rows: list[Row] = []
    for name, measure in measures.items():
        with console.status(f"measuring {name}"):
            rows += await measure(size)
    return rows


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of the parts; else all")
    part = parser.add_mutually_exclusive_group()
    for name, what in (("cluster", "StoryRuns"), ("kratix", "Kratix's requests")):
        part.add_argument(
            f"--{name}",
            dest="part",
            action="store_const",
            const=name,
            help=f"what {what} cost on the testbed",
        )
    parser.set_defaults(part="local")
    parser.add_argument("--quick", action="store_true", help="small amounts, rough figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser.parse_args()


def _chosen(every: _Measures, names: Sequence[str]) -> _Measures:
    if unknown := set(names) - set(every):
        message = f"there is no benchmark {', '.join(sorted(unknown))}, only {', '.join(every)}"
        raise SystemExit(message)
    return {name: every[name] for name in names or every}


def main() -> int:
    """Measure what was asked for, show it, and return 1 when a bar was missed.

    The page is written when everything of a part was measured at full size.
    """
    arguments, console = _arguments(), Console()
    part, measures = _PARTS[arguments.part]
    every = measures()
    size, chosen = QUICK if arguments.quick else FULL, _chosen(every, arguments.names)
    busy = os.getloadavg()[0]
    report = report_of(asyncio.run(_measured(chosen, size, console)), size, busy)
    console.print(table_of(report, part))
    if arguments.json:
        arguments.json.write_text(report.model_dump_json(by_alias=True, indent=2) + "\n")
    if size is FULL and chosen == every:
        write_page(report, part)
    return int(any(row.verdict is Verdict.MISSED for row in report.rows))


if __name__ == "__main__":
    raise SystemExit(main())
