"""Parallel steps: their branches, what they see, and how a block ends."""

from typing import Any

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Phase
from runwright.models.gates import DecideGate, Verdict
from tests.integration.runs import NEVER, ended, engram, gate, start_of, started

FAILS = {"build-b": exited(1)}


def parallel(name: str, *branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a step with those branches; `fields` beside its steps."""
    return {"name": name, "type": "parallel", "with": {"steps": list(branches), **fields}}


def fails(name: str, **fields: Any) -> dict[str, Any]:
    """Return a branch that is not tried again."""
    return engram(name, execution=NEVER, **fields)


async def test_case_24_a_branch_that_fails_fails_its_block_once_all_are_over(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [parallel("build", engram("a"), fails("b")), engram("after", "build")]}

    state, tasks = await ended(client, task_queue, start_of(spec), FAILS)

    assert state.steps["build"].message == "Parallel branches failed: b"
    assert state.steps["build/a"].phase is Phase.SUCCEEDED
    assert (state.phase, state.message) == (
        Phase.FAILED,
        "Story completed with failed step: build.",
    )
    assert sorted(tasks) == ["build-a", "build-b"]


async def test_case_25_a_branch_may_fail_that_is_allowed_to(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [parallel("build", engram("a"), fails("b", allowFailure=True))]}

    state, _ = await ended(client, task_queue, start_of(spec), FAILS)

    assert state.steps["build"].message == "Parallel branches completed with allowed failures."
    assert (state.phase, state.allowed_failures) == (Phase.SUCCEEDED, ("build/b",))
    assert state.message == "Completed with allowed failures: build/b"


async def test_branches_start_in_the_order_of_their_needs_and_skip_what_a_failure_breaks(
    client: Client, task_queue: str
) -> None:
    """Upstream starts them all at once."""
    block = parallel(
        "build", fails("b"), engram("c", "b"), engram("e", "d"), engram("d"), engram("f")
    )

    state, tasks = await ended(client, task_queue, start_of({"steps": [block]}), FAILS)

    assert state.steps["build/c"].message == "Skipped due to failed dependency: build/b"
    assert state.steps["build"].phase is Phase.FAILED
    assert tasks.index("build-d") < tasks.index("build-e")


async def test_a_branch_is_skipped_where_its_if_says_no(client: Client, task_queue: str) -> None:
    block = parallel("build", engram("a"), engram("b", **{"if": "{{ eq inputs.os `mac` }}"}))

    state, tasks = await ended(
        client, task_queue, start_of({"steps": [block]}, inputs={"os": "linux"})
    )

    assert state.steps["build/b"].phase is Phase.SKIPPED
    assert (state.phase, tasks) == (Phase.SUCCEEDED, ["build-a"])


async def test_no_more_branches_run_at_once_than_the_step_allows(
    client: Client, task_queue: str
) -> None:
    block = parallel("build", *(engram(name) for name in "abcd"), concurrency=2)

    async with started(client, task_queue, start_of({"steps": [block]}), immediate=False) as going:
        await going.until(lambda state: "build/d" in state.steps)
        await going.until_running("build/a", "build/b")
        before = going.started()
        await going.end("build/a")
        await going.until_running("build/c")
        between = await going.run.state()
        for name in ("b", "c"):
            await going.end(f"build/{name}")
        await going.until_running("build/d")
        await going.end("build/d")
        state = await going.run.wait()

    assert sorted(before) == ["build-a", "build-b"]
    assert between.steps["build/d"].phase is None
    assert state.phase is Phase.SUCCEEDED


async def test_branches_see_each_other_and_others_see_them_through_their_block(
    client: Client, task_queue: str
) -> None:
    """Upstream shows a branch to the output of the run alone."""
    spec = {
        "steps": [
            engram("fetch"),
            parallel(
                "build",
                engram("a", **{"with": {"of": "{{ steps.fetch.output.tag }}"}}),
                engram("b", **{"with": {"of": "{{ steps.a.output.url }}"}}),
            ),
            engram("use", **{"with": {"urls": "{{ steps.build.output }}"}}),
        ],
        "output": {"a": "{{ steps.a.output.url }}", "all": "{{ steps.build.output }}"},
    }
    outcomes = {
        "fetch": succeeded({"tag": "v1"}),
        "build-a": succeeded({"url": "x"}),
        "build-b": succeeded({"url": "y"}),
    }

    async with started(client, task_queue, start_of(spec), outcomes) as going:
        state = await going.run.wait()

    assert going.started() == ["fetch", "build-a", "build-b", "use"]
    assert state.output == {"a": "x", "all": {"a": {"url": "x"}, "b": {"url": "y"}}}


async def test_a_gate_may_be_a_branch(client: Client, task_queue: str) -> None:
    spec = {"steps": [parallel("ship", engram("a"), gate("sure"), engram("b", "sure"))]}

    async with started(client, task_queue, start_of(spec)) as going:
        waiting = await going.until(lambda state: state.pending_gates == ("ship/sure",))
        await going.run.decide(DecideGate(gate="ship/sure", verdict=Verdict.APPROVE, by="ada"))
        state = await going.run.wait()

    assert waiting.steps["ship"].phase is Phase.RUNNING
    assert state.gates["ship/sure"].decisions[0].by == "ada"
    assert (state.phase, going.started()) == (Phase.SUCCEEDED, ["ship-a", "ship-b"])


async def test_a_cancelled_run_stops_its_branches(client: Client, task_queue: str) -> None:
    spec = {"steps": [parallel("build", engram("a"), engram("b", "a"))]}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        await going.until(lambda state: "build/a" in state.steps)
        await going.until_running("build/a")
        await going.run.cancel()
        state = await going.run.wait()

    assert state.phase is Phase.FINISHED
    assert [state.steps[name].phase for name in ("build", "build/a", "build/b")] == [
        Phase.CANCELED,
        Phase.CANCELED,
        Phase.SKIPPED,
    ]
    assert len(going.tasks.stopped) == 1


async def test_a_retry_repeats_the_branches_that_did_not_succeed(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [parallel("build", engram("a"), fails("b"))]}

    async with started(
        client, task_queue, start_of(spec), {"build-b": (exited(1), succeeded())}
    ) as going:
        await going.run.wait()
        again = await going.run.retry()
        state = await again.wait()

    assert state.phase is Phase.SUCCEEDED
    assert sorted(going.started()) == ["build-a", "build-b", "build-b"]


@pytest.mark.parametrize("bound", [0, "many"])
async def test_a_bound_that_is_no_number_fails_the_step(
    client: Client, task_queue: str, bound: object
) -> None:
    block = parallel("build", engram("a"), concurrency="{{ inputs.most }}")

    state, tasks = await ended(
        client, task_queue, start_of({"steps": [block]}, inputs={"most": bound})
    )

    assert "with.concurrency" in state.steps["build"].message
    assert (state.steps["build"].phase, tasks) == (Phase.FAILED, [])
