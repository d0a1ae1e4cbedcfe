"""StoryRuns between two steps of their intake, and those that nobody took in."""

from typing import Any

from temporalio.client import WorkflowExecutionStatus

from adapters.kubernetes.resources import JOBS, STORY_RUNS
from adapters.temporal.launching import TemporalLauncher
from runwright.models.story_run import StartStoryRun
from tests.cluster.runs import Stage, condition, gate, phase_of, step

GATED = "gated"


async def marked(stage: Stage, name: str, **metadata: Any) -> None:
    """Change the metadata of a StoryRun as its admin would."""
    await stage.cluster.patch(STORY_RUNS, (stage.namespace, name), {"metadata": metadata})


async def test_a_run_whose_marker_was_not_written_is_found_again(stage: Stage) -> None:
    """Its worker died between the start and the marker; meanwhile the Story went, too."""
    await stage.story(GATED, gate("go"))
    async with stage.served():
        run = await stage.run("web-1", GATED)
        await stage.until("web-1", lambda one: "go" in (one.get("status") or {}).get("gates", {}))
    await marked(stage, "web-1", annotations={"runwright.dev/run-id": None})
    patch = {"status": {"phase": None}}
    await stage.cluster.patch(STORY_RUNS, (stage.namespace, "web-1"), patch, subresource="status")

    async with stage.served():
        await stage.until(
            "web-1",
            lambda one: "runwright.dev/run-id" in (one["metadata"].get("annotations") or {}),
        )
        await stage.approve("web-1", "go")
        closed = await stage.closed(run)

    assert closed is WorkflowExecutionStatus.COMPLETED


async def test_a_run_that_another_controller_began_is_left_alone(stage: Stage) -> None:
    """Whoever takes over from BubuStack's own controller has such runs."""
    await stage.engram("work")
    await stage.story("release", step("build"))
    await stage.run("web-1", "release")
    status = {
        "phase": "Running",
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "Running",
                "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    }
    name = stage.namespace, "web-1"
    await stage.cluster.patch(STORY_RUNS, name, {"status": status}, subresource="status")

    async with stage.served():
        run = await stage.until("web-1", lambda one: bool(condition(one, "HistoryLost")))

    assert condition(run, "HistoryLost")["reason"] == "NotStartedHere"
    assert phase_of(run) == "Running"
    assert await stage.all(JOBS) == []


async def test_a_run_whose_object_went_unseen_is_ended(stage: Stage) -> None:
    """Its finalizer was stripped while no worker was there to see it go."""
    await stage.story(GATED, gate("go"))
    async with stage.served():
        run = await stage.run("web-1", GATED)
        await stage.until("web-1", lambda one: "go" in (one.get("status") or {}).get("gates", {}))
    await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-1"))
    await marked(stage, "web-1", finalizers=None)
    await stage.until_gone("web-1")

    async with stage.served():
        closed = await stage.closed(run)

    assert closed is WorkflowExecutionStatus.CANCELED


async def test_a_story_run_that_goes_while_it_is_started_leaves_no_run(
    stage: Stage, monkeypatch: Any
) -> None:
    """The finalizer comes before the start, so it cannot go between the two."""
    await stage.story(GATED, gate("go"))
    start, seen = TemporalLauncher.start, []

    async def deleting(self: TemporalLauncher, asked: StartStoryRun) -> str:
        await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-1"))
        seen.append(await stage.story_run("web-1"))
        return await start(self, asked)

    monkeypatch.setattr(TemporalLauncher, "start", deleting)
    async with stage.served():
        run = await stage.run("web-1", GATED)
        await stage.until_gone("web-1")
        closed = await stage.closed(run)

    assert seen[0] is not None
    # Cancelled by the deletion, or refused because its object is going, whichever comes first.
    assert closed in {WorkflowExecutionStatus.CANCELED, WorkflowExecutionStatus.FAILED}


async def test_inputs_that_are_too_large_fail_the_run(stage: Stage) -> None:
    await stage.story(GATED, gate("go"))

    async with stage.served():
        await stage.run("web-1", GATED, inputs={"n": [1] * 600_000})
        run = await stage.until_phase("web-1", "Failed")

    assert condition(run, "Ready")["reason"] == "InputTooLarge"


async def test_a_start_that_temporal_refuses_is_said_on_the_object(stage: Stage) -> None:
    """Inputs, Story and Engrams that are too much for one message will be so the next time, too."""
    much = "x" * 800_000
    for name in ("one", "two"):
        metadata = {"name": name, "namespace": stage.namespace}
        spec = {"templateRef": {"name": f"{stage.namespace}-work"}, "with": {"text": much}}
        await stage.create("bubustack.io/v1alpha1", "Engram", metadata, spec)
    await stage.engram("work")
    await stage.story("release", step("a", "one"), step("b", "two"))

    async with stage.served():
        await stage.run("web-1", "release", inputs={"text": much})
        run = await stage.until_phase("web-1", "Failed")

    assert condition(run, "Ready")["reason"] == "SchedulingFailed"
    assert "limit" in condition(run, "Ready")["message"]


async def test_a_story_run_with_an_unreadable_status_still_goes(stage: Stage) -> None:
    """The API server takes moments that no program reads; the object must not hang for that."""
    await stage.story(GATED, gate("go"))
    async with stage.served():
        run = await stage.run("web-1", GATED)
        await stage.until("web-1", lambda one: "go" in (one.get("status") or {}).get("gates", {}))
        entry = {"go": {"state": "Pending", "updatedAt": "0000-01-01T00:00:00Z"}}
        name = stage.namespace, "web-1"
        await stage.cluster.patch(
            STORY_RUNS, name, {"status": {"gates": entry}}, subresource="status"
        )
        await stage.cluster.delete(STORY_RUNS, name)
        await stage.until_gone("web-1")
        closed = await stage.closed(run)

    assert closed is WorkflowExecutionStatus.CANCELED


async def test_edits_of_a_gates_message_are_not_each_a_message_to_the_run(stage: Stage) -> None:
    """Temporal takes 10,000 signals of a run, and whoever edits an object must not use them up.

    What the run has put right in between is heard again, so there may be a few.
    """
    await stage.story(GATED, gate("go", approval={"required": 2, "identity": "claimed"}))
    name = stage.namespace, "web-1"
    async with stage.served():
        run = await stage.run("web-1", GATED)
        await stage.until("web-1", lambda one: "go" in (one.get("status") or {}).get("gates", {}))
        for number in range(20):
            decision = {"state": "Approved", "updatedBy": "ada", "message": f"yes {number}"}
            patch = {"status": {"gates": {"go": decision}}}
            await stage.cluster.patch(STORY_RUNS, name, patch, subresource="status")
        await stage.approve("web-1", "go", by="grace")
        await stage.until_phase("web-1", "Succeeded")
        signals = await stage.signals(run)

    assert 2 <= signals <= 12
