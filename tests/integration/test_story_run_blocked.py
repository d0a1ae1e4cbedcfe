"""Steps whose Engram or template is not there when their turn comes, in a cluster in memory."""

from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from activities import catalog
from adapters.kubernetes.resources import ENGRAMS
from runwright.models.bubustack import Phase
from runwright.models.runs import CancelRun, PauseRun, ResumeRun
from runwright.models.story_run import StepReason
from runwright.rules.bubustack.resumption import resumed
from tests.integration.clusters import placed, placed_run
from tests.integration.missing import (
    CHECK,
    CHECK_AND_BUILD,
    blocked,
    checker,
    cluster_of,
    failed,
    image,
    look_again,
    looks,
    phase_of,
    told,
)
from tests.integration.runs import engram, gate
from workflows import policies


async def test_case_79_a_step_is_blocked_until_its_engram_comes(
    client: Client, task_queue: str
) -> None:
    """The others run; whoever looks at the run sees what is missing."""
    start = placed(CHECK_AND_BUILD)
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster) as run:
        waiting = await blocked(run)
        await run.until(lambda state: state.steps["build"].phase is Phase.SUCCEEDED)
        shown = await run.until_shown(lambda status: "test" in status.get("stepStates", {}))
        await cluster.create(checker())
        await look_again(run)
        state = await run.handle.result()

    assert waiting.phase is Phase.RUNNING
    assert waiting.steps["test"].reason is StepReason.REFERENCE_NOT_FOUND
    missing = 'there is no Engram "checker" in the namespace "default"'
    assert waiting.steps["test"].message == missing
    assert shown["stepStates"]["test"]["phase"] == "Blocked"
    assert shown["stepStates"]["test"]["message"].startswith(f"{missing}; it is waited for until")
    assert shown["message"] == f"Step test waits: {missing}."
    assert state.phase is Phase.SUCCEEDED
    assert state.steps["test"].deadline is None
    assert len(told(cluster)["StepBlocked"]) == 1


async def test_what_is_missing_now_is_told_and_none_is_started_before_all_is_there(
    client: Client, task_queue: str
) -> None:
    start = placed({"steps": [CHECK]})
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        await cluster.create(checker())
        await look_again(run)
        no_template = await run.until(
            lambda state: state.steps["test"].reason is StepReason.TEMPLATE_NOT_FOUND
        )
        await cluster.create(image())
        await look_again(run)
        state = await run.handle.result()

    message = 'there is no EngramTemplate "test-image", which Engram "checker" needs'
    assert no_template.steps["test"].message == message
    assert state.phase is Phase.SUCCEEDED
    causes = [one.reason for one in state.history.transitions if one.name == "test"]
    assert causes == ["ReferenceNotFound", "TemplateNotFound", None, None]


async def test_an_engram_that_is_mended_while_its_template_is_missing_counts_as_mended(
    client: Client, task_queue: str
) -> None:
    """The template that it named was a slip of the pen: nothing ran with it yet."""
    start = placed({"steps": [CHECK]})
    cluster = cluster_of(start, checker("tset-image"), image())

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        patch = {"spec": {"templateRef": {"name": "test-image"}}}
        await cluster.patch(ENGRAMS, ("default", "checker"), patch)
        await look_again(run)
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED


async def test_a_run_that_nobody_tells_looks_by_itself(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "LOOK_AGAIN", timedelta(milliseconds=20))
    start = placed(CHECK_AND_BUILD)
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        await cluster.create(checker())
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED


async def test_what_came_before_the_turn_of_its_step_blocks_nothing(
    client: Client, task_queue: str
) -> None:
    """It was missing when the run started, and nobody needed it until then."""
    start = placed({"steps": [gate("go"), {**CHECK, "needs": ["go"]}]})
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await run.until(lambda state: bool(state.pending_gates))
        await cluster.create(checker())
        await cluster.create(image())
        await run.handle.signal("decide_gate", {"gate": "go", "verdict": "approve"})
        state = await run.handle.result()
        asked = await looks(run)

    assert state.phase is Phase.SUCCEEDED
    assert asked == 1
    assert "StepBlocked" not in told(cluster)


async def test_a_run_that_has_all_of_it_never_looks(client: Client, task_queue: str) -> None:
    start = placed({"steps": [engram("build")]})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        await look_again(run)
        await run.handle.result()
        asked = await looks(run)

    assert asked == 0


async def test_a_step_whose_if_is_false_needs_no_engram(client: Client, task_queue: str) -> None:
    start = placed({"steps": [{**CHECK, "if": "{{ inputs.test }}"}]}, inputs={"test": False})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        state = await run.handle.result()
        asked = await looks(run)

    assert (state.steps["test"].phase, asked) == (Phase.SKIPPED, 0)


async def test_steps_that_lack_the_same_share_one_search(client: Client, task_queue: str) -> None:
    """Each on its own would fill the history of a wide run."""
    steps = [{**CHECK, "name": f"test-{number}"} for number in range(8)]
    start = placed({"steps": steps})
    cluster = cluster_of(start, image())
    names = [step["name"] for step in steps]

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run, *map(str, names))
        before = await looks(run)
        await cluster.create(checker())
        await look_again(run)
        state = await run.handle.result()
        after = await looks(run)

    assert state.phase is Phase.SUCCEEDED
    assert (before <= 2, after - before) == (True, 1)


async def test_what_is_too_much_for_one_answer_comes_in_several(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_ROOM", 1)
    others = [{"name": f"other-{number}", "ref": {"name": f"other-{number}"}} for number in (1, 2)]
    start = placed({"steps": [*others, CHECK]})
    cluster = cluster_of(start, checker("missing"))
    for other in others:
        await cluster.create(checker(name=str(other["name"])))

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run, "other-1", "other-2", "test")
        await cluster.create(image())
        await look_again(run)
        state = await run.until(lambda state: phase_of(state, "other-2") is Phase.SUCCEEDED)

    assert phase_of(state, "other-1") is Phase.SUCCEEDED
    assert state.steps["test"].reason is StepReason.TEMPLATE_NOT_FOUND


async def test_what_does_not_come_in_time_fails_its_step(client: Client, task_queue: str) -> None:
    spec = {"steps": [CHECK], "finally": [engram("tell")]}
    start = placed(spec, patience=timedelta(milliseconds=200))

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        state = await failed(run)

    step = state.steps["test"]
    assert (step.phase, step.reason) == (Phase.FAILED, StepReason.REFERENCE_NOT_FOUND)
    assert step.message == (
        'there is no Engram "checker" in the namespace "default", and was not there within 200ms'
    )
    assert state.steps["tell"].phase is Phase.SUCCEEDED
    assert state.reason == "DependencyFailed"


async def test_a_failure_that_its_story_allows_lets_the_others_go_on(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [{**CHECK, "allowFailure": True}, engram("build", "test")]}
    start = placed(spec, patience=timedelta(milliseconds=100))

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        state = await run.handle.result()

    assert state.allowed_failures == ("test",)
    assert state.steps["build"].phase is Phase.SUCCEEDED


async def test_a_blocked_run_can_be_cancelled(client: Client, task_queue: str) -> None:
    start = placed(CHECK_AND_BUILD)

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        await blocked(run)
        await run.handle.signal("cancel", CancelRun(by="ada"))
        state = await failed(run)
        shown = await run.shown()

    assert state.phase is Phase.FINISHED
    assert state.steps["test"].phase is Phase.CANCELED
    assert {one["type"] for one in shown["conditions"]} == {"Ready", "Progressing", "Degraded"}


async def test_the_time_of_the_story_runs_on_while_a_step_is_blocked(
    client: Client, task_queue: str
) -> None:
    start = placed({"steps": [CHECK], "policy": {"timeouts": {"story": "300ms"}}})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        state = await failed(run)

    assert (state.phase, state.steps["test"].phase) == (Phase.TIMEOUT, Phase.CANCELED)


async def test_a_stop_ends_a_step_that_is_blocked(client: Client, task_queue: str) -> None:
    stop = {"name": "stop", "type": "stop", "needs": ["go"], "with": {"phase": "Succeeded"}}
    start = placed({"steps": [CHECK, gate("go"), stop]})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        await blocked(run)
        await run.handle.signal("decide_gate", {"gate": "go", "verdict": "approve"})
        state = await run.handle.result()

    assert (state.phase, state.steps["test"].phase) == (Phase.SUCCEEDED, Phase.CANCELED)


async def test_what_comes_while_the_run_is_paused_starts_once_it_is_resumed(
    client: Client, task_queue: str
) -> None:
    start = placed({"steps": [CHECK]})
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        await run.handle.signal("pause", PauseRun(by="ada"))
        await cluster.create(checker())
        await look_again(run)
        held = await run.until(lambda state: state.steps["test"].phase is Phase.PENDING)
        started = list(run.tasks.started)
        await run.handle.signal("resume", ResumeRun(by="ada"))
        state = await run.handle.result()

    assert held.paused is not None
    assert started == []
    assert state.phase is Phase.SUCCEEDED


async def test_a_failure_elsewhere_ends_the_wait(client: Client, task_queue: str) -> None:
    """A step that is Blocked counts as not started: fail-fast skips it."""
    start = placed({"steps": [CHECK, gate("go")], "compensations": [engram("undo")]})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        await blocked(run)
        await run.handle.signal("decide_gate", {"gate": "go", "verdict": "reject"})
        state = await failed(run)

    step = state.steps["test"]
    assert (step.phase, step.reason) == (Phase.SKIPPED, StepReason.FAIL_FAST)
    assert state.phase is Phase.COMPENSATED


async def test_a_block_does_not_succeed_without_a_branch_that_waited_in_vain(
    client: Client, task_queue: str
) -> None:
    """A retry would take it for done."""
    block = {"name": "all", "type": "parallel", "with": {"steps": [CHECK, engram("lint")]}}
    start = placed({"steps": [block, gate("go")]})

    async with placed_run(client, task_queue, start, cluster_of(start)) as run:
        await blocked(run, "all/test")
        await run.handle.signal("decide_gate", {"gate": "go", "verdict": "reject"})
        state = await failed(run)

    assert state.steps["all/test"].phase is Phase.CANCELED
    assert state.steps["all"].phase is Phase.FAILED


async def test_a_branch_that_is_blocked_leaves_its_place_to_others(
    client: Client, task_queue: str
) -> None:
    """And takes one again before it runs, however many are free to go at once."""
    branches = [CHECK, engram("lint"), engram("build")]
    block = {"name": "all", "type": "parallel", "with": {"steps": branches, "concurrency": 1}}
    start = placed({"steps": [block]})
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        await run.until(lambda state: phase_of(state, "all/lint") is Phase.RUNNING)
        await blocked(run, "all/test")
        await cluster.create(checker())
        await look_again(run)
        queued = await run.until(lambda state: phase_of(state, "all/test") is not Phase.BLOCKED)
        for number in (1, 2, 3):
            task = await run.until_started(number)
            assert len(run.tasks.started) == number
            await run.tasks.end(task)
        state = await run.handle.result()

    assert queued.steps["all/test"].phase is Phase.SCHEDULING
    assert state.phase is Phase.SUCCEEDED


async def test_a_worker_that_has_forgotten_the_run_goes_on_with_what_was_found(
    client: Client, task_queue: str
) -> None:
    """What joined the snapshot is in no input: it is found again in the history."""
    start = placed({"steps": [CHECK, {**CHECK, "name": "again", "needs": ["test"]}]})
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster, cached=0) as run:
        await blocked(run)
        await cluster.create(checker())
        await look_again(run)
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED


async def test_a_retry_looks_again_for_what_did_not_come_in_time(
    client: Client, task_queue: str
) -> None:
    start = placed(CHECK_AND_BUILD, patience=timedelta(milliseconds=100))
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        before = await failed(run)
        await cluster.create(checker())
        await cluster.create(image())
        again = await client.start_workflow(
            "StoryRun",
            resumed(start, before),
            id=run.handle.id,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        await again.result()
        state = await run.state()

    assert (state.phase, state.activation) == (Phase.SUCCEEDED, 2)
    assert state.steps["test"].tries == 1


async def test_several_branches_may_want_the_same_place(client: Client, task_queue: str) -> None:
    """Each tells that it waits for one; they must not wake each other by that without end."""
    branches = [CHECK, {**CHECK, "name": "check"}, engram("lint")]
    block = {"name": "all", "type": "parallel", "with": {"steps": branches, "concurrency": 1}}
    start = placed({"steps": [block]})
    cluster = cluster_of(start, image())

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        await run.until(lambda state: phase_of(state, "all/lint") is Phase.RUNNING)
        await blocked(run, "all/test", "all/check")
        await cluster.create(checker())
        await look_again(run)
        await run.until(
            lambda state: all(
                phase_of(state, name) is Phase.SCHEDULING for name in ("all/test", "all/check")
            )
        )
        for number in (1, 2, 3):
            await run.tasks.end(await run.until_started(number))
        state = await run.handle.result()

    assert state.phase is Phase.SUCCEEDED
