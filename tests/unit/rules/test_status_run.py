"""What a StoryRun shows of its run."""

from datetime import timedelta

import pytest

from runwright.models.bubustack import Phase, StepState, TriggerToken
from runwright.models.metadata import ConditionStatus
from runwright.models.runs import Cancelled, Paused
from runwright.models.story_run import FailedStep, RunError, StepReason
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.branches import branches_of
from runwright.rules.bubustack.progress import expanded
from runwright.rules.bubustack.status import story_run_status
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from tests.unit.rules.shown import LATER, STORY, again, conditions, over, placed, running, with_gate
from tests.unit.rules.states import NOW, changed
from tests.unit.rules.stories import engram, story

START = placed()
STATUSES = {True: ConditionStatus.TRUE, False: ConditionStatus.FALSE}


def test_a_run_at_its_start() -> None:
    status = story_run_status(START, running(START))

    assert (status.phase, status.observed_generation, status.attempts) == (Phase.RUNNING, 1, 1)
    assert (status.started_at, status.finished_at, status.duration) == (NOW, None, None)
    assert (status.steps_total, status.step_states, status.gates) == (3, {}, {})
    assert status.trigger_tokens == (TriggerToken.STORY,)


def test_steps_are_counted_and_listed_by_what_became_of_them() -> None:
    """Upstream declares the lists and never fills them; a timeout is in no counter."""
    one = story(*map(engram, ("a", "b", "c", "d", "e")), engram("f", allowFailure=True))
    state = running(
        placed(one),
        a=Phase.SUCCEEDED,
        b=Phase.FAILED,
        c=Phase.SKIPPED,
        d=Phase.TIMEOUT,
        e=Phase.PAUSED,
        f=Phase.FAILED,
    )

    status = story_run_status(placed(one), state)

    assert (status.steps_complete, status.steps_failed, status.steps_skipped) == (1, 2, 1)
    assert status.completed == ("a", "c", "f")
    assert status.active == ("e",)
    assert status.allowed_failures == ("f",)


def test_branches_stand_apart_from_the_steps_of_the_story() -> None:
    """Upstream they are counted among these, and may have the name of one of them."""
    block = {"name": "build", "type": "parallel", "with": {"steps": [engram("a"), engram("b")]}}
    start = placed(story(engram("a"), block))
    state = running(start, a=Phase.SUCCEEDED, build=Phase.RUNNING)
    branches = branches_of(start.story.spec.steps[1])
    state = state.model_copy(update={"steps": expanded(state, state.steps["build"], branches)})
    state = changed(state, "build/a", phase=Phase.FAILED)

    status = story_run_status(start, state)

    assert (status.steps_total, status.steps_complete, status.steps_failed) == (2, 1, 0)
    assert set(status.step_states) == {"a", "build"}
    assert status.primitive_children == {"build": ("release-1-build-a", "release-1-build-b")}


@pytest.mark.parametrize(
    ("phase", "ready", "progressing", "degraded"),
    [
        (Phase.RUNNING, False, True, False),
        (Phase.SUCCEEDED, True, False, False),
        (Phase.FAILED, False, False, True),
        (Phase.TIMEOUT, False, False, True),
        (Phase.COMPENSATED, False, False, False),
        (Phase.FINISHED, False, False, False),
    ],
)
def test_the_conditions_follow_the_phase(
    phase: Phase, *, ready: bool, progressing: bool, degraded: bool
) -> None:
    state = running(START)
    shown = conditions(story_run_status(START, over(state, phase) if phase.is_terminal else state))

    assert shown["Ready"].status is STATUSES[ready]
    assert shown["Progressing"].status is STATUSES[progressing]
    assert shown["Degraded"].status is STATUSES[degraded]
    assert set(shown) == {"Ready", "Progressing", "Degraded"}


def test_a_condition_has_the_time_of_the_start_until_its_status_changes() -> None:
    shown = conditions(story_run_status(START, over(running(START), Phase.FAILED)))

    assert shown["Ready"].last_transition_time == NOW
    assert shown["Progressing"].last_transition_time == LATER
    assert shown["Degraded"].last_transition_time == LATER


def test_case_10_a_timeout_says_so_everywhere() -> None:
    error = RunError(type="TimedOut", message="Story timed out after 1s.")
    state = over(running(START), Phase.TIMEOUT, reason="TimedOut", message=error.message)

    status = story_run_status(START, state.model_copy(update={"error": error}))

    assert conditions(status)["Degraded"].reason == "TimedOut"
    assert status.error == {"type": "TimedOut", "message": "Story timed out after 1s."}


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        (Phase.SUCCEEDED, "Completed"),
        (Phase.FAILED, "ExecutionFailed"),
        (Phase.FINISHED, "Canceled"),
    ],
)
def test_a_phase_without_a_reason_has_its_usual_one(phase: Phase, reason: str) -> None:
    status = story_run_status(START, over(running(START), phase, reason=""))

    assert conditions(status)["Ready"].reason == reason


def test_texts_are_cut_to_what_an_api_server_takes() -> None:
    """One character more, and it would refuse the whole patch."""
    state = over(running(START), Phase.FAILED, reason="R" * 100, message="é" * 100_000)
    state = changed(state, "build", phase=Phase.FAILED, message="é" * 100_000)

    status = story_run_status(START, state)

    assert {len(one.reason) for one in status.conditions} == {64}
    assert {len(one.message) for one in status.conditions} == {2048}
    assert len(status.message) == len(status.step_states["build"].message) == 2048
    assert status.message.endswith("é…")


def test_a_pause_is_a_condition_that_says_by_whom_since_when_and_why() -> None:
    paused = Paused(by="ada", since=LATER, comment="freeze")
    state = running(START).model_copy(update={"paused": paused})

    status = story_run_status(START, state)

    told = conditions(status)["Paused"]
    assert told.message == "Paused by ada since 2026-03-01 12:01:05 UTC: freeze"
    assert (told.status, told.last_transition_time) == (ConditionStatus.TRUE, LATER)
    assert (status.phase, status.message) == (Phase.RUNNING, "Paused by ada.")


def test_a_run_that_is_over_is_not_paused() -> None:
    paused = Paused(by="", since=NOW)
    state = over(running(START), Phase.FINISHED).model_copy(update={"paused": paused})

    assert "Paused" not in conditions(story_run_status(START, state))


def test_a_run_says_for_whom_it_waits() -> None:
    waits = with_gate(running(START, ask=Phase.PAUSED), opened_at=NOW)

    assert story_run_status(START, waits).message == "Waits for a decision at ask."


def test_the_duration_is_in_whole_seconds() -> None:
    status = story_run_status(START, over(running(START), Phase.SUCCEEDED))

    assert status.duration == timedelta(seconds=65)
    assert status.model_dump(mode="json")["duration"] == "1m5s"


def test_an_error_names_every_failed_step() -> None:
    failed = (
        FailedStep(name="build", phase=Phase.FAILED),
        FailedStep(name="ask", phase=Phase.TIMEOUT, message="late"),
    )
    error = RunError(type="DependencyFailed", message="m", failed_steps=failed)

    status = story_run_status(START, over(running(START), Phase.FAILED, error=error))

    assert status.error == {
        "type": "DependencyFailed",
        "message": "m",
        "failedSteps": [
            {"name": "build", "phase": "Failed", "message": ""},
            {"name": "ask", "phase": "Timeout", "message": "late"},
        ],
    }


def test_schemas_are_referred_to_where_there_are_some() -> None:
    one = story(engram("a"), version="2", inputsSchema={"type": "object"})
    start = placed(one, namespace="team")

    status = story_run_status(start, running(start))

    assert status.input_schema_ref is not None
    assert status.input_schema_ref.ref == "bubu://story/team/release/inputs"
    assert status.input_schema_ref.version == "2"
    assert status.output_schema_ref is None


def test_case_74_a_success_that_lost_its_output_is_degraded() -> None:
    start = placed(story(engram("a"), output={"all": "{{ steps.a.output }}"}))
    state = over(running(start, a=Phase.SUCCEEDED), Phase.SUCCEEDED)

    lost = conditions(story_run_status(start, state))
    kept = conditions(story_run_status(start, state.model_copy(update={"output": {}})))

    assert lost["Ready"].status is ConditionStatus.TRUE
    assert (lost["Degraded"].status, lost["Degraded"].reason) == (
        ConditionStatus.TRUE,
        "OutputResolutionFailed",
    )
    assert lost["Degraded"].last_transition_time == LATER
    assert kept["Degraded"].status is ConditionStatus.FALSE


def test_a_step_has_its_state_once_it_started() -> None:
    state = changed(running(START, build=Phase.SUCCEEDED), "build", message="done")

    assert story_run_status(START, state).step_states == {
        "build": StepState(phase=Phase.SUCCEEDED, message="done", started_at=NOW, finished_at=NOW)
    }


def test_a_task_that_does_not_get_on_says_why_and_what_would_mend_it() -> None:
    trouble = Diagnosis(
        category="image", summary="no such image", detail="web:1", resolution="push it"
    )
    state = changed(running(START, build=Phase.RUNNING), "build", diagnosis=trouble)

    message = story_run_status(START, state).step_states["build"].message
    assert message == "no such image: web:1; push it"


def test_a_run_whose_task_does_not_get_on_says_so_itself() -> None:
    """Whoever looks at a run looks at its own condition first."""
    trouble = Diagnosis(category="image-pull", summary="the image cannot be pulled")
    state = changed(running(START, build=Phase.RUNNING), "build", diagnosis=trouble)

    ready = conditions(story_run_status(START, state))["Ready"]

    assert ready.reason == "Blocked"
    assert ready.message.startswith("Step build does not get on: the image cannot be pulled")


def test_case_79_a_run_says_what_is_missing_and_who_waits_for_it() -> None:
    """Also while somebody has to decide something else: that alone would not help."""
    engram, template = 'there is no Engram "worker"', 'there is no EngramTemplate "image"'
    state = running(START, build=Phase.BLOCKED, deploy=Phase.BLOCKED)
    reason = StepReason.REFERENCE_NOT_FOUND
    state = changed(state, "build", message=engram, reason=reason, deadline=LATER)
    both = changed(state, "deploy", message=engram, reason=reason, deadline=LATER)
    other = changed(state, "deploy", message=template, reason=StepReason.TEMPLATE_NOT_FOUND)
    with_a_gate = with_gate(other, opened_at=NOW)

    status = story_run_status(START, both)
    shown = conditions(status)

    assert (status.phase, shown["Ready"].reason) == (Phase.RUNNING, "Blocked")
    assert shown["Progressing"].status is ConditionStatus.TRUE
    assert status.message == f"Steps build and deploy wait: {engram}."
    until = "it is waited for until 2026-03-01 12:01:05 UTC"
    assert status.step_states["build"].message == f"{engram}; {until}"
    told = conditions(story_run_status(START, with_a_gate))["Blocked"]
    assert (told.status, told.reason) == (ConditionStatus.TRUE, "ReferenceNotFound")
    assert (told.message, told.last_transition_time) == (f"{engram}; {template}", NOW)


def test_a_run_that_lacks_much_names_the_first() -> None:
    one = story(*map(engram, "abcde"))
    state = running(placed(one), **dict.fromkeys("abcde", Phase.BLOCKED))
    for name in "abcde":
        state = changed(state, name, message=f"there is no Engram {name}")

    message = story_run_status(placed(one), state).message

    assert message.startswith("Step a waits: there is no Engram a. Step b waits: ")
    assert message.endswith("Step c waits: there is no Engram c. 2 more things are missing.")


def test_a_run_that_is_over_lacks_nothing() -> None:
    state = over(running(START, build=Phase.BLOCKED), Phase.FINISHED)

    assert "Blocked" not in conditions(story_run_status(START, state))


def test_the_reason_of_a_run_says_what_it_is_at() -> None:
    waiting = with_gate(running(START), opened_at=NOW)
    at_work = running(START, build=Phase.RUNNING)

    reasons = [
        conditions(story_run_status(START, one))["Ready"].reason
        for one in (running(START), at_work, waiting)
    ]

    assert reasons == ["StartingExecution", "ProcessingSteps", "Paused"]


def test_a_retry_that_a_pause_holds_says_so() -> None:
    update = {"reason": StepReason.RETRY_SCHEDULED, "message": "Retrying in 1s (attempt 1/3): no."}
    state = changed(running(START, build=Phase.PENDING), "build", **update)
    paused = state.model_copy(update={"paused": Paused(by="ada", since=NOW)})

    assert story_run_status(START, state).step_states["build"].message == update["message"]
    assert story_run_status(START, paused).step_states["build"].message == (
        "Retrying in 1s (attempt 1/3): no. Held, for the run is paused."
    )


def test_a_later_execution_is_counted_as_an_attempt() -> None:
    assert story_run_status(again(), running(again())).attempts == 2


@pytest.mark.parametrize(("reason", "generation"), [(CANCEL_REQUESTED, 2), ("by mistake", 1)])
def test_the_change_of_the_spec_that_cancels_is_heeded(reason: str, generation: int) -> None:
    """A generation that is never observed looks as if nobody had seen the change."""
    cancelled = Cancelled(by="", at=LATER, reason=reason, grace=timedelta(0))
    state = running(START).model_copy(update={"cancelled": cancelled})

    status = story_run_status(START, state)

    assert status.observed_generation == generation
    assert status.message == "Stops, as somebody asked."


def test_a_status_is_the_same_however_often_it_is_made() -> None:
    """The difference of two statuses is written: nothing but the state may make one."""
    state = with_gate(running(START, build=Phase.SUCCEEDED, ask=Phase.PAUSED), opened_at=NOW)

    assert story_run_status(placed(STORY), state) == story_run_status(placed(STORY), state)
