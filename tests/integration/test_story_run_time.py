"""Timeouts, sleeps, retries: what a run does about time."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import ExitClass, Phase
from runwright.models.story_run import StepReason
from tests.integration.runs import NEVER, ended, engram, gate, retries, start_of, started


async def test_case_10_a_story_that_takes_too_long_stops_its_tasks_and_runs_finally(
    client: Client, task_queue: str
) -> None:
    """Upstream leaves the tasks running and skips what should always come last."""
    spec = {
        "steps": [engram("slow"), engram("after", "slow"), gate("ask")],
        "compensations": [engram("undo")],
        "finally": [engram("tell")],
        "policy": {"timeouts": {"story": "2s"}},
    }

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until_running("tell")
        await going.end("tell")
        state = await going.run.wait()

    assert (state.phase, state.reason) == (Phase.TIMEOUT, "TimedOut")
    assert state.error is not None
    assert state.error.type == "TimedOut"
    assert going.tasks.stopped == [going.task("slow")]
    assert going.started() == ["slow", "tell"]
    assert state.steps["slow"].phase is Phase.CANCELED
    assert state.steps["slow"].message == "Stopped because the story timed out after 2s"
    assert state.steps["after"].reason is StepReason.STORY_TIMED_OUT
    assert state.steps["ask"].phase is Phase.CANCELED
    assert state.steps["undo"].phase is Phase.SKIPPED
    assert state.steps["tell"].phase is Phase.SUCCEEDED


async def test_case_22_a_sleep_has_a_deadline_and_succeeds_after_it(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [{"name": "rest", "type": "sleep", "with": {"duration": "2s"}}]}

    async with started(client, task_queue, start_of(spec)) as going:
        asleep = await going.until(lambda state: state.steps["rest"].phase is Phase.PAUSED)
        state = await going.run.wait()

    before, after = asleep.steps["rest"], state.steps["rest"]
    assert before.started_at is not None
    assert before.deadline == before.started_at + timedelta(seconds=2)
    assert after.deadline == before.deadline
    assert after.phase is Phase.SUCCEEDED
    assert after.finished_at is not None
    assert before.deadline is not None
    assert after.finished_at >= before.deadline


async def test_a_step_that_takes_too_long_is_stopped_and_retried_like_exit_code_124(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("slow", execution={"timeout": "100ms", **retries(1)})]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        state = await going.run.wait()

    step = state.steps["slow"]
    assert (step.phase, step.tries) == (Phase.TIMEOUT, 2)
    assert step.exit_class is ExitClass.RETRY
    assert going.tasks.stopped == [going.task("slow")] * 2
    assert state.reason == "DependencyFailed"


async def test_a_step_that_fails_once_succeeds_at_its_second_try(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("flaky", execution=retries(2))]}
    outcomes = {"flaky": [exited(137), succeeded({"at": "last"})]}

    state, tasks = await ended(client, task_queue, start_of(spec), outcomes)

    step = state.steps["flaky"]
    assert tasks == ["flaky", "flaky"]
    assert (step.phase, step.tries, step.max_tries) == (Phase.SUCCEEDED, 2, 3)
    assert step.output == {"at": "last"}


async def test_a_retry_that_is_due_later_says_so(client: Client, task_queue: str) -> None:
    spec = {"steps": [engram("flaky", execution=retries(2, "1h"))]}

    async with started(client, task_queue, start_of(spec), {"flaky": exited(137)}) as going:
        state = await going.until(lambda state: bool(state.steps["flaky"].next_retry_at))

    step = state.steps["flaky"]
    assert (step.phase, step.reason) == (Phase.PENDING, StepReason.RETRY_SCHEDULED)
    assert step.message == "Retrying in 1h0m0s (attempt 1/2): exit code 137"
    assert step.next_retry_at is not None
    assert step.started_at is not None
    assert step.next_retry_at - step.started_at >= timedelta(hours=1)


@pytest.mark.parametrize(
    ("exit_code", "phase", "tries"),
    [
        pytest.param(1, Phase.FAILED, 1, id="terminal"),
        pytest.param(124, Phase.TIMEOUT, 2, id="timeout"),
        pytest.param(137, Phase.FAILED, 2, id="killed"),
    ],
)
async def test_case_43_the_exit_code_alone_decides_when_a_task_says_nothing(
    client: Client, task_queue: str, exit_code: int, phase: Phase, tries: int
) -> None:
    spec = {"steps": [engram("job", execution=retries(1))]}

    state, _ = await ended(client, task_queue, start_of(spec), {"job": exited(exit_code)})

    assert (state.steps["job"].phase, state.steps["job"].tries) == (phase, tries)


async def test_case_44_a_steps_own_zero_retries_beat_the_storys_three(
    client: Client, task_queue: str
) -> None:
    spec = {
        "steps": [engram("job", execution=NEVER)],
        "policy": {"retries": {"stepRetryPolicy": {"maxRetries": 3, "delay": "10ms"}}},
    }

    state, tasks = await ended(client, task_queue, start_of(spec), {"job": exited(137)})

    assert tasks == ["job"]
    assert state.steps["job"].phase is Phase.FAILED


async def test_case_45_a_step_with_side_effects_is_not_repeated(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("pay", sideEffects=True)]}

    _, tasks = await ended(client, task_queue, start_of(spec), {"pay": exited(137)})

    assert tasks == ["pay"]
