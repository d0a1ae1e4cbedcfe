"""The observer of a state folder, where real processes are needed to see it work."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.local.logs import LocalLogs
from adapters.local.observer import LocalObserver
from adapters.local.watch import Pace
from adapters.memory.completions import MemoryCompletions
from runwright.errors import NotFoundError
from runwright.models.tasks import Claim, OutcomeReason, TaskOutcome
from runwright.ports import Answer
from tests.contract.backends import LocalBackend, claim, key, task

SECOND = timedelta(seconds=1)


@pytest.fixture
async def unobserved(tmp_path: Path) -> AsyncGenerator[LocalBackend]:
    """A state folder that nobody observes yet."""
    backend = LocalBackend(tmp_path)
    yield backend
    await backend.close()


async def test_what_ended_while_nobody_observed_is_reported(unobserved: LocalBackend) -> None:
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, first := claim("first"))
    await unobserved.let_go(build)
    await unobserved.runner.stop(build.key, SECOND)

    async with unobserved.observed():
        await unobserved.completions.outcome(first)


async def test_an_end_is_reported_at_once(unobserved: LocalBackend) -> None:
    """By the supervisor's announcement, not by the next look at all folders."""
    slow = LocalObserver(unobserved.runner, unobserved.completions, Pace(resync=timedelta(hours=1)))
    observing = asyncio.create_task(slow.run())
    build = unobserved.waiting(key())
    await unobserved.runner.start(build, first := claim("first"))
    await unobserved.running(build)

    await unobserved.let_go(build)

    async with asyncio.timeout(30):
        assert (await unobserved.completions.outcome(first)).succeeded
    observing.cancel()
    with suppress(asyncio.CancelledError):
        await observing


async def test_a_second_observer_waits_for_the_first_to_go(unobserved: LocalBackend) -> None:
    build, late = unobserved.waiting(key()), MemoryCompletions()
    pace = Pace(resync=SECOND / 20)
    second = LocalObserver(unobserved.runner, late, pace)
    async with unobserved.observed():
        await unobserved.runner.start(task(key("before")), before := claim("before"))
        await unobserved.completions.outcome(before)
        observing = asyncio.create_task(second.run())
        await unobserved.runner.start(build, first := claim("first"))
        await unobserved.running(build)
        assert not late.finished

    await unobserved.let_go(build)

    assert (await late.outcome(first)).succeeded
    observing.cancel()
    with suppress(asyncio.CancelledError):
        await observing


async def test_a_bad_folder_does_not_stop_the_others(
    unobserved: LocalBackend, caplog: pytest.LogCaptureFixture
) -> None:
    open_folder = unobserved.state / "tasks" / "open"
    digest = "0123456789abcdef"
    names = [f"{prefix}-{digest}.{digest}.{digest}.1.1" for prefix in ("aaa", "bbb")]
    (open_folder / names[0] / "end.json").mkdir(parents=True)
    (open_folder / names[1]).mkdir()
    (open_folder / names[1] / "end.json").write_text('{"reason": "Completed"}')
    (open_folder / "lost+found").mkdir()
    (open_folder / "a file").touch()

    with caplog.at_level(logging.WARNING):
        async with unobserved.observed():
            await unobserved.runner.start(task(key()), first := claim("first"))
            assert (await unobserved.completions.outcome(first)).succeeded

    for bad in ("aaa", "bbb"):
        assert any(getattr(record, "try", "").startswith(bad) for record in caplog.records)
    for name in names:
        (open_folder / name).rename(open_folder / f"put-aside-{name[:3]}")


async def test_what_a_killed_worker_had_half_made_is_removed_in_time(
    unobserved: LocalBackend,
) -> None:
    """Not at once: another worker may be making it just now."""
    unobserved.runner.folders.prepare()
    (old := unobserved.runner.folders.drafts / "old").mkdir()
    (new := unobserved.runner.folders.drafts / "new").mkdir()
    os.utime(old, (0, 0))

    async with unobserved.observed():
        await unobserved.runner.start(task(key()), first := claim("first"))
        await unobserved.completions.outcome(first)

    assert (old.exists(), new.exists()) == (False, True)


async def test_a_running_task_s_claim_is_kept_alive(unobserved: LocalBackend) -> None:
    pace = Pace(resync=SECOND / 20, beat=SECOND / 10)
    observer = LocalObserver(unobserved.runner, unobserved.completions, pace)
    observing = asyncio.create_task(observer.run())
    await unobserved.runner.start(unobserved.waiting(key()), first := claim("first"))

    await unobserved.completions.until(lambda: len(unobserved.completions.beats) >= 3)

    assert all(beat.claim == first for beat in unobserved.completions.beats)
    observing.cancel()
    with suppress(asyncio.CancelledError):
        await observing


async def test_the_beats_of_many_tasks_are_spread(unobserved: LocalBackend) -> None:
    """An outage of minutes must not bring all claims to their end at once."""
    observer = LocalObserver(unobserved.runner, unobserved.completions, Pace(resync=SECOND / 20))
    observing = asyncio.create_task(observer.run())
    await unobserved.runner.start(task(key("ended")), first := claim("first"))
    await unobserved.runner.start(unobserved.waiting(key()), claim("second"))
    await unobserved.completions.outcome(first)

    assert unobserved.completions.beats == []
    observing.cancel()
    with suppress(asyncio.CancelledError):
        await observing


async def test_a_log_is_followed_until_its_task_is_over(unobserved: LocalBackend) -> None:
    """Also while the folder moves, and also by one who comes later."""
    go, logs = unobserved.pipe("go"), LocalLogs(unobserved.state)
    build = task(key(), "/bin/sh", "-c", f"echo one; read _ <{go}; echo two >&2")

    async with unobserved.observed():
        await unobserved.runner.start(build, first := claim("first"))
        read = b""
        async for chunk in logs.follow(build.key):
            read += chunk
            if read == b"one\n":
                go.write_text("\n")
        await unobserved.completions.outcome(first)
        await unobserved.released(build.key)

    assert read == b"one\ntwo\n"
    assert b"".join([chunk async for chunk in logs.follow(build.key)]) == read


async def test_the_tries_of_a_run_can_be_listed(unobserved: LocalBackend) -> None:
    keys = [key("test"), key("build", try_number=2), key("build"), key("build", activation=2)]
    async with unobserved.observed():
        for each in (*keys[2:3], *keys[1:2], *keys[3:], *keys[:1]):
            await unobserved.runner.start(task(each), made := claim("c"))
            await unobserved.completions.outcome(made)
        await unobserved.runner.start(task(key("theirs", workflow_id="other")), claim("c"))

    tries = LocalLogs(unobserved.state).tries(keys[0].workflow_id)

    assert [found.key for found in tries] == [keys[2], keys[1], keys[0], keys[3]]
    assert all(found.is_over and found.log.exists() for found in tries)


async def test_the_tries_of_an_older_execution_are_listed_first(unobserved: LocalBackend) -> None:
    """Whatever their activation: what a person asks for is the last."""
    older, newer = key(execution="b", activation=2), key(execution="a")
    async with unobserved.observed():
        for each in (older, newer):
            await unobserved.runner.start(task(each), made := claim("c"))
            await unobserved.completions.outcome(made)

    tries = LocalLogs(unobserved.state).tries(older.workflow_id)

    assert [found.key for found in tries] == [older, newer]


async def test_a_log_of_no_try_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no log of ns/web-build, try 1"):
        await anext(LocalLogs(tmp_path).follow(key()))


class Choosy(MemoryCompletions):
    """Takes no outcome that has an output."""

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Refuse it, or keep the report."""
        if outcome.output:
            message = "cannot be serialized"
            raise ValueError(message)
        return await super().finish(claim, outcome)


async def test_a_success_that_cannot_be_reported_ends_as_an_invalid_output(
    unobserved: LocalBackend,
) -> None:
    """It would fail in the same way for ever, and the run would wait as long."""
    unobserved.completions = Choosy()
    build = task(key(), "/bin/sh", "-c", """echo '{"a": 1}' >"$RUNWRIGHT_OUTPUT" """)

    async with unobserved.observed():
        await unobserved.runner.start(build, first := claim("first"))
        outcome = await unobserved.completions.outcome(first)
        await unobserved.released(build.key)

    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.OUTPUT_INVALID)
    assert (outcome.exit_code, outcome.output) == (0, None)
    assert outcome.diagnosis is not None
