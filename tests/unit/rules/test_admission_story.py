"""What a Story is refused for, and what it is only warned of."""

from typing import Any

import pytest

from runwright.rules.bubustack.admission import story_problems, story_warnings
from tests.unit.rules.stories import condition, engram, primitive, refusals, story, warnings


def test_a_story_that_uses_everything_rightly_is_accepted() -> None:
    found = story(
        engram("fetch-feed", execution={"timeout": "5m", "retry": {"delay": "1s"}}),
        engram(
            "build",
            needs=["fetch-feed"],
            requires=["steps.fetch-feed.output.url"],
            **{"if": "{{ inputs.go }}", "with": {"url": "{{ steps.fetch_feed.output.url }}"}},
            postExecution={"condition": "{{ steps.build.output.ok }}"},
            transport="hot",
            idempotencyKeyTemplate="{{ inputs.id }}",
        ),
        {"name": "rest", "type": "sleep", "with": {"duration": "1h30m"}},
        {
            "name": "look",
            "type": "wait",
            "with": {"until": "{{ inputs.go }}", "pollInterval": "10ms"},
        },
        {
            "name": "ask",
            "type": "gate",
            "with": {
                "timeout": "{{ inputs.t }}",
                "onTimeout": "skip",
                "approval": {"users": ["a", "b"], "required": 2, "author": "may-not"},
            },
        },
        {"name": "sub", "type": "executeStory", "with": {"storyRef": {"name": "other"}}},
        {"name": "all", "type": "parallel", "with": {"steps": [engram("x")]}},
        {"name": "end", "type": "stop", "with": {"phase": "Finished", "message": "done"}},
        compensations=[engram("undo", needs=["build"])],
        **{"finally": [condition("clean", "undo", "build")]},
        output={"url": "{{ steps.build.output.url }}"},
        policy={"with": {"x": "{{ inputs.x }}"}, "timeouts": {"story": "1h"}},
        inputsSchema={"type": "object"},
        transports=[{"name": "hot", "transportRef": "t"}],
    )

    assert story_problems(found) == []
    assert story_warnings(found) == []


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [condition("a", "b"), condition("b", "a")],
            "spec.steps[0].needs: steps wait for each other: a -> b -> a",
            id="two",
        ),
        pytest.param(
            [condition("x", "b"), condition("c", "a"), condition("a", "b"), condition("b", "c")],
            "spec.steps[1].needs: steps wait for each other: c -> a -> b -> c",
            id="three, and one that leads there",
        ),
        pytest.param(
            [
                engram("a", **{"with": {"x": "{{ steps.b.output.x }}"}}),
                condition("b", **{"if": "{{ steps.a.output.x }}"}),
            ],
            "spec.steps[0].needs: steps wait for each other: a -> b -> a",
            id="by templates",
        ),
    ],
)
def test_a_circle_is_shown(steps: list[dict[str, Any]], expected: str) -> None:
    assert refusals(*steps) == [expected]


def test_every_circle_is_shown_in_whichever_list() -> None:
    found = refusals(
        condition("a", "b"),
        condition("b", "a"),
        condition("c", "d"),
        condition("d", "c"),
        compensations=[condition("e", "f", "a"), condition("f", "e")],
    )

    assert [line.rpartition(": ")[2] for line in found] == [
        "a -> b -> a",
        "c -> d -> c",
        "e -> f -> e",
    ]


@pytest.mark.parametrize("need", ["linux", "build/linux"])
def test_a_branch_is_waited_for_by_its_block(need: str) -> None:
    block = {"name": "build", "type": "parallel", "with": {"steps": [condition("linux")]}}

    (found,) = refusals(block, condition("own", need))

    assert found == (
        'spec.steps[1].needs[0]: "linux" is a branch of "build", which stands for it outside: '
        'what it puts out is "steps.build.output.linux"'
    )


@pytest.mark.parametrize(
    ("section", "need", "message"),
    [
        pytest.param("steps", "undo", '"undo" is one of compensations', id="main, compensation"),
        pytest.param("steps", "clean", '"clean" is one of finally', id="main, finally"),
        pytest.param("compensations", "clean", '"clean" is one of finally', id="compensation"),
        pytest.param("finally", "nobody", 'no step is called "nobody"', id="unknown"),
        pytest.param("steps", "bulid", '(did you mean "build"?)', id="misspelt"),
        pytest.param("steps", "own", "a step cannot wait for itself", id="itself"),
    ],
)
def test_a_need_must_be_a_step_that_comes_before(section: str, need: str, message: str) -> None:
    lists = {
        "steps": [condition("build")],
        "compensations": [condition("undo")],
        "finally": [condition("clean")],
    }
    lists[section].append(condition("own", need))

    (found,) = refusals(*lists.pop("steps"), **lists)

    assert found.startswith(f"spec.{section}[1].needs[0]: ")
    assert message in found


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(
            {"inputsSchema": {"type": "x"}}, "spec.inputsSchema.type: must be", id="inputs schema"
        ),
        pytest.param(
            {"outputsSchema": {"$ref": "http://x"}},
            "spec.outputsSchema.$ref: ",
            id="outputs schema",
        ),
        pytest.param(
            {"output": {"x": "{{ steps"}}, 'spec.output.x: a "{{" has no "}}"', id="output"
        ),
        pytest.param(
            {"policy": {"with": {"x": "{{ steps.build.output.x }}"}}},
            'spec.policy.with.x: "{{ steps.build.output.x }}": "steps" is not known here',
            id="policy sees no steps",
        ),
        pytest.param(
            {"policy": {"timeouts": {"step": "-1s"}}}, "spec.policy.timeouts.step: ", id="timeout"
        ),
        pytest.param(
            {"policy": {"execution": {"timeout": "-1s"}}},
            "spec.policy.execution.timeout: ",
            id="timeout of the execution",
        ),
        pytest.param(
            {"policy": {"retries": {"stepRetryPolicy": {"delay": "-1s"}}}},
            "spec.policy.retries.stepRetryPolicy.delay: ",
            id="delay",
        ),
        pytest.param(
            {"transports": [{"name": "a", "transportRef": "t"}] * 2},
            'spec.transports[1].name: there is already a transport called "a"',
            id="transport twice",
        ),
        pytest.param(
            {"finally": [condition("build")]}, "spec.finally[0].name: ", id="name elsewhere"
        ),
    ],
)
def test_a_spec_is_refused(spec: dict[str, Any], expected: str) -> None:
    (found,) = refusals(condition("build"), **spec)

    assert found.startswith(expected)


def test_a_realtime_story_has_neither_gates_nor_waits() -> None:
    found = refusals(
        {"name": "g", "type": "gate"},
        {"name": "w", "type": "wait", "with": {"until": "true"}},
        pattern="realtime",
    )

    assert found == [
        "spec.steps[0].type: a gate cannot be part of a realtime Story",
        "spec.steps[1].type: a wait cannot be part of a realtime Story",
    ]


def test_a_realtime_step_sees_the_packet_per_packet_and_only_inputs_at_its_start() -> None:
    found = refusals(
        engram("a"),
        engram(
            "b",
            runtime={"x": "{{ packet.x }}{{ steps.a.output.x }}"},
            **{"if": "{{ packet.ok }}", "with": {"x": "{{ steps.a.output.x }}"}},
        ),
        pattern="realtime",
    )

    assert len(found) == 1
    assert found[0].startswith(
        'spec.steps[1].with.x: "{{ steps.a.output.x }}": "steps" is not known'
    )


def test_a_story_larger_than_a_mebibyte_is_refused() -> None:
    steps = [engram(f"s{number}", **{"with": {"x": "y" * 60_000}}) for number in range(20)]

    (found,) = refusals(*steps)

    assert found.startswith("must be at most 1048576 bytes of JSON")


def test_names_that_could_not_be_read_are_known_all_the_same() -> None:
    """Else one mistake is reported wherever the step is mentioned."""
    found = story(
        condition("own", "Build", requires=["steps.Build.output"]),
        engram("next", **{"with": {"x": "{{ steps.Build.output.x }}"}}),
    )

    assert story_problems(found, unreadable={"Build"}) == []


@pytest.mark.parametrize(
    ("steps", "spec", "expected"),
    [
        pytest.param(
            [primitive("wait", until="true", timeOut="5s")],
            {},
            "spec.steps[0].with.timeOut: a wait step has no argument of this name"
            ' (did you mean "timeout"?)',
            id="unknown argument",
        ),
        pytest.param(
            [primitive("wait", until="{{ steps.lost.output.x }}")],
            {},
            'spec.steps[0].with.until: no step is called "lost"',
            id="unknown step that nobody waits for",
        ),
        pytest.param(
            [condition("a")],
            {"output": {"x": "{{ steps.lost.output.x }}"}},
            'spec.output.x: no step is called "lost"',
            id="unknown step in the output",
        ),
    ],
)
def test_what_is_odd_is_a_warning(
    steps: list[dict[str, Any]], spec: dict[str, Any], expected: str
) -> None:
    assert refusals(*steps, **spec) == []

    (found,) = warnings(*steps, **spec)

    assert found.startswith(expected)
