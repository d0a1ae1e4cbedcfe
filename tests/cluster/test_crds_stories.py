"""Which Stories an API server takes by our definitions."""

import re
from typing import Any, Final

import pytest

from testbed.cluster import Testbed
from testbed.errors import CommandError
from tests.cluster.documents import STORY, Document, dry_run, placed

pytestmark = pytest.mark.usefixtures("crds")


def test_defaults_are_those_that_say_which_word_holds(testbed: Testbed, place: str) -> None:
    """None for retries: they would hide what the author of a Story said."""
    step = {"name": "only", "ref": {"name": "worker"}, "execution": {"retry": {"delay": "5s"}}}
    spec = {"concurrency": {}, "steps": [step]}

    kept = dry_run(testbed, {**placed(STORY, place), "spec": spec})

    assert kept["spec"] == {
        "pattern": "batch",
        "concurrency": {"mode": "parallel", "scope": "storyrun"},
        "steps": [step],
    }


def _condition(name: str, *needs: str, **fields: Any) -> Document:
    return {"name": name, "type": "condition", "needs": list(needs), **fields}


def _story(place: str, *steps: Document, **spec: Any) -> Document:
    return {**placed(STORY, place), "spec": {"steps": list(steps), **spec}}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"steps": [_condition("a"), _condition("b", "a")]}, id="needs-a-step"),
        pytest.param(
            {
                "steps": [_condition("a")],
                "compensations": [_condition("b", "a"), _condition("c", "b")],
                "finally": [_condition("d", "a", "b", "e"), _condition("e")],
            },
            id="needs-what-comes-before",
        ),
        pytest.param(
            {"steps": [_condition("a")], "finally": [_condition("b", "a")]},
            id="needs-without-compensations",
        ),
        pytest.param(
            {"pattern": "realtime", "steps": [_condition("a")]}, id="realtime-without-gates"
        ),
        pytest.param(
            {
                "steps": [_condition("a", transport="voice")],
                "transports": [{"name": "voice", "transportRef": "livekit"}],
            },
            id="declared-transport",
        ),
        pytest.param(
            {"steps": [_condition("a"), _condition("b", "a", requires=["steps.a.output.url"])]},
            id="requires-a-path",
        ),
        pytest.param(
            {"steps": [{"name": "a", "type": "executeStory", "with": {"storyRef": {"name": "b"}}}]},
            id="executes-a-story",
        ),
        pytest.param(
            {
                "steps": [_condition(f"a{number}") for number in range(100)],
                "compensations": [_condition(f"b{number}") for number in range(50)],
                "finally": [_condition(f"c{number}") for number in range(50)],
            },
            id="as-many-steps-as-there-may-be",
        ),
    ],
)
def test_a_story_that_can_run_is_taken(testbed: Testbed, place: str, spec: Document) -> None:
    kept = dry_run(testbed, {**placed(STORY, place), "spec": spec})

    assert kept["spec"]["steps"] == spec["steps"]


def test_a_story_of_very_many_needs_is_taken(testbed: Testbed, place: str) -> None:
    """A rule that costs too much refuses, whatever it is about: here are some 15,000 needs."""
    names = [f"step-{number:03}-{'x' * 54}" for number in range(200)]
    steps = [_condition(name, *names[: min(number, 150)]) for number, name in enumerate(names)]
    hooks = {"compensations": steps[100:150], "finally": steps[150:]}

    kept = dry_run(testbed, _story(place, *steps[:100], **hooks))

    assert len(kept["spec"]["finally"][-1]["needs"]) == 150


_A: Final = _condition("a")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({"steps": []}, "should have at least 1 items", id="no-steps"),
        pytest.param(
            {"steps": [_condition(f"a{number}") for number in range(101)]},
            "must have at most 100 items",
            id="too-many-steps",
        ),
        pytest.param(
            {"steps": [_A], "finally": [_condition(f"b{number}") for number in range(51)]},
            "must have at most 50 items",
            id="too-many-hooks",
        ),
        pytest.param(
            {"steps": [{"name": "a"}]},
            r'spec\.steps\[0\]: .*must have one of "ref" and "type"',
            id="neither-ref-nor-type",
        ),
        pytest.param(
            {"steps": [_A], "finally": [{**_condition("b"), "ref": {"name": "worker"}}]},
            r'spec\.finally\[0\]: .*must have one of "ref" and "type"',
            id="ref-and-type",
        ),
        pytest.param(
            {"steps": [_A, _A]}, "a is the name of more than one step", id="same-name-in-a-list"
        ),
        pytest.param(
            {"steps": [_A], "compensations": [_condition("b")], "finally": [_condition("b")]},
            "b is the name of more than one step",
            id="same-name-in-two-lists",
        ),
        pytest.param(
            {"steps": [_condition("a", "a")]},
            r"spec\.steps\[0\]: .*a step cannot wait for itself",
            id="needs-itself",
        ),
        pytest.param(
            {"steps": [_A, _condition("b", "a", "x")]},
            "b needs x, which is not one of steps",
            id="needs-nobody",
        ),
        pytest.param(
            {"steps": [_condition("a", "b")], "compensations": [_condition("b")]},
            "a needs b, which is not one of steps",
            id="needs-a-compensation",
        ),
        pytest.param(
            {
                "steps": [_A],
                "compensations": [_condition("b", "a", "c")],
                "finally": [_condition("c")],
            },
            "b needs c, which is not one of steps or compensations",
            id="compensation-needs-finally",
        ),
        pytest.param(
            {"steps": [_A], "finally": [_condition("b", "x")]},
            "b needs x, which is not one of steps, compensations or finally",
            id="finally-needs-nobody",
        ),
        pytest.param(
            {"pattern": "realtime", "steps": [{"name": "a", "type": "gate"}]},
            "neither a gate nor a wait can be part of a realtime Story",
            id="gate-in-realtime",
        ),
        pytest.param(
            {"pattern": "realtime", "steps": [_A], "finally": [{"name": "b", "type": "wait"}]},
            "neither a gate nor a wait can be part of a realtime Story",
            id="wait-in-realtime",
        ),
        pytest.param(
            {"steps": [{"name": "a", "type": "executeStory"}]},
            r"must name a Story in with\.storyRef\.name",
            id="executes-no-story",
        ),
        pytest.param(
            {"steps": [_condition("a", transport="voice")]},
            "a step of steps uses a transport that is not declared",
            id="undeclared-transport",
        ),
        pytest.param(
            {"steps": [_A], "transports": [{"name": "voice", "transportRef": "livekit"}] * 2},
            "the name of a transport must be its own",
            id="transport-declared-twice",
        ),
        pytest.param(
            {"steps": [_A, _condition("b", "a", requires=["a.output"])]},
            r"spec\.steps\[1\]\.requires\[0\]: .*should match",
            id="requires-no-path",
        ),
        pytest.param(
            {"steps": [_condition("a", execution={"retry": {"maxRetries": 11}})]},
            "should be less than or equal to 10",
            id="too-many-retries",
        ),
        pytest.param({"steps": [_A], "output": "rows"}, "must be of type object", id="output"),
    ],
)
def test_a_story_that_cannot_run_is_refused(
    testbed: Testbed, place: str, spec: Document, why: str
) -> None:
    with pytest.raises(CommandError, match=re.compile(why, re.DOTALL)):
        dry_run(testbed, {**placed(STORY, place), "spec": spec})
