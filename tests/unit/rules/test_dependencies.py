"""Which steps a step waits for."""

from typing import Any

import pytest

from runwright.models.bubustack import Step
from runwright.rules.bubustack.dependencies import (
    dependencies,
    transitive_dependents,
    transitive_needs,
)
from runwright.rules.bubustack.references import references_of

ENGRAM = {"ref": {"name": "e"}}


def step(name: str, **fields: Any) -> Step:
    return Step.model_validate({"name": name, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"if": "{{ steps.a.output.ok }}"}, ("a",), id="if"),
        pytest.param({**ENGRAM, "with": {"x": ["{{ steps.a.output }}"]}}, ("a",), id="input"),
        pytest.param(
            {"type": "executeStory", "with": {"with": {"x": "{{ steps.a.output }}"}}},
            ("a",),
            id="input of another Story",
        ),
        pytest.param(
            {**ENGRAM, "with": {"x": "{{ steps.fetch_feed.output }}"}},
            ("fetch-feed",),
            id="underscores",
        ),
        pytest.param({**ENGRAM, "with": {"x": "{{ steps['a'].output }}"}}, ("a",), id="brackets"),
        pytest.param({"type": "wait", "with": {"until": "{{ steps.a.output }}"}}, (), id="until"),
        pytest.param({**ENGRAM, "runtime": {"x": "{{ steps.a.output }}"}}, (), id="runtime"),
        pytest.param({**ENGRAM, "with": {"x": "{{ inputs.steps.a }}"}}, (), id="an input"),
        pytest.param({**ENGRAM, "with": {"x": "{{ steps }}"}}, (), id="all steps"),
    ],
)
def test_templates_make_dependencies(fields: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert references_of(step("own", **fields)) == expected


def test_needs_come_first_and_each_step_once() -> None:
    one = step(
        "own",
        needs=["c", "a"],
        **{"if": "{{ steps.b.output.x }}{{ steps.a.output.x }}"},
        **ENGRAM,
    )

    assert dependencies(one) == ("c", "a", "b")


def test_dependents_are_found_through_others() -> None:
    steps = [
        step("last", needs=["middle"]),
        step("first"),
        step("middle", **{"if": "{{ steps.first.output.x }}"}),
        step("apart"),
    ]

    assert transitive_dependents(steps, "first") == ("last", "middle")
    assert transitive_dependents(steps, "last") == ()


def test_a_circle_of_steps_ends_the_search() -> None:
    """The rules ask before they know whether the graph is sound."""
    steps = [step("a", needs=["b"]), step("b", needs=["a"])]

    assert transitive_dependents(steps, "a") == ("b",)
    assert transitive_needs(steps, "a") == {"a", "b"}
