"""Tries of one step: how many there are, what decides on the next, and what they share."""

import pytest
from temporalio.client import Client

from adapters.memory.tasks import MemoryTasks, exited, succeeded
from adapters.temporal.completions import TemporalCompletions
from runwright.client import RunwrightClient
from runwright.models.bubustack import Engram, EngramTemplate, ExitClass, Phase
from runwright.models.story_run import StepDefaults
from runwright.models.tasks import Backend, OutcomeReason, TaskOutcome
from runwright.worker import worker_of
from tests.integration.runs import NEVER, ended, engram, retries, start_of, started

LOST = TaskOutcome(succeeded=False, reason=OutcomeReason.LOST, message="its end is gone")
KILLED = exited(137)
BUSY = exited(1).model_copy(update={"exit_class": "rateLimited"})


async def test_case_40_an_unknown_end_uses_up_retries_like_any_other(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": [engram("a", execution=retries(1))]}

    state, tasks = await ended(client, task_queue, start_of(spec), {"a": LOST})

    assert tasks == ["a", "a"]
    assert (state.steps["a"].phase, state.steps["a"].tries) == (Phase.FAILED, 2)


async def test_case_73_each_try_is_judged_by_its_own_end(client: Client, task_queue: str) -> None:
    """Upstream keeps the class of the first, and would try on after a failure for good."""
    spec = {"steps": [engram("a", execution=retries(5))]}
    outcomes = {"a": [KILLED, BUSY, exited(2)]}

    state, tasks = await ended(client, task_queue, start_of(spec), outcomes)

    assert tasks == ["a", "a", "a"]
    assert state.steps["a"].exit_class is ExitClass.TERMINAL


@pytest.mark.parametrize("level", ["overrides", "executionPolicy", "template", "story"])
async def test_every_level_says_how_often_a_step_is_retried(
    client: Client, task_queue: str, level: str
) -> None:
    """The steps themselves and `stepRetryPolicy` are heeded upstream, too; these are not."""
    once = {"retry": {"maxRetries": 1, "delay": "10ms"}}
    advice = {"retry": {"recommendedMaxRetries": 1, "recommendedBaseDelay": "10ms"}}
    worker = {level: once} if level in {"overrides", "executionPolicy"} else {}
    start = start_of(
        {"steps": [engram("a")], "policy": {"execution": once} if level == "story" else {}},
        engrams=(worker_with(**worker),),
        templates=(image_with(execution=advice if level == "template" else None),),
    )

    state, tasks = await ended(client, task_queue, start, {"a": KILLED})

    assert tasks == ["a", "a"]
    assert state.steps["a"].max_tries == 2


async def test_a_timeout_of_the_engram_ends_its_steps(client: Client, task_queue: str) -> None:
    start = start_of(
        {"steps": [engram("slow", execution=NEVER)]},
        engrams=(worker_with(executionPolicy={"timeout": "100ms"}),),
    )

    async with started(client, task_queue, start, immediate=False) as going:
        state = await going.run.wait()

    assert state.steps["slow"].phase is Phase.TIMEOUT


async def test_case_46_a_key_is_the_same_for_all_tries_whatever_happens_between_them(
    client: Client, task_queue: str
) -> None:
    """What its template lacked at the first try may be there at the second."""
    template = "{{ steps.other.output.id }}"
    spec = {
        "steps": [
            engram("other"),
            engram("pay", execution=retries(1), idempotencyKeyTemplate=template),
        ]
    }
    start = start_of(spec)

    async with started(client, task_queue, start, immediate=False) as going:
        first = await going.until_running("pay", "other")
        await going.end("other", succeeded({"id": "7"}))
        await going.end("pay", KILLED)
        await going.until(lambda state: state.steps["pay"].tries == 2)
        await going.until_running("pay")
        await going.end("pay", succeeded())
        state = await going.run.wait()

    key = f"ns/default/storyrun/{start.name}/step/pay"
    assert first.steps["pay"].idempotency_key == key
    assert state.steps["pay"].idempotency_key == key
    assert state.steps["pay"].tries == 2


async def test_case_46_a_step_that_is_repeated_by_another_execution_keeps_its_key(
    client: Client, task_queue: str
) -> None:
    """Unless what the key is made of was changed: then it is other work."""
    pay = engram("pay", execution=NEVER, idempotencyKeyTemplate="{{ inputs.order }}-{{ uuidv4 }}")
    start = start_of({"steps": [pay]}, inputs={"order": "7"})

    async with started(client, task_queue, start, {"pay": KILLED}) as going:
        first = await going.run.wait()
        second = await (await going.run.retry()).wait()
        other = await (await going.run.retry(inputs={"order": "8"})).wait()

    keys = [state.steps["pay"].idempotency_key or "" for state in (first, second, other)]
    assert keys[0].startswith("7-")
    assert keys == [keys[0], keys[0], keys[0].replace("7-", "8-", 1)]


@pytest.mark.parametrize("own", [None, StepDefaults(max_retries=0)], ids=["no", "its own"])
async def test_a_run_has_the_defaults_of_whoever_starts_it_unless_it_has_its_own(
    client: Client, task_queue: str, own: StepDefaults | None
) -> None:
    start = start_of({"steps": [engram("a")]}, defaults=own)
    outcomes = {f"default/{start.name}-a": exited(2)}
    tasks = MemoryTasks(TemporalCompletions(client), outcomes, immediate=True)
    usual = StepDefaults(max_retries=7)

    async with worker_of(client, task_queue, {Backend.MEMORY: tasks}):
        run = await RunwrightClient(client, task_queue, defaults=usual).start(start)
        state = await run.wait()

    assert state.steps["a"].max_tries == (own or usual).max_retries + 1


async def test_a_step_that_no_task_does_has_no_key(client: Client, task_queue: str) -> None:
    spec = {"steps": [{"name": "both", "type": "condition"}, engram("off", **{"if": "false"})]}

    state, _ = await ended(client, task_queue, start_of(spec))

    assert {step.idempotency_key for step in state.steps.values()} == {None}


def worker_with(**fields: object) -> Engram:
    """Return the Engram `worker` with these fields."""
    spec = {"templateRef": {"name": "image"}, **fields}
    return Engram.model_validate({"metadata": {"name": "worker"}, "spec": spec})


def image_with(**fields: object) -> EngramTemplate:
    """Return its template with these fields."""
    spec = {"version": "1", "supportedModes": ["job"], **fields}
    return EngramTemplate.model_validate({"metadata": {"name": "image"}, "spec": spec})
