"""Steps and Stories that wait for each other, in every disguise."""

from typing import Any, Final

import pytest

from runwright.models.bubustack import Story
from runwright.models.story_run import StartStoryRun, workflow_id
from runwright.rules.bubustack import configuration
from runwright.rules.bubustack.configuration import MOST_STORIES, MOST_TEMPLATES_TOGETHER
from tests.unit.rules.states import start_of
from tests.unit.rules.stories import block, condition, engram, refusals, warnings


def circle(*steps: dict[str, Any], **spec: Any) -> list[str]:
    """Return the circles that such a Story is refused for."""
    return [line.rpartition(": ")[2] for line in refusals(*steps, **spec) if " -> " in line]


SEES_B: Final = {"with": {"x": "{{ steps.b.output.x }}"}}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        pytest.param([condition("a", "b"), condition("b", "a")], "a -> b -> a", id="needs"),
        pytest.param(
            [condition("a", **{"if": "{{ steps.b.output.x }}"}), condition("b", "a")],
            "a -> b -> a",
            id="if",
        ),
        pytest.param(
            [engram("a", **SEES_B), condition("b", "a")], "a -> b -> a", id="input of an engram"
        ),
        pytest.param(
            [
                {
                    "name": "a",
                    "type": "executeStory",
                    "with": {"storyRef": {"name": "other"}, **SEES_B},
                },
                condition("b", "a"),
            ],
            "a -> b -> a",
            id="input of another Story",
        ),
        pytest.param(
            [
                engram("the-first", **{"with": {"x": "{{ steps.the_second.output }}"}}),
                condition("the-second", "the-first"),
            ],
            "the-first -> the-second -> the-first",
            id="underscores",
        ),
        pytest.param(
            [
                engram("a", **{"with": {"x": '{{ index .steps "b" "output" "x" }}'}}),
                condition("b", "a"),
            ],
            "a -> b -> a",
            id="index",
        ),
        pytest.param(
            [
                engram("a", **{"with": {"x": "{{ with $s := steps }}{{ $s.b.output }}{{ end }}"}}),
                condition("b", "a"),
            ],
            "a -> b -> a",
            id="a variable",
        ),
        pytest.param(
            [block("a", engram("one", **SEES_B)), condition("b", "a")],
            "a -> b -> a",
            id="what a branch refers to",
        ),
        pytest.param(
            [block("a", condition("one", "b")), condition("b", "a")],
            "a -> b -> a",
            id="what a branch needs",
        ),
        pytest.param(
            [block("a", condition("one", "b")), block("b", condition("two", "a"))],
            "a -> b -> a",
            id="two blocks through their branches",
        ),
        pytest.param(
            [block("a", condition("one", "two"), condition("two", "one"))],
            "a/one -> a/two -> a/one",
            id="branches",
        ),
        pytest.param(
            [
                block(
                    "a",
                    engram("one", **{"with": {"x": "{{ steps.two.output.x }}"}}),
                    condition("two", "one"),
                )
            ],
            "a/one -> a/two -> a/one",
            id="branches by their templates",
        ),
    ],
)
@pytest.mark.parametrize("section", ["steps", "compensations", "finally"])
def test_a_circle_is_found_in_every_disguise(
    section: str, steps: list[dict[str, Any]], found: str
) -> None:
    if section == "steps":
        assert circle(*steps) == [found]
    else:
        assert circle(condition("main"), **{section: steps}) == [found]


@pytest.mark.parametrize(
    ("branch", "message"),
    [
        (condition("one", "a"), "needs[0]: a branch cannot wait for its own block"),
        (
            engram("one", **{"with": {"x": "{{ steps.a.output.one }}"}}),
            "with.x: a branch cannot wait for its own block",
        ),
        (condition("one", "one"), "needs[0]: a step cannot wait for itself"),
        (
            condition("one", **{"if": "{{ steps.one.output.x }}"}),
            "if: a step cannot wait for itself",
        ),
    ],
    ids=["its block", "the output of its block", "itself", "itself by its if"],
)
def test_a_branch_waits_for_nothing_that_it_is_part_of(
    branch: dict[str, Any], message: str
) -> None:
    assert refusals(block("a", branch)) == [f"spec.steps[0].with.steps[0].{message}"]


def test_a_branch_is_seen_from_outside_only_through_its_block() -> None:
    (found,) = refusals(block("a", condition("one")), condition("b", "one"))

    assert found == (
        'spec.steps[1].needs[0]: "one" is a branch of "a", which stands for it outside: '
        'what it puts out is "steps.a.output.one"'
    )


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        pytest.param(
            [
                {"name": "a", "type": "wait", "with": {"until": "{{ steps.b.output.x }}"}},
                condition("between", "a"),
                condition("b", "between"),
            ],
            "spec.steps[0].with.until",
            id="what comes after it",
        ),
        pytest.param(
            [
                block(
                    "c", {"name": "a", "type": "wait", "with": {"until": "{{ steps.b.output }}"}}
                ),
                condition("b", "c"),
            ],
            "spec.steps[0].with.steps[0].with.until",
            id="what comes after its block",
        ),
    ],
)
def test_a_wait_for_what_it_holds_up_itself_is_a_warning(
    steps: list[dict[str, Any]], path: str
) -> None:
    """It may hold all the same, and it may have a deadline."""
    assert warnings(*steps) == [f'{path}: "b" is not over before this wait is']
    assert refusals(*steps) == []


def executes(story: str, **fields: Any) -> dict[str, Any]:
    """Return a step that executes that Story."""
    call = {"name": f"run-{story}", "type": "executeStory", "with": {"storyRef": {"name": story}}}
    return {**call, **fields}


def named(name: str, *steps: dict[str, Any], **spec: Any) -> Story:
    """Return a Story of that name."""
    return Story.model_validate({"metadata": {"name": name}, "spec": {"steps": steps, **spec}})


def refusal(first: Story, *others: Story) -> str:
    """Return why a run of the first Story is refused; empty if it is not."""
    start: StartStoryRun = start_of(first, stories=others)
    ending = configuration.refusal(start, workflow_id(start.namespace, start.name))
    return ending.message if ending else ""


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([named("b", executes("a"))], id="two"),
        pytest.param([named("b", executes("c")), named("c", executes("a"))], id="three"),
        pytest.param([named("b", block("p", executes("a")))], id="by a branch"),
        pytest.param(
            [named("b", condition("x"), **{"finally": [executes("a")]})], id="by a finally step"
        ),
        pytest.param(
            [
                named(
                    "b",
                    executes(
                        "a", **{"with": {"storyRef": {"name": "a"}, "waitForCompletion": False}}
                    ),
                )
            ],
            id="without waiting",
        ),
    ],
)
def test_stories_that_execute_each_other_without_end_are_refused(others: list[Story]) -> None:
    message = refusal(named("a", executes("b")), *others)

    names = ["a", *(one.metadata.name for one in others), "a"]
    assert message == (f"spec.steps: Stories execute each other without end: {' -> '.join(names)}")


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(executes("a", **{"if": "{{ inputs.more }}"}), id="its own"),
        pytest.param(block("p", executes("a"), **{"if": "{{ inputs.more }}"}), id="its block's"),
        pytest.param(block("p", executes("a", **{"if": "{{ inputs.more }}"})), id="a branch's"),
    ],
)
def test_stories_that_execute_each_other_under_a_condition_may_end(again: dict[str, Any]) -> None:
    """How deep they go is bounded when they run."""
    assert refusal(named("a", executes("b")), named("b", again)) == ""


def test_a_run_takes_along_no_more_stories_than_can_be_judged() -> None:
    others = [named(f"s{number}", condition("x")) for number in range(MOST_STORIES + 1)]

    message = "spec.steps: a run takes along at most 50 other Stories, this one 51"
    assert refusal(named("a", condition("x")), *others) == message
    assert refusal(named("a", condition("x")), *others[1:]) == ""


def test_the_templates_of_all_stories_of_a_run_are_bounded_together() -> None:
    much = {"with": {"x": f"{{{{`{'y' * 29_998}`}}}}"}}
    others = [named(f"s{number}", engram("x", **much)) for number in range(5)]

    assert refusal(*others[:4]) == ""
    assert refusal(*others) == (
        "spec.steps: the templates of all its Stories take 150000 characters, and may take "
        f"{MOST_TEMPLATES_TOGETHER}"
    )
