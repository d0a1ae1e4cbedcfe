"""The pages that hold Runwright against other systems name tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.pages import DOCS, ROOT, tables_of

_PAGES: Final = ("compatibility.md", "kratix-compatibility.md")
_TEST: Final = re.compile(r"`(\S+\.py)::(test_\w+)`")
_UNPROVEN: Final = ("[not proven](#not-proven)", "[later](#not-in-this-version)")

each_page = pytest.mark.parametrize("page", _PAGES)


def rows_of(page: str) -> list[list[str]]:
    """Return the rows of the tables that compare."""
    compared, _ = (DOCS / page).read_text().split("## Not proven", 1)
    return [row for table in tables_of(compared) for row in table]


def named_in(page: str) -> list[tuple[str, str, str]]:
    """Return the tests that a page names: itself, their file, and their name."""
    return [(page, *test) for test in sorted(set(_TEST.findall((DOCS / page).read_text())))]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Return the names of the functions of a module."""
    nodes = ast.parse(path.read_text()).body
    return frozenset(
        node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize(
    ("page", "file", "name"), [test for page in _PAGES for test in named_in(page)]
)
def test_a_test_that_is_named_exists(page: str, file: str, name: str) -> None:
    """Whoever renames or removes it changes what is promised."""
    assert name in functions_of(ROOT / "tests" / file), page


@each_page
def test_every_behaviour_has_a_test_or_says_that_it_has_none(page: str) -> None:
    rows = rows_of(page)
    bare = [row for row in rows if not _TEST.search(row[-1]) and not _is_frank(row)]

    assert rows
    assert bare == []


def _is_frank(row: list[str]) -> bool:
    return any(words in cell for cell in row for words in _UNPROVEN)


@each_page
def test_every_row_fills_the_columns_of_its_table(page: str) -> None:
    """A bar within a cell would make two of it."""
    widths = {len(row) for row in rows_of(page)}

    assert widths == {4}
