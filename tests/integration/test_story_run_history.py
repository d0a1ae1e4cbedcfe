"""The history of a run: every change in its order, with its cause and who did it."""

from typing import Any

from temporalio.client import Client

from adapters.memory.tasks import exited, succeeded
from runwright.client import Run
from runwright.models.gates import Identity
from runwright.models.history import History, Transition
from runwright.models.tasks import Diagnosis, TaskNote
from tests.integration.runs import (
    NEVER,
    Outcomes,
    StartedRun,
    engram,
    gate,
    is_in_order,
    retries,
    start_of,
    started,
)


def changes(history: History, activation: int = 1) -> list[tuple[str, ...]]:
    """Return of each transition what it is about, what changed, why, and who did it."""
    return [_told(one) for one in history.transitions if one.activation == activation]


def _told(one: Transition) -> tuple[str, ...]:
    change = f"{one.before or ''}>{one.after}" if one.after else ""
    return " ".join([one.subject, one.name or ""]).strip(), change, one.reason or "", one.by or ""


async def signalled(client: Client, run: Run, name: str, message: dict[str, Any]) -> None:
    """Send a run a message that it cannot answer."""
    await client.get_workflow_handle(run.workflow_id).signal(name, message)


async def _released_until_it_is_cancelled(client: Client, going: StartedRun) -> None:
    """Build with a retry, ask, refuse, pause and resume, approve, and cancel what deploys."""
    await going.until_running("build")
    await going.end("build", exited(137))
    await going.until(lambda _: going.started() == ["build", "build"])
    await going.end("build", succeeded())
    await going.until(lambda state: bool(state.pending_gates))
    decision = {"gate": "ask", "verdict": "approve", "by": "mallory"}
    await signalled(client, going.run, "decide_gate", decision)
    await going.until(lambda state: bool(state.refused_decisions))
    await going.run.pause(by="grace", comment="lunch")
    await going.run.pause(by="eve")
    await going.run.resume(by="grace")
    await going.run.resume(by="eve")
    await going.run.approve("ask", by="ada", comment="read it twice")
    await going.until_running("deploy")
    await going.run.cancel(by="ada", reason="wrong version")
    await going.run.wait()


async def test_everything_that_happened_to_a_run_is_told_in_its_order(
    client: Client, task_queue: str
) -> None:
    """Who asks for what is already so changes nothing, and is not told."""
    approval = {"users": ["ada"], "identity": "claimed"}
    spec = {
        "steps": [
            engram("build", execution=retries(1)),
            gate("ask", "build", approval=approval),
            engram("deploy", "ask"),
        ]
    }

    start = start_of(spec, author="linus")
    async with started(client, task_queue, start, immediate=False) as going:
        await _released_until_it_is_cancelled(client, going)
        await (again := await going.run.retry(by="grace")).cancel(by="grace")
        await again.wait()
        history = await again.history()

    assert changes(history) == [
        ("run", ">Running", "Started", "linus"),
        ("step build", ">Running", "", ""),
        ("step build", "Running>Pending", "RetryScheduled", ""),
        ("step build", "Pending>Running", "", ""),
        ("step build", "Running>Succeeded", "", ""),
        ("gate ask", ">Open", "", ""),
        ("step ask", ">Paused", "", ""),
        ("gate ask", "", "DecisionRefused", "mallory"),
        ("run", "", "Paused", "grace"),
        ("run", "", "Resumed", "grace"),
        ("gate ask", "Open>Approved", "Approve", "ada"),
        ("step ask", "Paused>Succeeded", "", ""),
        ("step deploy", ">Running", "", ""),
        ("run", "", "CancelRequested", "ada"),
        ("step deploy", "Running>Canceled", "Canceled", ""),
        ("run", "Running>Finished", "Canceled", ""),
    ]
    assert changes(history, 2)[0] == ("run", "Finished>Running", "Retried", "grace")
    assert changes(history, 2)[-1] == ("run", "Running>Finished", "Canceled", "")
    assert history.transitions[16].message == "execution 2, keeps build and ask"
    assert {one.identity for one in history.transitions if one.by} == {Identity.CLAIMED}
    assert is_in_order(history)


async def test_a_run_that_goes_on_has_the_history_of_all_its_executions(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a"), engram("b", "a", execution=NEVER)]}
    outcomes: Outcomes = {"b": [exited(1), exited(1), succeeded()]}

    async with started(client, task_queue, start_of(spec), outcomes) as going:
        first = (await going.run.wait()).history
        second = (await (await going.run.retry(by="ada")).wait()).history
        third = (await (await going.run.retry(step="a", by="bob")).wait()).history

    assert second.transitions[: len(first.transitions)] == first.transitions
    assert third.transitions[: len(second.transitions)] == second.transitions
    assert [one.by for one in third.transitions if one.reason == "Retried"] == ["ada", "bob"]
    assert third.transitions[-1].after == "Succeeded"
    assert third.dropped == 0
    assert is_in_order(third)


async def test_who_starts_the_next_execution_in_the_temporal_ui_has_the_history_too(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a", execution=NEVER)]}

    async with started(client, task_queue, start_of(spec), {"a": exited(1)}) as going:
        failed = await going.run.wait()
        handle = client.get_workflow_handle(going.run.workflow_id)
        metadata = await handle.query("__temporal_workflow_metadata")
        printed = metadata.current_details.split("```json\n")[1].split("\n```")[0]

    assert f'"history":{failed.history.model_dump_json(exclude_none=True)}' in printed


async def test_the_deadline_of_a_story_is_told_before_what_it_stops(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("slow")], "policy": {"timeouts": {"story": "300ms"}}}

    async with started(client, task_queue, start_of(spec), immediate=False) as going:
        history = (await going.run.wait()).history

    assert changes(history)[2:] == [
        ("run", "", "DeadlinePassed", ""),
        ("step slow", "Running>Canceled", "StoryTimedOut", ""),
        ("run", "Running>Timeout", "TimedOut", ""),
    ]


async def test_a_task_that_does_not_get_on_is_told_once_for_each_reason(
    client: Client, task_queue: str
) -> None:
    async with started(
        client, task_queue, start_of({"steps": [engram("a")]}), immediate=False
    ) as going:
        await going.until_running("a")
        (key,) = going.tasks.executed
        for diagnosis in (_pulling("busy"), _pulling("away"), None):
            note = TaskNote(key=key, diagnosis=diagnosis)
            await signalled(client, going.run, "note_task", note.model_dump(mode="json"))
        await going.end("a")
        history = (await going.run.wait()).history

    assert changes(history)[2:4] == [("step a", "", "Stalled", ""), ("step a", "", "GetsOn", "")]


def _pulling(detail: str) -> Diagnosis:
    return Diagnosis(category="image-pull", summary="the image cannot be pulled", detail=detail)


async def test_a_run_that_was_terminated_has_its_end_in_its_history(
    client: Client, task_queue: str
) -> None:
    """Nobody asked it: it is Temporal that knows the end."""
    async with started(client, task_queue, start_of({"steps": [gate("ask")]})) as going:
        await going.until(lambda state: bool(state.pending_gates))
        await client.get_workflow_handle(going.run.workflow_id).terminate("by hand")
        history = (await going.run.wait()).history

    assert changes(history)[-1] == ("run", "Running>Failed", "Terminated", "")
    assert is_in_order(history)
