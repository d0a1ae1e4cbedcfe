"""What Go made of templates is what we make of them."""

import json
from typing import Any, Final

import pytest

from runwright.rules.templates.functions.bubustack import BUBUSTACK
from tests.golden.templates.oracle import Answer, Question
from tests.golden.templates.ours import answer, differs
from tests.golden.templates.record import VECTORS

_RECORD: Final[dict[str, Any]] = json.loads(VECTORS.read_text())
_PARTS: Final = 20
_LEAST: Final = 600
_DRAWN: Final = {"randAlpha", "randAlphaNum", "randAscii", "randNumeric", "randInt", "uuidv4"}


@pytest.mark.parametrize("part", range(_PARTS))
def test_what_go_made_of_templates_is_what_we_make_of_them(part: int) -> None:
    wrong: list[tuple[str, Answer, Answer]] = []
    for template, missing, plain, failed, result in _RECORD["vectors"][part::_PARTS]:
        theirs = Answer(result, failed)
        ours = answer(Question(template, _RECORD["data"], missing, plain))
        if differs(ours, theirs):
            wrong.append((template, ours, theirs))

    assert wrong == []


def test_there_are_enough_vectors_to_mean_something() -> None:
    failed = [kind for _, _, _, kind, _ in _RECORD["vectors"]]

    assert len(failed) >= _LEAST
    assert failed.count("parse") >= _LEAST / 10
    assert failed.count("execute") >= _LEAST / 10
    assert failed.count("") >= _LEAST


def test_every_function_has_vectors_that_come_to_something() -> None:
    """Those that draw by chance have tests of their own."""
    done = " ".join(
        template for template, _, _, failed, _ in _RECORD["vectors"] if failed == ""
    ).replace("(", " ")
    called = set(done.split())

    assert set(BUBUSTACK) - _DRAWN - {"fail", "call"} <= called
