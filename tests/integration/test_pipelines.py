"""Runs of a parent's pipelines: their order, what each leaves, and how a run ends."""

from temporalio.client import Client

from adapters.memory.tasks import MemoryTasks, exited, succeeded
from adapters.temporal.completions import TemporalCompletions
from runwright.models.kratix import Compat, Policy, Trigger, WorkflowAction
from runwright.models.kratix.keys import TIMEOUT
from runwright.models.tasks import OutcomeReason, TaskOutcome
from runwright.rules.kratix.works import packed
from tests.integration.platforms import (
    DELETE,
    phases,
    placed_pipelines,
    platform_of,
    promise_platform_of,
    request_manifest,
    start_of,
)
from tests.integration.runs import is_in_order
from tests.unit.rules.kratix.documents import pipeline_manifest, promise_manifest, workflows
from tests.unit.rules.kratix.states import told

LOST = TaskOutcome(succeeded=False, reason=OutcomeReason.LOST, message="its Job is gone")
SUCCESS = {"a": "Succeeded", "b": "Succeeded"}


async def test_k3_a_pipeline_starts_once_the_one_before_it_is_over(
    client: Client, task_queue: str
) -> None:
    """K3, and K2 for the first of them."""
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        first = await run.until_running("a")
        while not run.shown():
            first = await run.until_running("a")
        shown = run.shown()
        started = run.started()
        await run.end("a")
        second = await run.until_running("b")
        await run.end("b")
        left = await run.ended()

    assert started == ["a"]
    assert shown["message"] == "Pending"
    assert phases(first.state) == {"a": "Running", "b": "Pending"}
    assert phases(second.state) == {"a": "Succeeded", "b": "Running"}
    assert phases(left.state) == SUCCESS
    assert run.started() == ["a", "b"]
    assert told(left.state, "ConfigureWorkflowCompleted")[:2] == (
        "True",
        "PipelinesExecutedSuccessfully",
    )


async def test_a_parent_shows_the_end_of_its_run(client: Client, task_queue: str) -> None:
    platform = platform_of("a", "b")
    tasks = MemoryTasks(TemporalCompletions(client), immediate=True)

    async with placed_pipelines(client, task_queue, platform, tasks=tasks) as run:
        await run.ended()

    shown = run.shown()
    pipelines = shown["kratix"]["workflows"]["configure"]["pipelines"]
    assert [one["phase"] for one in pipelines] == ["Succeeded", "Succeeded"]
    assert (shown["workflows"], shown["workflowsSucceeded"], shown["workflowsFailed"]) == (2, 2, 0)
    assert shown["message"] == "Resource requested"
    assert "pipelines" not in shown["kratix"]["workflows"]


async def test_the_older_layout_is_flat(client: Client, task_queue: str) -> None:
    platform = platform_of("a")
    tasks = MemoryTasks(TemporalCompletions(client), immediate=True)
    start = await start_of(platform, policy=Policy(compat=Compat.AUGUST_2026))
    platform.show(start.plan.parent, {"kratix": {"workflows": {"configure": {"x": 1}}}})

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        await run.ended()

    (pipeline,) = run.shown()["kratix"]["workflows"]["pipelines"]
    assert pipeline["phase"] == "Succeeded"
    assert "configure" not in run.shown()["kratix"]["workflows"]


async def test_k7_what_a_pipeline_writes_is_shown_before_the_next_one_starts(
    client: Client, task_queue: str
) -> None:
    """K7, as far as the run has it in its hands: the next pod reads the object."""
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.leave("a", status="stage: one", files={"x.yaml": packed(b"{}")})
        await run.until_started("b")
        shown = run.shown()
        await run.end("b")
        left = await run.ended()

    assert shown["stage"] == "one"
    assert left.state.extra == {"stage": "one"}
    assert len(platform.works) == 2


async def test_k8_a_change_lets_what_runs_finish_and_starts_nothing_of_the_old_spec(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        platform.apply(request_manifest("large"))
        await run.see()
        still = await run.state()
        await run.leave("a", files={"x.yaml": packed(b"{}")})
        left = await run.ended()
        state = await run.state()

    assert still.current == "a"
    assert run.started() == ["a"]
    assert run.tasks.stopped == []
    assert len(platform.works) == 1
    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}
    assert left.seen.sight.generation == 2
    assert state.message == "it goes no further: a spec has changed"


async def test_a_change_that_is_taken_back_before_the_pipeline_ends_changes_nothing(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        platform.apply(request_manifest("large"))
        await run.see()
        platform.apply(request_manifest("small"))
        await run.see()
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        left = await run.ended()

    assert phases(left.state) == SUCCESS


async def test_what_was_seen_before_what_is_known_is_passed_over(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")
    old = platform.seen(platform.parent("shop", "orders"))
    platform.apply(request_manifest("large"))

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.handle.signal("see", old)
        await run.end("a")
        await run.until_running("b")
        await run.end("b")
        left = await run.ended()

    assert phases(left.state) == SUCCESS


async def test_k19_a_job_that_failed_ends_the_run(client: Client, task_queue: str) -> None:
    platform = platform_of("a", "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.end("a", exited(3))
        error, left = await run.failed()

    assert error.type == "Exited"
    assert error.message == "pipeline a failed: Exited: exit code 3"
    assert run.started() == ["a"]
    assert phases(left.state) == {"a": "Failed", "b": "Pending"}
    assert left.state.workflows_failed == 1
    assert told(left.state, "ConfigureWorkflowCompleted") == (
        "False",
        "ConfigureWorkflowFailed",
        "A Configure Pipeline has failed: a",
    )
    assert told(left.state, "Reconciled")[2] == "Failing"
    assert run.shown()["workflowsFailed"] == 1
    warnings = [one for one in platform.events if one.reason == "ConfigureWorkflowFailed"]
    assert [one.message for one in warnings] == [
        "A resource/configure Pipeline has failed: a (Exited: exit code 3)"
    ]


async def test_a_job_that_was_deleted_by_hand_is_lost_and_its_pipeline_failed(
    client: Client, task_queue: str
) -> None:
    """Upstream takes whatever Job is the newest then, and may repeat or skip pipelines."""
    platform = platform_of("a")

    async with placed_pipelines(client, task_queue, platform) as run:
        await run.until_running("a")
        await run.end("a", LOST)
        error, left = await run.failed()

    assert error.type == "Lost"
    assert left.state.configure.pipelines[0].message == "Lost: its Job is gone"


async def test_a_pipeline_that_takes_too_long_is_stopped_and_failed(
    client: Client, task_queue: str
) -> None:
    """Upstream lets it hang for ever, and with it every later change and the deletion."""
    platform = platform_of(pipeline_manifest("a", annotations={TIMEOUT: "300ms"}), "b")

    async with placed_pipelines(client, task_queue, platform) as run:
        error, left = await run.failed()

    assert error.type == "TimedOut"
    assert run.tasks.stopped == [run.job("a")]
    message = f"TimedOut: stopped at its deadline; it may take 300ms ({TIMEOUT})"
    assert left.state.configure.pipelines[0].message == message


async def test_a_pipeline_whose_limit_cannot_be_read_is_not_started(
    client: Client, task_queue: str
) -> None:
    """Without its limit it would run in a way that its author did not want."""
    platform = platform_of(pipeline_manifest("a", annotations={TIMEOUT: "soon"}))

    async with placed_pipelines(client, task_queue, platform) as run:
        error, left = await run.failed()

    assert error.type == "InvalidManifestError"
    assert run.started() == []
    assert '"soon" is not a duration' in left.state.configure.pipelines[0].message
    assert left.state.hash == left.seen.sight.hash, "else it would be started again at once"


async def test_a_promise_says_of_its_workflow_and_of_nothing_else(
    client: Client, task_queue: str
) -> None:
    platform = promise_platform_of("a")
    tasks = MemoryTasks(TemporalCompletions(client), immediate=True)
    platform.show(platform.parent(), {"status": "Unavailable", "requiredPromises": [{"name": "x"}]})

    async with placed_pipelines(client, task_queue, platform, tasks=tasks) as run:
        await run.ended()

    shown = run.shown()
    assert shown["message"] == "Promise configured"
    assert (shown["status"], shown["requiredPromises"]) == ("Unavailable", [{"name": "x"}])
    assert "promiseVersion" not in shown


async def test_a_delete_pipeline_puts_nothing_out_and_its_failure_is_told(
    client: Client, task_queue: str
) -> None:
    """K51, as far as one run goes."""
    manifest = promise_manifest(**workflows(pipeline_manifest("bye"), action="delete"))
    platform = platform_of()
    platform.apply(manifest)
    start = await start_of(platform, action=WorkflowAction.DELETE)

    async with placed_pipelines(client, task_queue, platform, start) as run:
        await run.until_running("bye")
        await run.end("bye", exited(1))
        error, left = await run.failed()

    assert error.type == "Exited"
    assert left.state.action is DELETE
    assert phases(left.state) == {"bye": "Failed"}
    assert told(left.state, "DeleteWorkflowCompleted")[:2] == ("False", "DeleteWorkflowFailed")
    assert [one.message for one in platform.events if one.reason == "Failed Pipeline"] == [
        "The Delete Pipeline has failed (Exited: exit code 1)"
    ]


async def test_a_run_of_one_pipeline_ends_with_it(client: Client, task_queue: str) -> None:
    """The others stay as they are, and the failure of that one counts no more."""
    platform = platform_of("a", "b")
    tasks = MemoryTasks(TemporalCompletions(client), immediate=True)
    start = await start_of(platform, until=0, by="ada", trigger=Trigger.MANUAL)

    async with placed_pipelines(client, task_queue, platform, start, tasks) as run:
        left = await run.ended()

    assert run.started() == ["a"]
    assert phases(left.state) == {"a": "Succeeded", "b": "Pending"}


async def test_a_run_tells_what_happened_in_it_why_and_how_long_it_took(
    client: Client, task_queue: str
) -> None:
    platform = platform_of("a", "b")
    outcome = succeeded({"control": "suspend: true\nmessage: ask Ada"})
    start = await start_of(platform, trigger=Trigger.MANUAL, by="grace", number=7)

    async with placed_pipelines(client, task_queue, platform, start) as run:
        await run.until_running("a")
        await run.end("a")
        await run.until_running("b")
        await run.end("b", outcome)
        left = await run.ended()

    moves = left.history.transitions
    assert is_in_order(left.history)
    assert [(one.name, one.after, one.reason) for one in moves] == [
        (None, "Running", "manual"),
        ("a", "Running", "manual"),
        ("a", "Succeeded", None),
        ("b", "Running", "next"),
        ("b", "Suspended", None),
        (None, "Suspended", None),
    ]
    assert {one.activation for one in moves} == {7}
    assert (moves[0].by, moves[0].message) == ("grace", "configure workflow: a and b")
    assert "took" in (moves[2].message or "")
    assert (moves[4].message or "").startswith("ask Ada; took")
