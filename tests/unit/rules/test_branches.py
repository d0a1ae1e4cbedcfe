"""The branches of a parallel step: what they are called, need, and see."""

from typing import Any

import pytest

from runwright.models.bubustack import Phase, Step
from runwright.models.story_run import Section
from runwright.rules.bubustack.branches import all_steps, branches_of, step_run_name
from runwright.rules.bubustack.dependencies import dependencies
from runwright.rules.bubustack.progress import expanded
from runwright.rules.bubustack.retries import retries_of
from runwright.rules.bubustack.scope import output_of, scope_of
from tests.unit.rules.states import changed, start_of, state_of
from tests.unit.rules.stories import condition, engram, refusals, story


def parallel(*branches: dict[str, Any], name: str = "build", **fields: Any) -> dict[str, Any]:
    """Return a step with those branches."""
    return {"name": name, "type": "parallel", "with": {"steps": list(branches)}, **fields}


def block(*branches: dict[str, Any]) -> Step:
    """Return the step as it stands in a Story."""
    return Step.model_validate(parallel(*branches))


def needs(step: Step) -> dict[str, tuple[str, ...]]:
    """Return what each branch needs."""
    return {branch.name: branch.needs for branch in branches_of(step)}


def test_a_branch_needs_its_siblings_by_their_full_names_and_others_by_theirs() -> None:
    step = block(
        engram("a"),
        engram("b", needs=["a"]),
        engram("c", **{"with": {"x": "{{ steps.b.output.x }} {{ steps.fetch.output.y }}"}}),
    )

    assert needs(step) == {
        "build/a": (),
        "build/b": ("build/a",),
        "build/c": ("build/b", "fetch"),
    }


def test_a_block_waits_for_what_its_branches_need_of_others() -> None:
    """Upstream does not look into it: such a branch never starts there."""
    step = block(engram("a", **{"if": "{{ steps.fetch.output.ok }}"}), engram("b", needs=["a"]))

    assert dependencies(step) == ("fetch",)


def test_what_is_no_step_is_no_branch() -> None:
    step = Step.model_validate(
        {"name": "build", "type": "parallel", "with": {"steps": [1, {}, engram("a")]}}
    )

    assert [branch.name for branch in branches_of(step)] == ["build/a"]


@pytest.mark.parametrize("given", [None, {}, {"steps": "many"}, {"steps": {"a": 1}}])
def test_a_block_without_a_list_has_no_branches(given: dict[str, Any] | None) -> None:
    step = Step.model_validate({"name": "build", "type": "parallel", "with": given})

    assert branches_of(step) == ()


def test_only_a_parallel_step_has_branches() -> None:
    assert branches_of(Step.model_validate(engram("a", **{"with": {"steps": [engram("b")]}}))) == ()


def test_the_step_run_of_a_branch_has_all_three_names() -> None:
    assert step_run_name("run-1", "build/linux") == "run-1-build-linux"
    assert step_run_name("a" * 40, "b" * 40) == f"{'a' * 40}-{'b' * 9}-9bae79691396"


def test_the_steps_of_a_story_are_followed_by_their_branches() -> None:
    one = story(condition("a"), parallel(engram("x")), **{"finally": [condition("z")]})

    assert [(section, step.name) for section, step in all_steps(one)] == [
        (Section.MAIN, "a"),
        (Section.MAIN, "build"),
        (Section.MAIN, "build/x"),
        (Section.FINALLY, "z"),
    ]


SEEN = story(condition("fetch"), parallel(engram("fetch"), engram("b")), condition("use"))


def outputs(within: str = "") -> dict[str, Any]:
    """Return what the steps of a run put out, as a step sees it, or the run's output."""
    state = state_of(SEEN, fetch=Phase.SUCCEEDED, build=Phase.SUCCEEDED)
    branches = branches_of(SEEN.spec.steps[1])
    steps = expanded(state, state.steps["build"], branches)
    state = state.model_copy(update={"steps": steps})
    state = changed(state, "fetch", output={"x": 1})
    state = changed(state, "build/fetch", phase=Phase.SUCCEEDED, output={"x": 2})
    state = changed(state, "build/b", phase=Phase.FAILED, output={"x": 3})
    steps = scope_of({}, state.steps, within)["steps"]
    return {name: entry["output"] for name, entry in steps.items()}


def test_others_see_a_branch_in_the_output_of_its_block() -> None:
    assert outputs("use") == {"fetch": {"x": 1}, "build": {"fetch": {"x": 2}}}


def test_a_branch_sees_its_siblings_before_steps_of_that_name() -> None:
    assert outputs("build/b")["fetch"] == {"x": 2}


def test_the_output_of_the_run_sees_steps_before_branches_of_that_name() -> None:
    assert outputs()["fetch"] == {"x": 1}


def test_what_did_not_succeed_has_no_output() -> None:
    state = state_of(SEEN, fetch=Phase.FAILED)

    assert output_of(state.steps, "fetch") is None
    assert output_of(state.steps, "ghost") is None


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            [parallel(engram("a", needs=["ghost"]))],
            'spec.steps[0].with.steps[0].needs[0]: no step is called "ghost"',
            id="unknown sibling",
        ),
        pytest.param(
            [parallel(engram("a", needs=["a"]))],
            "spec.steps[0].with.steps[0].needs[0]: a step cannot wait for itself",
            id="itself",
        ),
        pytest.param(
            [parallel(engram("a", needs=["build"]))],
            "spec.steps[0].with.steps[0].needs[0]: a branch cannot wait for its own block",
            id="its block",
        ),
        pytest.param(
            [parallel(engram("a", needs=["b"]), engram("b", needs=["a"]))],
            "spec.steps[0].with.steps[0].needs: steps wait for each other: "
            "build/a -> build/b -> build/a",
            id="a circle in the block",
        ),
        pytest.param(
            [parallel(engram("a", needs=["use"])), engram("use", needs=["build"])],
            "spec.steps[0].needs: steps wait for each other: build -> use -> build",
            id="a circle through the block",
        ),
        pytest.param(
            [parallel(engram("a")), engram("use", **{"with": {"x": "{{ steps.a.output.x }}"}})],
            'spec.steps[1].with.x: "a" is a branch of "build": '
            'what it puts out is "steps.build.output.a"',
            id="a branch from outside",
        ),
        pytest.param(
            [parallel(engram("a"), engram("a"))],
            'spec.steps[0].with.steps[1].name: "build/a" is already the name of '
            "spec.steps[0].with.steps[0]",
            id="a name twice",
        ),
        pytest.param(
            [engram("build-a"), parallel(engram("a"))],
            "spec.steps[1].with.steps[0].name: its task would have the same name as that of "
            '"build-a"',
            id="a Job twice",
        ),
        pytest.param(
            [parallel(parallel(engram("a"), name="inner"))],
            "spec.steps[0].with.steps[0].type: a branch cannot be parallel itself",
            id="a block in a block",
        ),
        pytest.param(
            [parallel({"name": "a", "type": "sleep", "with": {"duration": "soon"}})],
            "spec.steps[0].with.steps[0].with.duration: ",
            id="arguments of a branch",
        ),
        pytest.param(
            [parallel(engram("a", **{"with": {"x": "{{ nothing.x }}"}}))],
            "spec.steps[0].with.steps[0].with.x: ",
            id="a template of a branch",
        ),
        pytest.param(
            [parallel({"name": "A", "ref": {"name": "worker"}})],
            "spec.steps[0].with.steps[0].name: ",
            id="a name that is none",
        ),
    ],
)
def test_a_block_that_could_not_run_is_refused(steps: list[dict[str, Any]], expected: str) -> None:
    found = refusals(*steps)

    assert [one for one in found if one.startswith(expected)], found


def test_a_branch_may_require_what_its_block_needs() -> None:
    steps = [
        engram("fetch"),
        parallel(
            engram("a", requires=["steps.fetch.output.tag"]),
            engram("b", needs=["a"], requires=["steps.a.output.url"]),
            needs=["fetch"],
        ),
    ]

    assert refusals(*steps) == []


def test_a_branch_with_side_effects_is_not_retried() -> None:
    one = story(parallel(engram("a", sideEffects=True)))
    (branch,) = branches_of(one.spec.steps[0])

    assert retries_of(start_of(one), branch).max_retries == 0
