"""The page about expressions says what they come to."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from runwright.errors import TemplateError
from runwright.rules import templates
from runwright.rules.templates.functions.bubustack import BUBUSTACK
from tests.acceptance.pages import DOCS, blocks_of, prose_of

_PAGE: Final = DOCS / "expressions.md"


def read(word: str) -> Iterator[Any]:
    """Yield the blocks that have this word behind their language."""
    for block in blocks_of(_PAGE):
        if word in block.words:
            yield yaml.safe_load(block.text)


def of(word: str) -> list[tuple[str, Any]]:
    """Return all templates of such blocks, with what stands behind them."""
    return [pair for block in read(word) for pair in block.items()]


@pytest.fixture(name="scope")
def _scope() -> dict[str, Any]:
    (shown,) = read("scope")
    outputs = {name: step["output"] for name, step in shown["steps"].items()}
    return templates.step_scope(shown["inputs"], outputs)


@pytest.mark.parametrize(("template", "expected"), of("examples"))
def test_an_example_comes_to_what_the_page_says(
    template: str, expected: Any, scope: dict[str, Any]
) -> None:
    value = templates.evaluate(template, scope)

    assert value == expected
    assert isinstance(value, type(expected))


@pytest.mark.parametrize(("template", "said"), of("errors"))
def test_an_error_is_the_one_that_the_page_shows(
    template: str, said: str, scope: dict[str, Any]
) -> None:
    with pytest.raises(TemplateError, match=re.escape(said)):
        templates.evaluate(template, scope)


def test_the_page_has_every_function_and_no_other() -> None:
    section = prose_of(_PAGE).split("## Functions")[1].split("A function that begins")[0]

    assert sorted(re.findall(r"`(\w+)`", section)) == sorted(BUBUSTACK)
