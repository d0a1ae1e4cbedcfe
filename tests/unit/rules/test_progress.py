"""How the state of a run and of its steps changes."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import ExitClass, Phase
from runwright.models.gates import Approval, Author, Decision, Gate, GateOutcome, Verdict
from runwright.models.story_run import ResumeFrom, Section, StepProgress, StepReason
from runwright.models.tasks import Diagnosis, OutcomeReason, TaskOutcome
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.dag import Skip
from runwright.rules.bubustack.retries import Retries
from tests.unit.rules.states import NOW, changed, start_of, state_of, steps_of
from tests.unit.rules.stories import condition, engram, story

LATER = NOW + timedelta(minutes=1)
STEP = StepProgress(name="a", section=Section.MAIN, type="engram")
GATE = Gate(name="a", activation=1)


def outcome(reason: OutcomeReason, exit_code: int | None = None, **fields: Any) -> TaskOutcome:
    """Return how a task ended."""
    succeeded = reason is OutcomeReason.COMPLETED
    return TaskOutcome(succeeded=succeeded, reason=reason, exit_code=exit_code, **fields)


@pytest.mark.parametrize(
    ("policy", "grace"),
    [
        (None, 20),
        ({"timeouts": {"story": "1h"}}, 20),
        ({"timeouts": {"gracefulShutdownTimeout": "7s"}}, 7),
    ],
    ids=["nothing said", "other timeouts", "said"],
)
def test_running_steps_get_the_grace_that_their_story_gives(
    policy: dict[str, Any] | None, grace: int
) -> None:
    one = story(engram("a"), policy=policy)

    assert progress.stop_grace(one) == timedelta(seconds=grace)


@pytest.mark.parametrize(
    ("policy", "timeout"),
    [
        (None, None),
        ({"timeouts": {"step": "1h"}}, None),
        ({"timeouts": {"story": "0s"}}, None),
        ({"timeouts": {"story": "1h"}}, timedelta(hours=1)),
    ],
    ids=["nothing said", "other timeouts", "zero is none", "said"],
)
def test_a_story_has_a_deadline_only_if_it_says_so(
    policy: dict[str, Any] | None, timeout: timedelta | None
) -> None:
    one = story(engram("a"), policy=policy)

    assert progress.story_timeout(one) == timeout
    assert state_of(one).deadline == (NOW + timeout if timeout else None)


def test_a_run_starts_with_all_its_steps_in_the_order_they_run() -> None:
    one = story(
        engram("b", allowFailure=True),
        condition("a"),
        compensations=[condition("undo")],
        **{"finally": [condition("tell")]},
    )

    state = progress.started(start_of(one, author="ada", inputs={"x": 1}), NOW)

    assert (state.phase, state.reason, state.activation) == (Phase.RUNNING, "StartingExecution", 1)
    assert (state.author, state.inputs, state.started_at) == ("ada", {"x": 1}, NOW)
    assert [(s.name, s.section, s.type, s.allow_failure) for s in state.steps.values()] == [
        ("b", Section.MAIN, "engram", True),
        ("a", Section.MAIN, "condition", False),
        ("undo", Section.COMPENSATIONS, "condition", False),
        ("tell", Section.FINALLY, "condition", False),
    ]
    assert {step.phase for step in state.steps.values()} == {None}


def test_a_run_that_goes_on_starts_with_what_it_keeps() -> None:
    one = story(condition("a"), condition("b", "a"))
    kept = {"a": steps_of(one, a=Phase.SUCCEEDED)["a"]}

    state = progress.started(start_of(one, resume_from=ResumeFrom(activation=2, kept=kept)), NOW)

    assert state.activation == 2
    assert state.steps["a"] == kept["a"]
    assert state.steps["b"].phase is None


def test_a_run_that_goes_on_has_the_whole_time_of_its_story() -> None:
    """Upstream's goes on to count from the first start."""
    one = story(condition("a"), policy={"timeouts": {"story": "1h"}})
    later = NOW + timedelta(days=1)

    state = progress.started(start_of(one, resume_from=ResumeFrom(activation=2)), later)

    assert (state.started_at, state.deadline) == (later, later + timedelta(hours=1))


def test_every_gate_of_a_story_has_its_policy_before_it_is_reached() -> None:
    approval = {"users": ["ada"], "required": 1, "author": "may-not"}
    one = story(
        condition("a"),
        {"name": "ask", "type": "gate", "with": {"approval": approval}},
        **{"finally": [{"name": "last", "type": "gate"}]},
    )

    gates = progress.gates_of(start_of(one))

    assert gates == {
        "ask": Gate(
            name="ask",
            activation=1,
            approval=Approval(users=("ada",), author=Author.MAY_NOT),
        ),
        "last": Gate(name="last", activation=1),
    }


def test_a_gate_whose_policy_cannot_be_read_does_not_break_the_start() -> None:
    """The run is refused with all its problems right after it."""
    one = story({"name": "ask", "type": "gate", "with": {"approval": {"required": "many"}}})

    assert progress.gates_of(start_of(one))["ask"].approval.demands_verified


def test_a_gate_that_was_decided_earlier_is_kept_and_another_is_asked_anew() -> None:
    one = story({"name": "ask", "type": "gate"}, {"name": "other", "type": "gate"})
    decided = Gate(name="ask", activation=1, outcome=GateOutcome.APPROVED)
    resume = ResumeFrom(activation=2, gates={"ask": decided})

    gates = progress.gates_of(start_of(one, resume_from=resume))

    assert gates["ask"] == decided
    assert gates["other"] == Gate(name="other", activation=2)


def test_a_step_that_starts_forgets_why_it_did_not() -> None:
    waiting = STEP.model_copy(update={"reason": StepReason.RETRY_SCHEDULED, "message": "held"})

    step = progress.launched(waiting, 2, NOW)

    assert (step.phase, step.reason, step.message) == (Phase.PENDING, None, "")
    assert (step.started_at, step.activation) == (NOW, 2)


def test_a_skipped_step_says_why_and_is_over() -> None:
    step = progress.skipped(STEP, Skip("a", StepReason.FAIL_FAST, "Skipped"), NOW)

    assert (step.phase, step.reason, step.message) == (
        Phase.SKIPPED,
        StepReason.FAIL_FAST,
        "Skipped",
    )
    assert step.is_over
    assert step.succeeded


def test_a_waiting_step_is_paused_until_its_deadline() -> None:
    step = progress.waiting(STEP, "Waiting.", LATER)

    assert (step.phase, step.message, step.deadline) == (Phase.PAUSED, "Waiting.", LATER)
    assert step.is_running


def test_a_try_counts_and_clears_what_the_last_one_left() -> None:
    scheduled = STEP.model_copy(
        update={"reason": StepReason.RETRY_SCHEDULED, "message": "later", "next_retry_at": LATER}
    )

    step = progress.trying(scheduled, 2, Retries(max_retries=3), "release-1-a")

    assert (step.phase, step.tries, step.max_tries) == (Phase.RUNNING, 2, 4)
    assert (step.reason, step.message, step.next_retry_at) == (None, "", None)
    assert step.task == "release-1-a"


def test_case_73_each_try_has_an_exit_class_of_its_own() -> None:
    """Upstream keeps that of the first, which then decides about all others."""
    killed = outcome(OutcomeReason.EXITED, 137, error={"type": "unknown", "message": "no"})
    scheduled = progress.retry_scheduled(STEP, killed, timedelta(seconds=1), NOW)

    running = progress.trying(scheduled, 2, Retries(), "release-1-a")
    failed = progress.task_ended(running, outcome(OutcomeReason.EXITED, 1), LATER)

    assert (running.exit_code, running.exit_class, running.error) == (None, None, None)
    assert (failed.exit_code, failed.exit_class) == (1, ExitClass.TERMINAL)


def test_case_46_the_tries_of_a_step_share_its_key() -> None:
    step = progress.keyed(progress.launched(STEP, 1, NOW), "order-7")

    again = progress.trying(step, 2, Retries(), "release-1-a")

    assert again.idempotency_key == "order-7"


@pytest.mark.parametrize(
    ("microseconds", "shown"),
    [(1_040_663, "1s"), (12_345_678, "12.3s"), (250_499, "250ms"), (200, "1ms")],
)
def test_a_delay_that_chance_made_longer_is_told_in_round_numbers(
    microseconds: int, shown: str
) -> None:
    running = progress.trying(STEP, 1, Retries(max_retries=2), "release-1-a")
    killed = outcome(OutcomeReason.EXITED, 137, message="exit code 137")
    delay = timedelta(microseconds=microseconds)

    step = progress.retry_scheduled(running, killed, delay, NOW)

    assert step.message.startswith(f"Retrying in {shown} (")
    assert step.next_retry_at == NOW + delay


def test_case_38_a_scheduled_retry_says_when_and_after_what() -> None:
    running = progress.trying(STEP, 1, Retries(max_retries=2), "release-1-a")
    killed = outcome(OutcomeReason.EXITED, 137, message="exit code 137")

    step = progress.retry_scheduled(running, killed, timedelta(seconds=90), NOW)

    assert (step.phase, step.reason) == (Phase.PENDING, StepReason.RETRY_SCHEDULED)
    assert step.message == "Retrying in 1m30s (attempt 1/2): exit code 137"
    assert step.next_retry_at == NOW + timedelta(seconds=90)
    assert (step.exit_code, step.exit_class) == (137, ExitClass.RETRY)
    assert step.finished_at is None


def test_the_class_of_a_failure_is_that_of_the_last_try() -> None:
    """Upstream keeps the first one."""
    first = progress.retry_scheduled(
        STEP, outcome(OutcomeReason.EXITED, 137), timedelta(seconds=1), NOW
    )

    step = progress.task_ended(first, outcome(OutcomeReason.EXITED, 1), LATER)

    assert (step.exit_code, step.exit_class) == (1, ExitClass.TERMINAL)


@pytest.mark.parametrize(
    ("reason", "exit_code", "phase", "step_reason"),
    [
        (OutcomeReason.COMPLETED, 0, Phase.SUCCEEDED, None),
        (OutcomeReason.STOPPED, 143, Phase.CANCELED, StepReason.CANCELED),
        (OutcomeReason.TIMED_OUT, None, Phase.TIMEOUT, StepReason.TIMED_OUT),
        (OutcomeReason.EXITED, 124, Phase.TIMEOUT, StepReason.TIMED_OUT),
        (OutcomeReason.EXITED, 1, Phase.FAILED, StepReason.EXECUTION_FAILED),
        (OutcomeReason.LOST, None, Phase.FAILED, StepReason.EXECUTION_FAILED),
        (OutcomeReason.OUTPUT_INVALID, 0, Phase.FAILED, StepReason.EXECUTION_FAILED),
        (OutcomeReason.REFUSED, None, Phase.FAILED, StepReason.EXECUTION_FAILED),
    ],
)
def test_case_43_a_step_ends_as_its_last_task_did(
    reason: OutcomeReason, exit_code: int | None, phase: Phase, step_reason: StepReason | None
) -> None:
    step = progress.task_ended(STEP, outcome(reason, exit_code, message="so it went"), LATER)

    assert (step.phase, step.reason) == (phase, step_reason)
    assert (step.message, step.finished_at, step.exit_code) == ("so it went", LATER, exit_code)


def test_a_task_leaves_its_output_and_its_diagnosis() -> None:
    diagnosis = Diagnosis(category="OutOfMemory", summary="it needed more memory")

    done = progress.task_ended(STEP, outcome(OutcomeReason.COMPLETED, 0, output={"x": 1}), LATER)
    dead = progress.task_ended(STEP, outcome(OutcomeReason.EXITED, 137, diagnosis=diagnosis), LATER)

    assert (done.output, done.exit_class) == ({"x": 1}, ExitClass.SUCCESS)
    assert (dead.output, dead.diagnosis) == (None, diagnosis)


@pytest.mark.parametrize(
    ("result", "on_timeout", "phase", "reason", "message"),
    [
        (GateOutcome.APPROVED, "fail", Phase.SUCCEEDED, None, "ship it"),
        (GateOutcome.REJECTED, "skip", Phase.FAILED, StepReason.REJECTED, "ship it"),
        (
            GateOutcome.TIMED_OUT,
            "fail",
            Phase.TIMEOUT,
            StepReason.TIMED_OUT,
            "gate step timed out.",
        ),
        (
            GateOutcome.TIMED_OUT,
            "skip",
            Phase.SKIPPED,
            StepReason.TIMED_OUT,
            "gate step timed out and was skipped.",
        ),
    ],
)
def test_case_15_to_17_a_gate_step_ends_as_its_gate_did(
    result: GateOutcome, on_timeout: str, phase: Phase, reason: StepReason | None, message: str
) -> None:
    said = Decision(
        gate="a", verdict=Verdict.APPROVE, activation=1, at=NOW, by="ada", comment="ship it"
    )
    gate = GATE.model_copy(update={"outcome": result, "decisions": (said,)})

    step = progress.gate_ended(STEP, gate, on_timeout, LATER)

    assert (step.phase, step.reason, step.message) == (phase, reason, message)
    assert step.finished_at == LATER


def test_messages_fit_a_condition() -> None:
    long = "x" * 5000

    assert len(progress.ended(STEP, Phase.FAILED, long, NOW).message) == 2048
    scheduled = progress.retry_scheduled(
        STEP, outcome(OutcomeReason.EXITED, 137, message=long), timedelta(seconds=1), NOW
    )
    assert len(scheduled.message) == 2048


def test_changing_a_step_leaves_the_earlier_state_and_the_order_alone() -> None:
    """States are compared and rendered after they were replaced."""
    before = state_of(story(condition("b"), condition("a")))

    after = progress.with_step(before, before.steps["b"].model_copy(update={"tries": 1}))

    assert before.steps["b"].tries == 0
    assert after.steps["b"].tries == 1
    assert list(after.steps) == ["b", "a"]


def test_the_size_of_a_value_is_that_of_its_json() -> None:
    assert progress.size_of(None) == 0
    assert progress.size_of({}) == 2
    assert progress.size_of({"a": "ü"}) == len('{"a": "ü"}'.encode())


def test_a_run_is_as_large_as_its_inputs_and_outputs() -> None:
    state = changed(state_of(story(condition("a"), condition("b"))), "a", output={"x": 1})

    assert progress.sizes_of(state) == {"": 2, "a": len('{"x": 1}'), "b": 0}


def completed(size: int) -> TaskOutcome:
    """Return a success with an output of that many bytes."""
    return outcome(OutcomeReason.COMPLETED, 0, output={"x": "y" * (size - len('{"x": ""}'))})


def test_outputs_that_fit_together_are_taken() -> None:
    largest = completed(progress.MOST_STATE - 100)

    assert progress.bounded("a", largest, {"": 60, "b": 40}) == largest


def test_an_output_that_makes_the_run_too_large_is_a_failure_that_names_the_largest() -> None:
    sizes = {"": 90, "b": 400, "c": 300, "d": 200, "e": 0}

    refused = progress.bounded("a", completed(progress.MOST_STATE), sizes)

    assert (refused.succeeded, refused.output) == (False, None)
    assert refused.reason is OutcomeReason.OUTPUT_TOO_LARGE
    assert f"they would take {progress.MOST_STATE + 990}" in refused.message
    assert refused.message.endswith(
        f"the largest are a ({progress.MOST_STATE} bytes), b (400 bytes), c (300 bytes)"
    )


def test_an_output_replaces_that_of_an_earlier_try() -> None:
    again = completed(progress.MOST_STATE - 100)

    assert progress.bounded("a", again, {"a": progress.MOST_STATE - 50}) == again


def test_a_failure_is_never_too_large() -> None:
    failed = outcome(OutcomeReason.EXITED, 1)

    assert progress.bounded("a", failed, {"b": 2 * progress.MOST_STATE}) == failed
