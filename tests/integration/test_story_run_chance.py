"""Random Stories with random outcomes, run for real: what holds for every run holds for them."""

from collections.abc import Iterator, Mapping, Sequence

from hypothesis import HealthCheck, given, settings
from temporalio.client import Client, WorkflowHistory

from adapters.memory.tasks import exited, succeeded
from runwright.models.bubustack import Phase, Step, Story
from runwright.models.history import History, Subject
from runwright.models.story_run import Section, StepProgress, StoryRunState
from runwright.models.tasks import TaskKey, TaskOutcome
from runwright.rules.bubustack.branches import branches_of, steps_of
from runwright.rules.bubustack.dag import Dag, failed_steps
from tests.histories.replaying import replayed
from tests.integration.runs import engram, is_in_order, start_of, started
from tests.unit.rules.cases import Case, cases

INPUTS = {"yes": True, "no": False}


def outcomes_of(case: Case) -> Mapping[str, list[TaskOutcome]]:
    """Return how the tasks of a case end, by the steps' names as tasks have them."""
    return {
        name.replace("/", "-"): [
            succeeded({"ok": True}) if code == 0 else exited(code) for code in codes
        ]
        for name, codes in case.scripts.items()
    }


async def run(
    client: Client, task_queue: str, case: Case
) -> tuple[StoryRunState, list[TaskKey], WorkflowHistory]:
    """Return the end of a run of the case, every task that it started, and what Temporal knows."""
    start = start_of({"steps": [engram("x")]}, story=case.story, inputs=INPUTS)
    async with started(client, task_queue, start, outcomes_of(case)) as going:
        state = await going.run.wait()
        handle = client.get_workflow_handle(going.run.workflow_id)
        return state, going.tasks.executed, await handle.fetch_history()


def told_of_steps(history: History) -> Iterator[tuple[int, str, Phase]]:
    """Yield where in the history which step came into which phase."""
    for place, one in enumerate(history.transitions):
        if one.subject is Subject.STEP and one.name and one.after:
            yield place, one.name, Phase(one.after)


def too_early(story: Story, history: History) -> Iterator[str]:
    """Yield the steps that began before one that they need was over."""
    over = {name: place for place, name, phase in told_of_steps(history) if phase.is_terminal}
    begun: dict[str, int] = {}
    for place, name, phase in told_of_steps(history):
        if phase is not Phase.SKIPPED:
            begun.setdefault(name, place)
    graph = Dag(story)
    for step in every_step(story):
        for need in graph.needs(step):
            if begun.get(step.name, len(history.transitions)) < over.get(need, -1):
                yield f"{step.name} before {need}"


def every_step(story: Story) -> Iterator[Step]:
    """Yield the steps of a Story and their branches."""
    for section in Section:
        for step in steps_of(story, section):
            yield from (step, *branches_of(step))


def backwards(history: History) -> Iterator[str]:
    """Yield the steps that went on after their end."""
    ended: set[str] = set()
    for _, name, phase in told_of_steps(history):
        if name in ended:
            yield name
        if phase.is_terminal:
            ended.add(name)


def tried_wrongly(keys: Sequence[TaskKey]) -> Iterator[str]:
    """Yield the tasks that were started twice, or whose tries are not counted from 1."""
    tries: dict[str, list[int]] = {}
    for key in keys:
        tries.setdefault(key.name, []).append(key.try_number)
    for name, numbers in tries.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{name}: {numbers}"


def stop_in(state: StoryRunState, section: Section) -> StepProgress | None:
    """Return a step that ended the others of that list."""
    found = (step for step in state.steps.values() if step.section is section)
    return next((step for step in found if step.message == f"Stopped by step {step.name}."), None)


def ran(state: StoryRunState, section: Section) -> list[str]:
    """Return the steps of a list that were begun."""
    listed = (step for step in state.listed_steps if step.section is section)
    return [step.name for step in listed if step.started_at]


def wrong_with_hooks(story: Story, state: StoryRunState) -> Iterator[str]:
    """Yield what is wrong with the hooks that ran, and with those that did not."""
    names = {section: [step.name for step in steps_of(story, section)] for section in Section}
    stop = stop_in(state, Section.MAIN)
    failed = bool(failed_steps(story, Section.MAIN, state.steps))
    mends = stop.phase in {Phase.FAILED, Phase.ABORTED} if stop else failed
    wanted = names[Section.COMPENSATIONS] if mends else []
    if ran(state, Section.COMPENSATIONS) != wanted and not stop_in(state, Section.COMPENSATIONS):
        yield f"compensations that ran: {ran(state, Section.COMPENSATIONS)}"
    left = {*names[Section.FINALLY]} - {*ran(state, Section.FINALLY)}
    if left and not stop_in(state, Section.FINALLY):
        yield f"finally steps that did not run: {left}"


def wrong_with_blocks(state: StoryRunState) -> Iterator[str]:
    """Yield the blocks that ended otherwise than their branches did."""
    ends: dict[Phase | None, bool] = {Phase.SUCCEEDED: False, Phase.FAILED: True}
    for step in state.listed_steps:
        branches = [one for one in state.steps.values() if one.block == step.name]
        failed = any(branch.failed for branch in branches)
        if branches and step.phase in ends and failed is not ends[step.phase]:
            yield f"{step.name} is {step.phase}"


@given(cases())
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_a_story_looks_like_its_run_ends_in_order_and_replays(
    client: Client, task_queue: str, case: Case
) -> None:
    """Each step once, after what it needs, and the hooks as the failures ask for them."""
    state, keys, history = await run(client, task_queue, case)

    assert [name for name, step in state.steps.items() if not step.is_over] == []
    assert state.phase.is_terminal
    assert is_in_order(state.history)
    assert state.history.transitions[-1].after == state.phase
    assert list(too_early(case.story, state.history)) == []
    assert list(backwards(state.history)) == []
    assert list(tried_wrongly(keys)) == []
    assert list(wrong_with_hooks(case.story, state)) == []
    assert list(wrong_with_blocks(state)) == []
    await replayed(history)
