"""What is written into a cluster between two states of a run."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.models.bubustack import Phase, StoryRunStatus
from runwright.models.objects import ObjectKey
from runwright.models.story_run import NO_RESOURCE, RunError, StepReason, StoryRunState
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.status import story_run_status, update_of
from runwright.rules.bubustack.status.patches import merge_patch, shown
from tests.unit.rules.shown import LATER, again, over, placed, run_patch, running, step_patches
from tests.unit.rules.states import NOW, changed
from tests.unit.rules.stories import engram, story

START = placed()
TRIED = {"task": "release-1-build", "tries": 1, "max_tries": 4}
OBJECTS = st.recursive(
    st.integers() | st.text(max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=2),
)
STATUSES = st.dictionaries(st.sampled_from("abcd"), OBJECTS)


def merged(target: Any, patch: Any) -> Any:
    """Return what RFC 7396 makes of a patch."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def tried(phase: Phase, **fields: Any) -> StoryRunState:
    """Return a run whose first step was tried."""
    return changed(running(START, build=phase), "build", **{**TRIED, **fields})


@given(before=STATUSES, now=STATUSES)
def test_a_patch_makes_of_one_object_the_other(before: dict[str, Any], now: dict[str, Any]) -> None:
    assert merged(before, merge_patch(before, now)) == now


def test_a_list_is_written_as_a_whole() -> None:
    assert merge_patch({"a": [1, 2]}, {"a": [1, 3]}) == {"a": [1, 3]}


def test_what_did_not_change_is_not_written() -> None:
    before = running(START, build=Phase.RUNNING)
    now = changed(before, "build", phase=Phase.SUCCEEDED, finished_at=LATER)

    patch = run_patch(update_of(START, before, now))

    assert patch == {
        "active": None,
        "completed": ["build"],
        "stepsComplete": 1,
        "stepStates": {
            "build": {"phase": "Succeeded", "finishedAt": "2026-03-01T12:01:05.500000Z"}
        },
    }


def test_case_12_a_step_whose_task_has_started_is_shown_as_running() -> None:
    before, now = tried(Phase.PENDING), tried(Phase.RUNNING)

    patch = run_patch(update_of(START, before, now))

    assert patch == {"stepStates": {"build": {"phase": "Running"}}}


def test_the_same_state_is_no_update() -> None:
    update = update_of(START, running(START), running(START))

    assert (update.patches, update.events) == ((), ())


def test_a_run_without_an_object_shows_nothing() -> None:
    start = placed(uid=NO_RESOURCE)

    update = update_of(start, None, running(start))

    assert (update.patches, update.events) == ((), ())


def test_the_object_is_the_one_that_was_started_and_no_later_one_of_its_name() -> None:
    (patch,) = update_of(START, None, running(START)).patches

    assert patch.object == ObjectKey(
        api_version="runs.bubustack.io/v1alpha1",
        kind="StoryRun",
        namespace="default",
        name="release-1",
        uid="7f3a",
    )


@pytest.mark.parametrize(("known", "version"), [("411", "411"), (None, "")])
def test_a_step_run_is_the_runs_own_and_no_other_of_its_name(
    known: str | None, version: str
) -> None:
    """Where its version is not known, whose it must be is."""
    now = tried(Phase.FAILED, finished_at=LATER, record_version=known)

    update = update_of(START, running(START), now)

    (patch,) = [one for one in update.patches if one.object.kind == "StepRun"]
    assert patch.version == version
    assert patch.object == ObjectKey(
        api_version="runs.bubustack.io/v1alpha1",
        kind="StepRun",
        namespace="default",
        name="release-1-build",
        owner="7f3a",
    )


def test_the_first_update_of_a_run_leaves_nothing_of_what_was_said_before() -> None:
    waiting = {"phase": "Pending", "message": "there is no Story", "trace": {"traceId": "1"}}

    status = merged(waiting, run_patch(update_of(START, None, running(START))))

    assert status["phase"] == "Running"
    assert "message" not in status
    assert status["trace"] == {"traceId": "1"}


def test_a_later_execution_leaves_nothing_of_the_one_before() -> None:
    """Neither its error, nor its steps, nor that its children were removed."""
    error = RunError(type="DependencyFailed", message="m")
    failed = over(
        running(START, build=Phase.SUCCEEDED, ask=Phase.FAILED), Phase.FAILED, error=error
    )
    old = {**shown(story_run_status(START, failed)), "childrenCleanedAt": "2026-03-01T13:00:00Z"}
    start = again()
    now = running(start, build=Phase.RUNNING)

    status = merged(old, run_patch(update_of(start, None, now)))

    assert StoryRunStatus.model_validate(status) == story_run_status(start, now)
    assert status["stepStates"] == {
        "build": {"phase": "Running", "startedAt": "2026-03-01T12:00:00Z"}
    }


def test_every_condition_written_is_complete() -> None:
    """The API server wants a message, even an empty one, and a time."""
    for condition in run_patch(update_of(START, None, running(START)))["conditions"]:
        assert set(condition) == {"type", "status", "reason", "message", "lastTransitionTime"}


def test_a_step_that_is_being_tried_is_not_written() -> None:
    """Its pod may have written its end by then."""
    update = update_of(START, running(START), tried(Phase.RUNNING))

    assert step_patches(update) == {}
    assert "stepStates" in run_patch(update)


def test_only_the_conditions_of_a_try_that_does_not_get_on_are_written() -> None:
    """When it gets on again they say so; the next try says for itself that it was started."""
    trouble = Diagnosis(category="image", summary="no such image", detail="web:1")
    waits, runs = tried(Phase.RUNNING, diagnosis=trouble), tried(Phase.RUNNING)

    patch = step_patches(update_of(START, runs, waits))["release-1-build"]

    assert set(patch) == {"retries", "conditions"}
    assert {one["message"] for one in patch["conditions"]} == {"no such image: web:1"}
    better = step_patches(update_of(START, waits, runs))["release-1-build"]["conditions"]
    assert {one["message"] for one in better} == {""}
    assert step_patches(update_of(START, waits, tried(Phase.RUNNING, tries=2))) == {}


def test_a_scheduled_retry_takes_back_the_end_of_the_try() -> None:
    fields = {"reason": StepReason.RETRY_SCHEDULED, "message": "Retrying", "next_retry_at": LATER}
    scheduled = changed(tried(Phase.RUNNING), "build", phase=Phase.PENDING, **fields)

    patch = step_patches(update_of(START, tried(Phase.RUNNING), scheduled))["release-1-build"]

    assert (patch["phase"], patch["retries"], patch["lastFailureMsg"]) == ("Pending", 1, "Retrying")
    assert patch["nextRetryAt"] == "2026-03-01T12:01:05.500000Z"
    assert (patch["finishedAt"], patch["duration"], patch["error"], patch["output"]) == (None,) * 4


def test_a_step_that_ended_is_written_whole_whatever_was_written_before() -> None:
    """Between two updates only its end may be seen."""
    update = update_of(START, running(START), tried(Phase.SUCCEEDED, output={"a": 1}, exit_code=0))

    patch = step_patches(update)["release-1-build"]

    assert (patch["phase"], patch["retries"], patch["exitCode"]) == ("Succeeded", 0, 0)
    assert patch["output"] == {"a": 1}
    assert (patch["error"], patch["nextRetryAt"]) == (None, None)
    assert [one.object.kind for one in update.patches] == ["StepRun", "StoryRun"]


def test_what_only_the_pod_or_the_backend_knows_is_left_there() -> None:
    update = update_of(START, running(START), tried(Phase.SUCCEEDED, output={"a": "x" * 9000}))

    patch = step_patches(update)["release-1-build"]

    assert {"output", "podName", "signals", "effects", "logs"}.isdisjoint(patch)


def test_an_error_is_written_with_all_its_fields() -> None:
    """A merge would mix it with the error of another try."""
    failed = tried(Phase.FAILED, message="exit code 1", exit_code=1)

    error = step_patches(update_of(START, running(START), failed))["release-1-build"]["error"]

    assert (error["message"], error["exitCode"]) == ("exit code 1", 1)
    assert (error["code"], error["retryable"], error["details"]) == (None, None, None)


@pytest.mark.parametrize(
    "fields",
    [{"task": ""}, {"reason": StepReason.KEPT}],
    ids=["never became a task", "is of an earlier execution"],
)
def test_a_step_without_a_step_run_of_this_execution_is_not_written(fields: dict[str, Any]) -> None:
    assert step_patches(update_of(START, None, tried(Phase.SUCCEEDED, **fields))) == {}


def test_a_step_is_written_once() -> None:
    before = tried(Phase.SUCCEEDED)
    now = changed(before, "deploy", phase=Phase.SKIPPED, finished_at=NOW)

    assert step_patches(update_of(START, before, now)) == {}


def test_a_run_of_three_steps_costs_few_requests() -> None:
    """The budget is 30 for a whole run, with all that backend and intake need."""
    start = placed(story(engram("a"), engram("b", needs=["a"]), engram("c", needs=["b"])))
    states = [running(start)]
    for name in "abc":
        tried = {"task": f"release-1-{name}", "tries": 1, "started_at": NOW}
        states.append(changed(states[-1], name, phase=Phase.RUNNING, **tried))
        states.append(changed(states[-1], name, phase=Phase.SUCCEEDED, finished_at=NOW))
    states.append(over(states[-1], Phase.SUCCEEDED))

    first = update_of(start, None, states[0])
    updates = [first, *(update_of(start, *two) for two in pairwise(states))]

    assert sum(len(one.patches) + len(one.events) for one in updates) == 13


def test_the_end_of_a_run_with_a_large_status_is_told_in_a_smaller_form_too() -> None:
    """A cluster that has no room for the one may take the other."""
    state = over(running(START), Phase.SUCCEEDED, output={"page": "x" * 20_000})

    patch, *_ = update_of(START, running(START), state).patches

    assert patch.status["output"] == {"page": "x" * 20_000}
    assert patch.brief is not None
    assert (patch.brief["phase"], patch.brief["output"]) == ("Succeeded", None)
    assert set(patch.brief) >= {"conditions", "finishedAt", "message", "duration"}


def test_a_small_status_has_no_smaller_form() -> None:
    state = over(running(START), Phase.SUCCEEDED)

    patch, *_ = update_of(START, running(START), state).patches

    assert patch.brief is None
