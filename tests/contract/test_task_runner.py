"""What every task runner promises, whatever it runs tasks on."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from runwright.errors import NotOursError, TemporalUnavailableError
from runwright.models.tasks import OutcomeReason, TaskKey
from runwright.ports import Answer
from tests.contract.backends import ContractBackend, claim, key

GRACE = timedelta(seconds=5)


async def test_the_end_of_a_task_is_reported_to_its_claim(backend: ContractBackend) -> None:
    build, first = backend.waiting(key()), claim("first")

    assert await backend.runner.start(build, first) is None
    await backend.running(build)
    await backend.let_go(build)

    outcome = await backend.completions.outcome(first)
    assert (outcome.succeeded, outcome.reason) == (True, OutcomeReason.COMPLETED)
    assert (outcome.exit_code, outcome.output) == (0, {})


async def test_a_failure_is_an_outcome_too(backend: ContractBackend) -> None:
    build, first = backend.waiting(key(), exit_code=3), claim("first")

    await backend.runner.start(build, first)
    await backend.running(build)
    await backend.let_go(build)

    outcome = await backend.completions.outcome(first)
    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.EXITED)
    assert (outcome.exit_code, outcome.output) == (3, None)
    assert outcome.message == "exit code 3"


async def test_a_task_that_is_started_again_is_executed_once(backend: ContractBackend) -> None:
    build = backend.waiting(key())

    await asyncio.gather(*(backend.runner.start(build, claim(f"c{n}")) for n in range(4)))
    await backend.running(build)
    assert await backend.runner.start(build, last := claim("last")) is None
    await backend.let_go(build)

    assert (await backend.completions.outcome(last)).succeeded
    assert backend.executions(build.key) == 1


async def test_starting_a_task_that_is_over_returns_its_outcome(backend: ContractBackend) -> None:
    """Also when its end is recorded and it is forgotten: a try is executed once, for ever."""
    build = backend.waiting(key())
    await backend.runner.start(build, first := claim("first"))
    await backend.running(build)
    await backend.let_go(build)
    recorded = await backend.completions.outcome(first)
    await backend.released(build.key)

    again = await backend.runner.start(build, claim("second"))

    assert again == recorded
    assert backend.executions(build.key) == 1


async def test_a_later_claim_takes_the_report_over(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    earlier, later = claim("earlier"), claim("later")

    await backend.runner.start(build, earlier)
    await backend.runner.start(build, later)
    await backend.running(build)
    await backend.let_go(build)

    assert (await backend.completions.outcome(later)).succeeded
    assert [report.claim for report in backend.completions.finished] == [later]


async def test_an_older_claim_does_not_replace_a_later_one(backend: ContractBackend) -> None:
    """A worker that was away for long may come back with an attempt that was given up."""
    build = backend.waiting(key())
    earlier, later = claim("earlier"), claim("later")

    await backend.runner.start(build, later)
    assert await backend.runner.start(build, earlier) is None
    await backend.running(build)
    await backend.let_go(build)

    await backend.completions.outcome(later)
    assert [report.claim for report in backend.completions.finished] == [later]


async def test_a_try_exists_from_its_start_for_ever(backend: ContractBackend) -> None:
    build = backend.waiting(key())

    before = await backend.runner.exists(build.key)
    await backend.runner.start(build, first := claim("first"))
    running = await backend.runner.exists(build.key)
    await backend.running(build)
    await backend.let_go(build)
    await backend.completions.outcome(first)
    await backend.released(build.key)

    assert (before, running, await backend.runner.exists(build.key)) == (False, True, True)
    assert not await backend.runner.exists(key(try_number=2))


async def test_a_stop_before_the_start_bars_it(backend: ContractBackend) -> None:
    build = backend.waiting(key())

    assert await backend.runner.stop(build.key, GRACE) is None
    assert await backend.runner.stop(build.key, GRACE) is None
    outcome = await backend.runner.start(build, claim("late"))

    assert outcome is not None
    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.STOPPED)
    assert backend.executions(build.key) == 0


async def test_a_stop_ends_a_running_task(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    await backend.runner.start(build, first := claim("first"))
    await backend.running(build)

    outcome = await backend.runner.stop(build.key, GRACE)

    assert outcome is not None
    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.STOPPED)
    assert await backend.completions.outcome(first) == outcome
    assert await backend.runner.stop(build.key, GRACE) == outcome


async def test_a_stop_after_a_success_keeps_the_success(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    await backend.runner.start(build, first := claim("first"))
    await backend.running(build)
    await backend.let_go(build)
    recorded = await backend.completions.outcome(first)

    assert await backend.runner.stop(build.key, GRACE) == recorded
    assert recorded.succeeded


async def test_an_older_try_is_stopped_before_the_next_one_starts(
    backend: ContractBackend,
) -> None:
    older, newer = backend.waiting(key()), backend.waiting(key(try_number=2))
    await backend.runner.start(older, claim("older"))
    await backend.running(older)

    assert await backend.runner.start(newer, second := claim("newer", of=newer.key)) is None
    await backend.running(newer)
    stopped = await backend.runner.start(older, claim("late"))
    await backend.let_go(newer)

    assert stopped is not None
    assert stopped.reason is OutcomeReason.STOPPED
    assert (await backend.completions.outcome(second)).succeeded
    assert (backend.executions(older.key), backend.executions(newer.key)) == (1, 1)


@pytest.mark.parametrize(
    "later",
    [key(activation=2, try_number=2), key(activation=3)],
    ids=["later try", "later activation"],
)
async def test_an_outdated_try_is_not_started(backend: ContractBackend, later: TaskKey) -> None:
    """Its run has gone on: the outcome is Stopped, and the later try is left alone."""
    newer, outdated = backend.waiting(later), backend.waiting(key(activation=2))
    await backend.runner.start(newer, first := claim("newer", of=later))
    await backend.running(newer)

    outcome = await backend.runner.start(outdated, claim("outdated"))

    assert outcome is not None
    assert outcome.reason is OutcomeReason.STOPPED
    assert backend.executions(outdated.key) == 0
    await backend.let_go(newer)
    assert (await backend.completions.outcome(first)).succeeded


async def test_an_outdated_try_is_not_started_after_the_later_one_either(
    backend: ContractBackend,
) -> None:
    newer, outdated = backend.waiting(key(try_number=2)), backend.waiting(key())
    await backend.runner.start(newer, first := claim("newer", of=newer.key))
    await backend.running(newer)
    await backend.let_go(newer)
    await backend.completions.outcome(first)
    await backend.released(newer.key)

    outcome = await backend.runner.start(outdated, claim("outdated"))

    assert outcome is not None
    assert outcome.reason is OutcomeReason.STOPPED
    assert backend.executions(outdated.key) == 0


@pytest.mark.parametrize("activation", [1, 2], ids=["same activation", "higher activation"])
async def test_a_run_that_is_started_anew_executes_its_tasks_anew(
    backend: ContractBackend, activation: int
) -> None:
    """Only one execution of a workflow is open: what the older one left running is stopped."""
    older = backend.waiting(key(execution="a", activation=activation))
    newer = backend.waiting(key(execution="b"))
    await backend.runner.start(older, claim("older", of=older.key))
    await backend.running(older)

    assert await backend.runner.start(newer, second := claim("newer")) is None
    await backend.running(newer)
    stopped = await backend.runner.stop(older.key, GRACE)
    await backend.let_go(newer)

    assert stopped is not None
    assert stopped.reason is OutcomeReason.STOPPED
    assert (await backend.completions.outcome(second)).succeeded
    assert (backend.executions(older.key), backend.executions(newer.key)) == (1, 1)


async def test_the_outcome_of_an_older_execution_is_not_adopted(backend: ContractBackend) -> None:
    older, newer = backend.waiting(key(execution="a")), backend.waiting(key(execution="b"))
    await backend.runner.start(older, first := claim("older"))
    await backend.running(older)
    await backend.let_go(older)
    await backend.completions.outcome(first)
    await backend.released(older.key)

    assert await backend.runner.start(newer, claim("newer")) is None

    await backend.running(newer)
    assert backend.executions(newer.key) == 1


async def test_a_start_for_an_older_execution_comes_too_late(backend: ContractBackend) -> None:
    """By its claim, whatever its activation: a worker may have been away for long."""
    outdated = backend.waiting(key(execution="a", activation=2))
    newer, stale = backend.waiting(key(execution="b")), claim("stale")
    await backend.runner.start(newer, second := claim("newer"))
    await backend.running(newer)

    outcome = await backend.runner.start(outdated, stale)

    assert outcome is not None
    assert outcome.reason is OutcomeReason.STOPPED
    await backend.let_go(newer)
    assert (await backend.completions.outcome(second)).succeeded
    assert (backend.executions(outdated.key), backend.executions(newer.key)) == (0, 1)


async def test_an_object_of_another_run_is_not_ours(backend: ContractBackend) -> None:
    theirs = backend.waiting(key(workflow_id="StoryRun/ns/web/other"))
    ours = backend.waiting(key(try_number=2))
    await backend.runner.start(theirs, first := claim("theirs", of=theirs.key))
    await backend.running(theirs)

    with pytest.raises(NotOursError, match="start ns/web-build: another run's is running"):
        await backend.runner.start(ours, claim("ours"))

    await backend.let_go(theirs)
    assert (await backend.completions.outcome(first)).succeeded
    assert not await backend.runner.exists(ours.key)


async def test_the_name_is_free_again_when_another_run_is_done_with_it(
    backend: ContractBackend,
) -> None:
    theirs, ours = (
        backend.waiting(key(workflow_id="StoryRun/ns/other/local")),
        backend.waiting(key(try_number=2)),
    )
    await backend.runner.start(theirs, first := claim("theirs", of=theirs.key))
    await backend.running(theirs)
    await backend.let_go(theirs)
    await backend.completions.outcome(first)

    assert await backend.runner.start(ours, claim("ours")) is None


async def test_forgetting_is_idempotent(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    await backend.runner.forget(build.key)
    await backend.runner.start(build, claim("first"))
    await backend.running(build)
    await backend.runner.stop(build.key, GRACE)

    await backend.runner.forget(build.key)
    await backend.runner.forget(build.key)

    await backend.released(build.key)
    assert await backend.runner.start(build, claim("again")) is not None


async def test_a_running_task_is_not_forgotten(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    await backend.runner.start(build, first := claim("first"))
    await backend.running(build)

    await backend.runner.forget(build.key)
    await backend.let_go(build)

    assert (await backend.completions.outcome(first)).succeeded


async def test_an_end_is_kept_until_the_claim_that_holds_is_told(backend: ContractBackend) -> None:
    """STALE says that another claim has taken over or will: the evidence must be there for it."""
    build = backend.waiting(key())
    backend.completions.answers = itertools.repeat(Answer.STALE)
    await backend.runner.start(build, earlier := claim("earlier"))
    await backend.running(build)
    await backend.let_go(build)
    await backend.completions.until(lambda: len(backend.completions.finished) > 0)

    outcome = await backend.runner.start(build, later := claim("later"))
    backend.completions.answers = iter(())
    await backend.resync()

    assert await backend.completions.outcome(later) == outcome
    assert backend.completions.finished[0].claim == earlier
    await backend.released(build.key)


async def test_an_end_that_nobody_awaits_is_released(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    backend.completions.answers = iter([Answer.GONE])

    await backend.runner.start(build, claim("first"))
    await backend.running(build)
    await backend.let_go(build)

    await backend.completions.until(lambda: len(backend.completions.finished) == 1)
    await backend.released(build.key)


async def test_an_end_is_reported_again_when_temporal_was_away(backend: ContractBackend) -> None:
    build = backend.waiting(key())
    backend.completions.answers = iter([TemporalUnavailableError("connection refused")])
    await backend.runner.start(build, first := claim("first"))
    await backend.running(build)
    await backend.let_go(build)
    await backend.completions.until(lambda: len(backend.completions.finished) > 0)

    await backend.resync()

    assert (await backend.completions.outcome(first)).succeeded
    await backend.released(build.key)
