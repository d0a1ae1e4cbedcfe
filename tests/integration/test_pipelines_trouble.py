"""Runs of pipelines that something keeps, stops or interrupts; nothing of them is lost."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import pytest
from temporalio.client import Client

from adapters.memory.kratix import MemoryMirror, MemoryParents, MemoryPipelines
from adapters.memory.platform import MemoryPlatform
from adapters.memory.tasks import exited, succeeded
from runwright.errors import RefusedError
from runwright.models.kratix import (
    Collected,
    Compat,
    Parent,
    PipelineRun,
    Policy,
    Seen,
    StartPipelines,
    Trigger,
)
from runwright.models.kratix.keys import DELETE_WORKFLOWS, MANUAL_RECONCILIATION, PAUSED
from runwright.models.objects import StatusUpdate
from runwright.models.runs import CancelRun
from runwright.models.tasks import TaskNote
from tests.histories.replaying import replayed
from tests.integration.platforms import (
    BEYOND_ITS_QUOTA,
    QUOTA,
    KeptTasks,
    PlacedPipelines,
    begin,
    key_of,
    note,
    phases,
    placed_pipelines,
    platform_of,
    ports_of,
    request_manifest,
    served,
    start_of,
    until_refused,
)
from tests.unit.rules.kratix.states import complete

OLDER: Final = Policy(compat=Compat.AUGUST_2026)
SAID: Final = "the quota refuses its Job; raise the quota"


class Asked(NamedTuple):
    """A run that a label asked for, of a workflow that was complete."""

    platform: MemoryPlatform
    start: StartPipelines
    tasks: KeptTasks


async def asked(client: Client, **fields: Any) -> Asked:
    """Return a run that a manual reconciliation asked for."""
    platform = platform_of("a", "b")
    platform.label(platform.parent("shop", "orders"), MANUAL_RECONCILIATION)
    given = {"trigger": Trigger.MANUAL, "removes": (MANUAL_RECONCILIATION,), "number": 2}
    start = await start_of(platform, state=complete("a", "b"), **{**given, **fields})
    return Asked(platform, start, KeptTasks(client))


async def test_k58_a_job_that_is_refused_for_now_is_told_and_not_shown_as_running(
    client: Client, task_queue: str
) -> None:
    """Upstream shows it as running, forgets what asked for it, and goes on."""
    platform, start, tasks = await asked(client)
    tasks.refusal = BEYOND_ITS_QUOTA

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await until_refused(run, tasks)
        kept = await run.state()
        while "kratix" not in run.shown():
            await asyncio.sleep(0.01)
        shown, labels = run.shown(), run.labels()
        tasks.refusal = None
        running = await run.until_running("a")
        await note(run, None)
        gets_on = await run.until(lambda state: state.diagnosis is None)
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        left = await run.ended()

    assert phases(kept.state) == {"a": "Pending", "b": "Pending"}
    assert kept.state.configure.pipelines[0].message == SAID
    first, _ = shown["kratix"]["workflows"]["configure"]["pipelines"]
    assert (first["phase"], first["message"]) == ("Pending", SAID)
    assert labels == {MANUAL_RECONCILIATION: "true"}
    assert running.state.configure.pipelines[0].message == SAID
    stalled = [one.message for one in platform.events if one.reason == "PipelineStalled"]
    assert stalled == [f"Pipeline a does not get on: {SAID}"]
    assert gets_on.state.configure.pipelines[0].message == ""
    assert phases(left.state) == {"a": "Succeeded", "b": "Succeeded"}
    assert run.started() == ["a", "b"]


async def test_a_job_that_is_refused_for_good_fails_its_pipeline_and_has_heeded_its_label(
    client: Client, task_queue: str
) -> None:
    """It would be asked for again and again otherwise, and refused each time."""
    platform, start, tasks = await asked(client)
    tasks.refusal = RefusedError("create job shop/x: HTTP 422 Unprocessable Entity")

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        error, left = await run.failed()

    assert error.type == "Refused"
    assert phases(left.state) == {"a": "Failed", "b": "Pending"}
    assert "HTTP 422" in left.state.configure.pipelines[0].message
    assert left.state.configure.pipelines[0].job_name == ""
    assert run.labels() == {}
    assert left.seen.sight.labels == {}
    assert [one.after for one in left.history.transitions] == ["Running", "Failed", "Failed"]


async def test_what_a_pod_needs_and_may_not_have_fails_its_pipeline(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a")

    class Refusing(MemoryPipelines):
        async def prepare(
            self,
            run: PipelineRun,
            selectors: Sequence[dict[str, str]],
            *,
            unless_recent: bool = False,  # noqa: ARG002
        ) -> None:
            message = f"create role {run.pipeline.name} for {selectors}: HTTP 403 Forbidden"
            raise RefusedError(message)

    ports = ports_of(platform)._replace(pipelines=Refusing(platform))
    async with placed_pipelines(client, task_queue, platform, ports=ports) as run:
        error, left = await run.failed()

    said = "prepare its pod: create role a for (): HTTP 403 Forbidden"
    assert error.message == f"pipeline a failed: {said}"
    assert run.started() == []
    assert phases(left.state) == {"a": "Failed"}


async def test_what_a_pipeline_left_and_cannot_be_kept_fails_it(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")

    class Refusing(MemoryPipelines):
        async def collect(
            self,
            run: PipelineRun,
            handed_over: dict[str, Any],
            selectors: Sequence[dict[str, str]] = (),
        ) -> Collected:
            message = f"write work of {run.pipeline.name}: HTTP 413 {handed_over} {selectors}"
            raise RefusedError(message)

    ports = ports_of(platform)._replace(pipelines=Refusing(platform))
    async with placed_pipelines(client, task_queue, platform, ports=ports) as run:
        await run.until_running("a")
        await run.end("a")
        error, left = await run.failed()

    assert error.type == "Refused"
    assert phases(left.state) == {"a": "Failed", "b": "Pending"}


async def test_k7_a_pipeline_starts_once_its_parent_shows_what_the_one_before_it_left(
    client: Client, task_queue: str
) -> None:
    """Its pod reads the parent, and must find it there."""
    platform = platform_of("a", "b")
    tasks = KeptTasks(client)
    was_shown: list[bool] = []

    class Slow(MemoryMirror):
        async def show(self, update: StatusUpdate) -> None:
            if any("stage" in patch.status for patch in update.patches):
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await tasks.until_made(2)
                was_shown.append(len(tasks.started) == 1)
            await super().show(update)

    ports = ports_of(platform)._replace(mirror=Slow(platform))
    async with placed_pipelines(client, task_queue, platform, tasks=tasks, ports=ports) as run:
        await run.until_running("a")
        await run.leave("a", status="stage: one")
        await run.until_running("b")
        await run.end("b")
        await run.ended()

    assert was_shown == [True]


async def test_a_label_that_nobody_may_take_away_does_not_make_a_run_begin_again(
    client: Client, task_queue: str
) -> None:
    platform, start, tasks = await asked(client)

    class Refusing(MemoryParents):
        async def mark(
            self, parent: Parent, adds: Sequence[str], removes: Sequence[str]
        ) -> Seen | None:
            message = f"patch {parent.kind} {parent.name} {adds} {removes}: HTTP 403"
            raise RefusedError(message)

    ports = ports_of(platform)._replace(parents=Refusing(platform))
    async with placed_pipelines(client, task_queue, platform, start, tasks, ports) as run:
        await run.until_started("a")
        await run.end("a")
        await run.until_started("b")
        await run.end("b")
        left = await run.ended()

    assert run.started() == ["a", "b"]
    assert phases(left.state) == {"a": "Succeeded", "b": "Succeeded"}


async def test_k64_a_label_stays_until_its_job_is_made_whatever_becomes_of_the_worker(
    client: Client, task_queue: str
) -> None:
    """Upstream removes it first: a controller that dies then has forgotten the run."""
    platform, start, tasks = await asked(client)
    tasks.holds = True
    run = PlacedPipelines(client, start, platform, tasks)

    async with served(client, task_queue, platform, tasks):
        await begin(client, task_queue, run)
        await tasks.met.wait()
    between = run.labels()
    tasks.holds = False
    async with served(client, task_queue, platform, tasks):
        await run.until_running("a")
        after = run.labels()
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        left = await run.ended()
    await replayed(await run.handle.fetch_history())

    assert between == {MANUAL_RECONCILIATION: "true"}
    assert after == {}
    assert run.started() == ["a", "b"]
    assert phases(left.state) == {"a": "Succeeded", "b": "Succeeded"}


async def test_k12_the_older_setting_ends_a_job_for_a_manual_reconciliation(
    client: Client, task_queue: str
) -> None:
    """K12; the label stays for the run that begins anew."""
    platform, start, tasks = await asked(client, policy=OLDER)

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await run.until_running("a")
        still = run.tasks.stopped.copy()
        platform.label(run.parent, MANUAL_RECONCILIATION)
        await run.see()
        left = await run.ended()

    assert still == [], "the label that asked for the run does not end it"
    assert run.tasks.stopped == [run.job("a")]
    assert phases(left.state) == {"a": "Pending", "b": "Pending"}
    message = "stopped: a manual reconciliation begins anew"
    assert left.state.configure.pipelines[0].message == message
    assert left.seen.sight.is_on(MANUAL_RECONCILIATION)
    assert left.state.workflows_failed == 0


async def test_k12_a_job_that_ends_just_when_it_is_to_be_ended_counts(
    client: Client, task_queue: str
) -> None:
    platform, start, tasks = await asked(client, policy=OLDER)

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        tasks.ends_while_stopped[run.job("a")] = succeeded({"status": "stage: one"})
        await run.until_running("a")
        platform.label(run.parent, MANUAL_RECONCILIATION)
        await run.see()
        left = await run.ended()

    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}
    assert left.state.extra == {"stage": "one"}


async def test_k13_the_newer_setting_waits_for_it_and_then_begins_anew(
    client: Client, task_queue: str
) -> None:
    """K13: a label that is added again counts again."""
    platform, start, tasks = await asked(client)

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await run.until_running("a")
        platform.label(run.parent, MANUAL_RECONCILIATION)
        await run.see()
        await run.end("a")
        left = await run.ended()
        state = await run.state()

    assert tasks.stopped == []
    assert run.started() == ["a"]
    assert left.seen.sight.is_on(MANUAL_RECONCILIATION)
    assert state.message == "it goes no further: somebody wants all of it to run anew"


@pytest.mark.parametrize("why", ["paused", "deleted"])
async def test_nothing_starts_for_a_parent_that_is_paused_or_is_to_go(
    client: Client, task_queue: str, why: str
) -> None:
    """K49, as far as the run has it in its hands: what runs is let finish."""
    platform = platform_of("a", "b")
    orders = platform.parent("shop", "orders")
    platform.edit(orders, finalizers=[DELETE_WORKFLOWS])

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        if why == "paused":
            platform.label(orders, PAUSED)
        else:
            platform.delete(orders)
        await run.see()
        await run.end("a")
        left = await run.ended()

    assert run.started() == ["a"]
    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}
    assert left.seen.is_deleted is (why == "deleted")


async def test_what_is_said_of_another_job_is_not_shown(client: Client, task_queue: str) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        other = (await key_of(run, "a")).model_copy(update={"try_number": 2})
        await run.handle.signal("note_task", TaskNote(key=other, diagnosis=QUOTA))
        await run.end("a")
        await run.until_running("b")
        await note(run, QUOTA)
        await run.end("b")
        left = await run.ended()

    assert [one.message for one in left.state.configure.pipelines] == ["", ""]
    assert "Stalled" not in {one.reason for one in left.history.transitions}


async def test_a_change_and_a_failure_at_once_are_a_failure(
    client: Client, task_queue: str
) -> None:
    """The entity sees both, and starts anew with the change."""
    platform = platform_of("a")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        platform.apply(request_manifest("large"))
        await run.see()
        await run.end("a", exited(1))
        _, left = await run.failed()

    assert left.seen.sight.hash != left.state.hash


async def test_a_run_that_is_cancelled_before_its_job_is_made_makes_none(
    client: Client, task_queue: str
) -> None:
    """The label stays: nothing of what it asked for has happened."""
    platform, start, tasks = await asked(client)
    tasks.refusal = BEYOND_ITS_QUOTA

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await until_refused(run, tasks)
        await run.handle.signal("cancel", CancelRun())
        state = await run.cancelled()

    assert run.started() == []
    assert run.labels() == {MANUAL_RECONCILIATION: "true"}
    assert phases(state.state) == {"a": "Pending", "b": "Pending"}
    assert state.state.configure.pipelines[0].message == ""
