"""Every conformance case of BubuStack that is ours has a test that names it, and keeps it."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

OWED: Final = frozenset({*range(1, 31), *range(35, 52), *range(56, 61), 73, 74, *range(77, 81)})
"""Of steps and their order, primitives, schemas and sizes; those of other subjects have theirs."""
PENDING: Final[frozenset[int]] = frozenset()
"""Owed, and not proven yet."""
TESTS: Final = Path(__file__).parent.parent
_CASE: Final = re.compile(r"\bcases?[ _](\d+)(?:[ _](to|and)[ _](\d+))?(?![0-9])", re.IGNORECASE)
_UNPROVEN: Final = frozenset({"skip", "skipif", "xfail"})
_Test = ast.FunctionDef | ast.AsyncFunctionDef


def named_in(source: str) -> set[int]:
    """Return the cases that the tests of a module name: in their names, docstrings or ids.

    A test that is skipped, or expected to fail, proves nothing.
    """
    tests = (node for node in ast.parse(source).body if isinstance(node, _Test))
    return {
        number
        for test in tests
        if test.name.startswith("test_") and not _UNPROVEN & set(_marks(test))
        for text in (test.name.removeprefix("test_"), ast.get_docstring(test) or "", *_ids(test))
        for number in _cases(text)
    }


def _cases(text: str) -> Iterator[int]:
    for first, word, last in _CASE.findall(text):
        yield int(first)
        if word == "to":
            yield from range(int(first), int(last) + 1)
        elif word:
            yield int(last)


def _marks(test: _Test) -> Iterator[str]:
    for node in _within(test.decorator_list):
        if isinstance(node, ast.Attribute):
            yield node.attr


def _ids(test: _Test) -> Iterator[str]:
    """Yield the texts that stand for `id` or `ids` in the decorators of a test."""
    keywords = (node for node in _within(test.decorator_list) if isinstance(node, ast.keyword))
    given = [keyword.value for keyword in keywords if keyword.arg in {"id", "ids"}]
    for node in _within(given):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _within(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


@pytest.mark.timeout(20)  # it reads all tests that there are
def test_every_case_that_is_owed_is_named_by_a_test() -> None:
    """What no test names can go wrong unnoticed, and nobody would know that it was promised."""
    named = {case for file in TESTS.rglob("test_*.py") for case in named_in(file.read_text())}

    assert sorted(OWED - PENDING - named) == []


def test_a_case_is_pending_only_while_it_is_owed() -> None:
    assert PENDING <= OWED


@pytest.mark.parametrize(
    ("source", "named"),
    [
        pytest.param("def test_case_7_holds(): ...", {7}, id="name"),
        pytest.param("async def test_case_15_to_17_hold(): ...", {15, 16, 17}, id="several"),
        pytest.param("async def test_cases_3_and_9_hold(): ...", {3, 9}, id="two"),
        pytest.param("def test_it():\n    '''Case 12: it holds.'''", {12}, id="docstring"),
        pytest.param(
            "@mark.parametrize('x', [param(1, id='case 20: so')])\ndef test_it(x): ...",
            {20},
            id="id of one",
        ),
        pytest.param(
            "@mark.parametrize('x', [1], ids=['case 8'])\ndef test_it(x): ...", {8}, id="ids"
        ),
        pytest.param("# case 7\ndef test_it(): ...  # case_7", set(), id="comment"),
        pytest.param("def test_it():\n    'It.'\n    'case 7'", set(), id="text in a body"),
        pytest.param("def case_7(): ...", set(), id="no test"),
        pytest.param("'''Case 7.'''\nX = 'case 7'", set(), id="module"),
        pytest.param("@mark.skip(reason='x')\ndef test_case_7(): ...", set(), id="skipped"),
        pytest.param("@pytest.mark.xfail\ndef test_case_7(): ...", set(), id="fails"),
        pytest.param("def test_suitcase_7_holds(): ...", set(), id="within a word"),
        pytest.param(
            "@mark.parametrize('x', ['case 7'])\ndef test_it(x): ...", set(), id="a value"
        ),
    ],
)
def test_only_a_test_that_runs_names_a_case(source: str, named: set[int]) -> None:
    assert named_in(source) == named
