"""How the run of a step starts, how it ends, and what its object says."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from runwright.models.bubustack import Phase
from runwright.models.runs import Cancelled, CancelRun
from runwright.models.story_run import (
    ChildNote,
    OpenGate,
    ParentRun,
    StartStoryRun,
    StepReason,
)
from runwright.rules.bubustack import children, progress, verdicts
from runwright.rules.bubustack.child_objects import child_manifest
from runwright.rules.bubustack.parentage import Parent, parent_of
from runwright.rules.bubustack.retention import noted_retention
from runwright.rules.bubustack.status.run import story_run_status
from tests.unit.rules.resources import placed_story, story_named
from tests.unit.rules.shown import placed
from tests.unit.rules.states import NOW, state_of
from tests.unit.rules.stories import engram, executes

OUTER = story_named("outer", executes("call", "inner"))
INNER = story_named("inner", engram("build"), version="3")
START = placed(OUTER, namespace="team", stories=(INNER,), author="ada")
STEP = OUTER.spec.steps[0]
PARENT = Parent(workflow_id="storyrun/team/release-1/7f3a", execution="r1", step="call")
LARGE = story_named("large", engram("build", **{"with": {"x": "y" * 1024 * 1024}}))
LAUNCHED = progress.launched(state_of(OUTER).steps["call"], 1, NOW)


def child_of(start: StartStoryRun = START, **inputs: Any) -> StartStoryRun:
    """Return the input of the run of the step `call`."""
    chance = Random(1)  # noqa: S311 - to be repeated, not to be secret
    asked = children.execution_of(start, STEP, {"inputs": {}}, NOW, chance)
    started = children.child_start(start, STEP, asked, PARENT.workflow_id)
    return started.model_copy(update={"inputs": inputs})


def test_a_child_knows_its_parent_and_is_one_deeper() -> None:
    child = children.placed(child_of(), "9c1e")

    assert (child.name, child.uid, child.generation) == ("release-1-call", "9c1e", 1)
    assert children.id_of(child) == "storyrun/team/release-1-call/9c1e"
    assert (child.author, child.depth) == ("ada", 1)
    assert child.parent == ParentRun(
        name="release-1", uid="7f3a", step="call", workflow_id=PARENT.workflow_id
    )


def test_what_a_run_tells_is_shown_by_the_step_that_waits_for_it_alone() -> None:
    """Whoever else tells something is one of an earlier execution, or somebody's own run."""
    step = children.executing(LAUNCHED, child_of())
    over = progress.ended(step, Phase.SUCCEEDED, "done", NOW)
    gates = (OpenGate(run="release-1-call", gate="ask"),)
    workflow = step.child.workflow_id if step.child else ""

    told = children.noted(step, ChildNote(workflow_id=workflow, gates=gates))

    assert told.message == (
        "Running sub-story run release-1-call, which waits for a decision at ask"
    )
    assert children.noted(told, ChildNote(workflow_id=workflow)) == step
    assert children.noted(step, ChildNote(workflow_id="storyrun/x/y/z", gates=gates)) == step
    assert children.noted(over, ChildNote(workflow_id=workflow, gates=gates)) == over


def test_a_child_is_found_by_what_its_parent_is_found_by() -> None:
    start = START.model_copy(update={"correlation": "Order #42!"})

    metadata = child_manifest(start, child_of(start), PARENT)["metadata"]

    assert metadata["labels"]["bubustack.io/correlation-id"] == "Order-42"
    assert metadata["annotations"]["bubustack.io/correlation-id"] == "Order #42!"


def test_the_object_of_a_child_belongs_to_its_parents_and_says_who_starts_it() -> None:
    manifest = child_manifest(START, child_of(a=1), PARENT)

    metadata = manifest["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("team", "release-1-call")
    assert metadata["finalizers"] == ["storyrun.bubustack.io/finalizer"]
    assert metadata["labels"] == {
        "app.kubernetes.io/managed-by": "runwright",
        "bubustack.io/story": "inner",
        "bubustack.io/story-name": "inner",
        "bubustack.io/parent-storyrun": "release-1",
        "bubustack.io/parent-step": "call",
    }
    (owner,) = metadata["ownerReferences"]
    assert (owner["name"], owner["uid"]) == ("release-1", "7f3a")
    assert owner["controller"] is owner["blockOwnerDeletion"] is True
    assert manifest["spec"] == {
        "storyRef": {"name": "inner", "version": "3"},
        "inputs": {"a": 1},
    }


def test_what_is_noted_on_a_child_can_be_read_again() -> None:
    """Whoever takes it in has not read its Story."""
    policy = {"execution": {"job": {"ttlSecondsAfterFinished": 5}}}
    inner = story_named("inner", engram("build"), policy=policy)
    start = START.model_copy(update={"stories": (inner,)})

    annotations = child_manifest(start, child_of(start), PARENT)["metadata"]["annotations"]

    assert parent_of(annotations) == PARENT
    assert noted_retention(annotations).children == timedelta(seconds=5)
    assert annotations["runwright.dev/author"] == "ada"


@pytest.mark.parametrize(
    ("child", "why"),
    [
        (child_of(x="y" * progress.MOST_STATE), "the inputs of run release-1-call take 1048"),
        (
            child_of().model_copy(update={"stories": (LARGE, LARGE)}),
            "the start of run release-1-call takes",
        ),
        (child_of(x="y" * 1000), ""),
    ],
    ids=["inputs", "all that it executes", "small enough"],
)
def test_a_run_that_takes_too_much_to_be_started_says_so(child: StartStoryRun, why: str) -> None:
    """A template may say an input many times over."""
    assert why in children.too_large(child)
    assert bool(why) is bool(children.too_large(child))


def test_a_step_shows_which_run_it_is() -> None:
    running = children.executing(LAUNCHED, children.placed(child_of(), "9c1e"))
    state = progress.with_step(progress.started(START, NOW), running)

    shown = story_run_status(START, state).step_states["call"]

    assert (shown.phase, shown.sub_story_run_name) == (Phase.RUNNING, "release-1-call")


@pytest.mark.parametrize(
    ("cancelled", "told"),
    [
        (
            Cancelled(by="ada", at=NOW, reason="wrong tag", grace=timedelta(seconds=20)),
            CancelRun(by="ada", reason="run release-1 ended its step: wrong tag"),
        ),
        (
            Cancelled(by="", at=NOW, grace=timedelta(seconds=1), run_hooks=True),
            CancelRun(
                reason="run release-1 ended its step", grace=timedelta(seconds=1), run_hooks=True
            ),
        ),
    ],
    ids=["the grace of its Story", "a grace of its own, and hooks"],
)
def test_a_child_is_told_who_cancelled_its_parent_and_why(
    cancelled: Cancelled, told: CancelRun
) -> None:
    """A grace that nobody asked for is each Story's own."""
    assert children.cancel_of(START, cancelled, verdicts.RUN_CANCELED) == told


def test_a_child_is_told_what_else_ended_its_step() -> None:
    why = verdicts.story_timed_out(placed_story(policy={"timeouts": {"story": "90s"}}))

    told = children.cancel_of(START, None, why)

    assert told.reason == (
        "run release-1 ended its step: Stopped because the story timed out after 1m30s"
    )
    assert children.cancel_of(START, None, None).reason == "run release-1 ended its step"


def test_a_step_puts_out_what_its_run_does() -> None:
    over = state_of(INNER).model_copy(update={"phase": Phase.SUCCEEDED, "output": {"id": 1}})

    ended = children.child_ended(LAUNCHED, over, {}, NOW)

    assert (ended.phase, ended.reason, ended.output) == (Phase.SUCCEEDED, None, {"id": 1})


def test_what_a_failed_run_has_put_out_is_no_output_of_its_step() -> None:
    over = state_of(INNER).model_copy(update={"phase": Phase.COMPENSATED, "output": {"id": 1}})

    ended = children.child_ended(LAUNCHED, over, {}, NOW)

    assert (ended.phase, ended.reason) == (Phase.COMPENSATED, StepReason.EXECUTION_FAILED)
    assert ended.output is None


def test_an_output_that_is_too_large_beside_the_others_fails_its_step() -> None:
    """What a run knows travels in its result, and Temporal takes no more of that."""
    over = state_of(INNER).model_copy(update={"phase": Phase.SUCCEEDED, "output": {"id": "x" * 99}})

    ended = children.child_ended(LAUNCHED, over, {"": progress.MOST_STATE}, NOW)

    assert (ended.phase, ended.output) == (Phase.FAILED, None)
    assert "inputs and outputs of a run may take" in ended.message
