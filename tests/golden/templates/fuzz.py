"""Hold random templates against Go: `python -m tests.golden.templates.fuzz [COUNT [SEED]]`.

It prints where the two differ, and exits with 1 if they do; it needs Go.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console

from tests.golden.templates.cases import DATA
from tests.golden.templates.details import Details
from tests.golden.templates.grammar import Grammar
from tests.golden.templates.oracle import Answer, Question, answers, build
from tests.golden.templates.ours import answer, differs

_COUNT: Final = 40_000
_SHOWN: Final = 20


def questions(count: int, seed: int) -> Iterator[Question]:
    """Yield random templates, the same ones for a seed: whole ones and single calls in turns."""
    random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    grammar, details = Grammar(random), Details(random)
    for number in range(count):
        template = details.template() if number % 2 else grammar.template()
        yield Question(template, DATA, random.choice(("zero", "zero", "error", "default")))


def main(count: int = _COUNT, seed: int | None = None) -> int:
    """Compare that many templates and return how many differ, 1 at most."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    seed = time.time_ns() % 1_000_000 if seed is None else seed
    console.print(f"{count} templates, seed {seed}")
    differing = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for asked, theirs in answers(build(Path(folder)), questions(count, seed)):
            ours = answer(asked)
            failed += bool(theirs.failed)
            if differs(ours, theirs):
                differing += 1
                if differing <= _SHOWN:
                    console.print(_shown(asked, ours, theirs))
    console.print(f"{differing} differ; Go refused {failed}")
    return int(differing > 0)


def _shown(asked: Question, ours: Answer, theirs: Answer) -> str:
    return f"{asked.missing} {asked.template!r}\n  Go:   {theirs}\n  ours: {ours}"


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
