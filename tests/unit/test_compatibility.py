"""The page that holds Runwright against BubuStack names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.pages import DOCS, ROOT, tables_of

_PAGE: Final = (DOCS / "compatibility.md").read_text()
_COMPARED, _NOT_PROVEN = _PAGE.split("## Not proven", 1)
_ROWS: Final = [row for table in tables_of(_COMPARED) for row in table]
_TEST: Final = re.compile(r"`(\S+\.py)::(test_\w+)`")
_UNPROVEN: Final = ("[not proven](#not-proven)", "[later](#not-in-this-version)")


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the names of the functions of a module."""
    nodes = ast.parse(path.read_text()).body
    return frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize(("file", "name"), sorted(set(_TEST.findall(_PAGE))))
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    """Whoever renames or removes it changes what is promised."""
    assert name in functions_of(ROOT / "tests" / file)


def test_every_behaviour_has_a_test_or_says_that_it_has_none() -> None:
    bare = [row for row in _ROWS if not _TEST.search(row[-1]) and not _is_frank(row)]

    assert _ROWS
    assert bare == []


def _is_frank(row: list[str]) -> bool:
    return any(words in cell for cell in row for words in _UNPROVEN)


def test_every_row_fills_the_columns_of_its_table() -> None:
    """A bar within a cell would make two of it."""
    widths = {len(row) for row in _ROWS}

    assert widths == {4}
