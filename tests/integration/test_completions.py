"""Telling a real Temporal how tasks ended."""

import pytest
from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from adapters.temporal.completions import TemporalCompletions
from runwright.models.bubustack import Phase
from runwright.models.tasks import Backend, Claim, TaskKey
from runwright.ports import Answer
from tests.integration.runs import NEVER, engram, start_of, started

STEPS = {"steps": [engram("a", execution=NEVER)]}


def numbered(claim: Claim, number: int) -> Claim:
    """Return the claim with a number, as only one that was read has it."""
    return claim.model_copy(update={"activity_id": f"{claim.activity_id}{number}"})


async def test_a_claim_that_cannot_be_read_is_found_by_its_try(
    client: Client, task_queue: str
) -> None:
    """Whoever garbles the annotation of a Job must not make its run wait for hours."""
    completions = TemporalCompletions(client)

    async with started(client, task_queue, start_of(STEPS), immediate=False) as going:
        await going.until_running("a")
        unread = Claim.unread(going.tasks.executed[0])
        beat = await completions.beat(unread, "running")
        finished = await completions.finish(unread, succeeded({"found": 1}))
        state = await going.run.wait()

    assert (beat, finished) == (Answer.RECORDED, Answer.RECORDED)
    assert state.steps["a"].output == {"found": 1}


async def test_only_the_try_that_is_awaited_is_told(client: Client, task_queue: str) -> None:
    completions = TemporalCompletions(client)

    async with started(client, task_queue, start_of(STEPS), immediate=False) as going:
        await going.until_running("a")
        key = going.tasks.executed[0]
        later = Claim.unread(key.model_copy(update={"try_number": 2}))
        other = await completions.finish(later, exited(1))
        replaced = await completions.finish(numbered(Claim.unread(key), 7), exited(1))
        await going.end("a")
        state = await going.run.wait()

    assert (other, replaced) == (Answer.GONE, Answer.STALE)
    assert state.phase is Phase.SUCCEEDED


@pytest.mark.parametrize("number", [None, 1], ids=["unread", "read"])
async def test_a_run_that_was_ended_awaits_nothing(
    client: Client, task_queue: str, number: int | None
) -> None:
    completions = TemporalCompletions(client)

    async with started(client, task_queue, start_of(STEPS), immediate=False) as going:
        await going.until_running("a")
        claim = Claim.unread(going.tasks.executed[0])
        claim = claim if number is None else numbered(claim, number)
        await client.get_workflow_handle(claim.workflow_id).terminate()
        answers = await answers_of(completions, claim)

    assert answers == {Answer.GONE}


async def test_a_run_that_nobody_knows_may_still_await_its_tasks(client: Client) -> None:
    """Temporal may have lost its data, or the worker may ask another one."""
    key = TaskKey(
        backend=Backend.KUBERNETES,
        namespace="ns",
        name="web-build",
        workflow_id="storyrun/ns/web/no-such-run",
        activation=1,
        try_number=1,
    )
    unread = Claim.unread(key)
    elsewhere = Client(
        client.service_client, namespace="no-such-namespace", data_converter=client.data_converter
    )

    answers = await answers_of(TemporalCompletions(client), numbered(unread, 1))
    unread_answers = await answers_of(TemporalCompletions(client), unread)
    others = await answers_of(TemporalCompletions(elsewhere), numbered(unread, 1))

    assert answers == unread_answers == others == {Answer.UNKNOWN}


async def answers_of(completions: TemporalCompletions, claim: Claim) -> set[Answer]:
    """Return what is answered to an end and to a sign of life."""
    return {
        await completions.finish(claim, exited(1)),
        await completions.beat(claim, "running"),
    }
