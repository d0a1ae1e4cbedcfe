"""The key by which a repetition of a step is told from new work."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.story_run import ResumeFrom, StartStoryRun
from runwright.rules import templates
from runwright.rules.bubustack.idempotency import default_key, key_of
from tests.unit.rules.states import NOW, start_of
from tests.unit.rules.stories import engram, story

USUAL = "ns/team/storyrun/release-1/step/pay"
INPUTS = {"order": "0071", "n": 7, "text": "a\r\nX-Admin: 1", "padded": " 7 ", "none": None}
OUTPUTS = {"cart": {"id": "c-1"}}


def run(template: str | None = None, **fields: Any) -> StartStoryRun:
    """Return a run of a step with that template for its key."""
    step = engram("pay", idempotencyKeyTemplate=template)
    return start_of(story(step), **{"namespace": "team", "inputs": INPUTS, **fields})


def key(start: StartStoryRun, *, seconds: int = 0) -> str:
    """Return the key of that step, when it starts so many seconds later."""
    scope = templates.step_scope(start.inputs, OUTPUTS)
    return key_of(start, start.story.spec.steps[0], scope, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ inputs.order }}", "0071"),
        ("{{ inputs.n }}", "7"),
        ("pay/{{ steps.cart.output.id }}", "pay/c-1"),
        ('{{ printf "1e3" }}', "1e3"),
        ("  pay {{ inputs.padded }}\n", "pay  7"),
        ("pay-{{ inputs.n }}-ä", "pay-7-ä"),
        ("{{ now | date `2006-01-02` }}", "2026-03-01"),
        ("x" * 300, "x" * 256),
    ],
    ids=["text", "number", "output", "no number", "padded", "letters", "time", "too long"],
)
def test_case_46_a_key_is_what_its_template_writes(template: str, expected: str) -> None:
    """As text: `1e3` read as a number would be the same key as `1000`."""
    assert key(run(template)) == expected


@pytest.mark.parametrize(
    "template",
    [
        None,
        "",
        " \n ",
        "{{ inputs.none | default `` }}",
        "{{ steps.other.output.id }}",
        "{{ fail `no` }}",
        "{{ inputs.missing }}",
        "pay-{{ inputs.missing }}",
        "{{ inputs.text }}",
        "pay\x00",
    ],
    ids=[
        *("no template", "empty", "blank", "comes to nothing", "not there yet", "fails"),
        *(
            "missing input",
            "missing input in a text",
            "several lines",
            "no character of a variable",
        ),
    ],
)
def test_case_46_what_is_no_key_leaves_the_usual_one(template: str | None) -> None:
    """A step must not fail of it, nor have the key of every run that lacks the same value."""
    assert key(run(template)) == USUAL


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("r", "ns/team/storyrun/r/step/pay"),
        ("r" * 230, f"ns/team/storyrun/{'r' * 230}/step/pay"),
        (
            "r" * 253,
            "sha256:065902187a777d0978d7e7e2166fd3dbc9f7fa3e3e047f7d7e1436ed5d4fb184",
        ),
    ],
    ids=["short", "as long as it may be", "longer"],
)
def test_case_46_a_usual_key_that_would_be_too_long_is_a_digest(name: str, expected: str) -> None:
    start = run(name=name)

    assert default_key(start, start.story.spec.steps[0]) == expected


@pytest.mark.parametrize("template", [None, "{{ inputs.order }}", "{{ uuidv4 }}"])
def test_another_execution_of_a_run_has_the_same_key(template: str | None) -> None:
    """What was done once and not recorded must be found again."""
    first = run(template)
    second = first.model_copy(update={"resume_from": ResumeFrom(activation=2)})

    assert key(first) == key(second, seconds=60)


def test_other_inputs_are_other_work() -> None:
    first, other = run("{{ inputs.order }}"), run("{{ inputs.order }}", inputs={"order": "0072"})

    assert key(first) != key(other)


def test_what_is_drawn_by_chance_is_drawn_for_one_run_and_step() -> None:
    """A run of the same name that was deleted and created anew is another one."""
    assert key(run("{{ uuidv4 }}", uid="a")) != key(run("{{ uuidv4 }}", uid="b"))
