"""Runs of a parent's pipelines, in a cluster that is kept in memory."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from adapters.memory.kratix import MemoryPipelines
from adapters.memory.platform import MemoryPlatform
from adapters.memory.tasks import MemoryTasks, exited, succeeded
from adapters.temporal.completions import TemporalCompletions
from runwright.errors import ClusterUnavailableError, NotFoundError, RefusedError
from runwright.models.kratix import Collected, Compat, PipelineRun, Policy, Trigger
from runwright.models.kratix.keys import MANUAL_RECONCILIATION, TIMEOUT
from runwright.models.runs import CancelRun
from runwright.rules.kratix.works import packed
from tests.histories.stage import Scenario, Stage
from tests.integration.platforms import (
    BEYOND_ITS_QUOTA,
    DELETE,
    KeptTasks,
    PlacedPipelines,
    note,
    placed_pipelines,
    platform_of,
    ports_of,
    promise_platform_of,
    request_manifest,
    start_of,
    until_refused,
)
from tests.integration.runs import Outcomes
from tests.unit.rules.kratix.documents import pipeline_manifest, promise_manifest, workflows


def tasks_of(stage: Stage, outcomes: Outcomes | None = None) -> MemoryTasks:
    """Return tasks that are over when they start."""
    return MemoryTasks(TemporalCompletions(stage.client), outcomes, immediate=True)


class AwayAtFirst(MemoryPipelines):
    """What pods need and leave, in a cluster that answers each question the second time only."""

    def __init__(self, platform: MemoryPlatform) -> None:
        super().__init__(platform)
        self._asked: set[tuple[str, str]] = set()

    async def prepare(
        self, run: PipelineRun, selectors: Sequence[dict[str, str]], *, unless_recent: bool = False
    ) -> None:
        """Note that a pipeline was prepared."""
        self._refuse_at_first("prepare", run)
        await super().prepare(run, selectors, unless_recent=unless_recent)

    async def collect(
        self,
        run: PipelineRun,
        handed_over: dict[str, Any],
        selectors: Sequence[dict[str, str]] = (),
    ) -> Collected:
        """Return what a pipeline left."""
        self._refuse_at_first("collect", run)
        return await super().collect(run, handed_over, selectors)

    def _refuse_at_first(self, what: str, run: PipelineRun) -> None:
        question = (what, run.pipeline.name)
        if question not in self._asked:
            self._asked.add(question)
            message = f"{what} {run.pipeline.name}: the connection was lost"
            raise ClusterUnavailableError(message)


async def pipelines_in_order(stage: Stage) -> None:
    """A label asks for a run; what each pipeline leaves is kept; the labels go."""
    platform = platform_of("a", "b", uid=stage.name)
    platform.label(platform.parent("shop", "orders"), MANUAL_RECONCILIATION)
    start = await start_of(platform, trigger=Trigger.MANUAL, removes=(MANUAL_RECONCILIATION,))
    async with placed_pipelines(stage.client, stage.task_queue, platform, start) as run:
        await run.until_running("a")
        await run.leave("a", status="stage: one", files={"x.yaml": packed(b"{}")})
        await run.until_running("b")
        await run.end("b")
        await run.ended()


async def pipelines_of_a_promise(stage: Stage) -> None:
    """Its own workflow; the Jobs are over when they start."""
    platform = promise_platform_of("a", "b", uid=stage.name)
    tasks = tasks_of(stage)
    async with placed_pipelines(stage.client, stage.task_queue, platform, tasks=tasks) as run:
        await run.ended()


async def pipelines_ended_by_a_change(stage: Stage) -> None:
    """What runs finishes, and nothing of the old spec follows."""
    platform = platform_of("a", "b", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.until_running("a")
        platform.apply(request_manifest("large", uid=stage.name))
        await run.see()
        await run.end("a")
        await run.ended()


async def pipelines_failed(stage: Stage) -> None:
    """A Job that failed."""
    platform = platform_of("a", "b", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.until_running("a")
        await run.end("a", exited(1))
        await run.failed()


async def pipelines_suspended(stage: Stage) -> None:
    """A pipeline that wants to run again later."""
    platform = platform_of("a", "b", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.until_running("a")
        await run.leave("a", control="retryAfter: 10s\nmessage: not yet")
        await run.ended()


async def pipelines_with_output_that_cannot_be_read(stage: Stage) -> None:
    """A Job that succeeded, of a pipeline that did not."""
    platform = platform_of("a", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.until_running("a")
        await run.leave("a", control="retryAfter: 1d")
        await run.failed()


async def pipelines_timed_out(stage: Stage) -> None:
    """A Job that is stopped at its deadline."""
    slow = pipeline_manifest("a", annotations={TIMEOUT: "300ms"})
    platform = platform_of(slow, "b", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.failed()


async def pipelines_with_a_limit_that_cannot_be_read(stage: Stage) -> None:
    """No Job is made."""
    platform = platform_of(pipeline_manifest("a", annotations={TIMEOUT: "soon"}), uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.failed()


async def pipelines_stopped_to_begin_anew(stage: Stage) -> None:
    """A manual reconciliation by the older setting."""
    platform = platform_of("a", "b", uid=stage.name)
    start = await start_of(platform, policy=Policy(compat=Compat.AUGUST_2026))
    async with placed_pipelines(stage.client, stage.task_queue, platform, start) as run:
        await run.until_running("a")
        platform.label(run.parent, MANUAL_RECONCILIATION)
        await run.see()
        await run.ended()


async def end_all(run: PlacedPipelines, *pipelines: str) -> None:
    """End every Job that there is, until the run is over."""
    ended = asyncio.create_task(run.ended())
    while not ended.done():
        for pipeline in pipelines:
            with suppress(NotFoundError):
                await run.end(pipeline)
        await asyncio.sleep(0.05)
    await ended


async def pipelines_kept_by_a_quota(stage: Stage) -> None:
    """A Job that cannot be made for a while, which the run is told."""
    platform, tasks = platform_of("a", uid=stage.name), KeptTasks(stage.client)
    tasks.refusal = BEYOND_ITS_QUOTA
    async with placed_pipelines(stage.client, stage.task_queue, platform, tasks=tasks) as run:
        await until_refused(run, tasks)
        tasks.refusal = None
        await run.until_running("a")
        await note(run, None)
        await run.until(lambda state: state.diagnosis is None)
        await run.end("a")
        await run.ended()


async def pipelines_refused_while_another_spec_came(stage: Stage) -> None:
    """A Job that cannot be made for a while: the run waits for it, or makes way at once."""
    platform, tasks = platform_of("a", uid=stage.name), KeptTasks(stage.client)
    tasks.refusal = BEYOND_ITS_QUOTA
    async with placed_pipelines(stage.client, stage.task_queue, platform, tasks=tasks) as run:
        await until_refused(run, tasks)
        platform.apply(request_manifest("large"))
        await run.see()
        await run.state()
        tasks.refusal = None
        await end_all(run, "a")


async def pipelines_refused_that_made_way(stage: Stage) -> None:
    """The same, of a run that makes way at once."""
    await pipelines_refused_while_another_spec_came(stage)


async def pipelines_refused_after_the_first(stage: Stage) -> None:
    """The second Job of a run that begins anew cannot be made for a while; then all are ended."""
    platform = platform_of("a", "b", uid=stage.name)
    tasks = KeptTasks(stage.client)
    start = (await start_of(platform)).model_copy(update={"anew": True})
    async with placed_pipelines(stage.client, stage.task_queue, platform, start, tasks) as run:
        await run.until_running("a")
        tasks.refusal = BEYOND_ITS_QUOTA
        await run.end("a")
        await until_refused(run, tasks, "b")
        tasks.refusal = None
        await end_all(run, "a", "b")


async def pipelines_refused_that_kept_the_first(stage: Stage) -> None:
    """The same, of a run that keeps what ran."""
    await pipelines_refused_after_the_first(stage)


async def pipelines_refused_for_good(stage: Stage) -> None:
    """A Job that nobody will ever make."""
    platform = platform_of("a", uid=stage.name)
    tasks = KeptTasks(stage.client)
    tasks.refusal = RefusedError("create job shop/a: HTTP 422 Unprocessable Entity")
    async with placed_pipelines(stage.client, stage.task_queue, platform, tasks=tasks) as run:
        await run.failed()


async def pipelines_cancelled_by_signal(stage: Stage) -> None:
    """A person, or the entity, ends the run."""
    platform = platform_of("a", "b", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        await run.until_running("a")
        request = CancelRun(by="ada", reason="wrong size", grace=timedelta(0))
        await run.handle.signal("cancel", request)
        await run.cancelled()


async def pipelines_cancelled_in_temporal(stage: Stage) -> None:
    """A person presses the button in the Temporal UI, too late: the Job had succeeded."""
    platform = platform_of("a", uid=stage.name)
    async with placed_pipelines(stage.client, stage.task_queue, platform) as run:
        run.tasks.ends_while_stopped[run.job("a")] = succeeded()
        await run.until_running("a")
        await run.handle.cancel()
        await run.ended()


async def pipelines_before_a_deletion(stage: Stage) -> None:
    """The delete pipeline of a request."""
    platform = platform_of(uid=stage.name)
    platform.apply(promise_manifest(**workflows(pipeline_manifest("bye"), action="delete")))
    start = await start_of(platform, action=DELETE)
    async with placed_pipelines(stage.client, stage.task_queue, platform, start) as run:
        await run.until_running("bye")
        await run.end("bye")
        await run.ended()


async def pipelines_answered_at_once(stage: Stage) -> None:
    """The same as in order, asked within the tasks of the workflow."""
    await pipelines_in_order(stage)


async def pipelines_answered_at_length(stage: Stage) -> None:
    """The cluster is away for a moment: what it did not answer at once is asked by activities."""
    platform = platform_of("a", "b", uid=stage.name)
    ports = ports_of(platform)
    away = ports._replace(pipelines=AwayAtFirst(platform))
    async with placed_pipelines(stage.client, stage.task_queue, platform, ports=away) as run:
        await run.until_running("a")
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        await run.ended()


IDS: Final = {
    "pipelines-of-a-promise": (
        "kratix/database/promise/pipelines-of-a-promise/kratix-platform-system/configure/1"
    ),
    "pipelines-before-a-deletion": (
        "kratix/database/shop/orders/pipelines-before-a-deletion/shop/delete/1"
    ),
}
"""The ids of the runs that are not the first configure run of a request."""
SCENARIOS: Final[tuple[Scenario, ...]] = (
    pipelines_in_order,
    pipelines_of_a_promise,
    pipelines_ended_by_a_change,
    pipelines_failed,
    pipelines_suspended,
    pipelines_with_output_that_cannot_be_read,
    pipelines_timed_out,
    pipelines_with_a_limit_that_cannot_be_read,
    pipelines_stopped_to_begin_anew,
    pipelines_kept_by_a_quota,
    pipelines_refused_while_another_spec_came,
    pipelines_refused_that_made_way,
    pipelines_refused_after_the_first,
    pipelines_refused_that_kept_the_first,
    pipelines_refused_for_good,
    pipelines_cancelled_by_signal,
    pipelines_cancelled_in_temporal,
    pipelines_before_a_deletion,
    pipelines_answered_at_once,
    pipelines_answered_at_length,
)


def id_of(name: str) -> str | None:
    """Return the id of the workflow that a scenario leaves behind; None: it is none of these."""
    if not name.startswith("pipelines-"):
        return None
    return IDS.get(name, f"kratix/database/shop/orders/{name}/shop/configure/1")
