"""Stories and inputs that mean harm, past all admission: their runs end, and say why."""

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.client import Client

from runwright.models.bubustack import Phase, StepType, Story
from runwright.models.story_run import StartStoryRun, StepReason, StoryRunState
from runwright.rules.bubustack.admission.arguments import KNOWN_ARGUMENTS
from runwright.rules.templates.execution.allowance import MOST_STEPS
from tests.integration.pondering import Efforts, failures_in
from tests.integration.runs import NEVER, engram, start_of, started
from workflows.effort import MOST_EFFORT

HARD: Final = "{{ range 1000000 }}{{ $x := indent 1000000 `a` }}{{ end }}"
"""Takes as many steps as there are, if not as long as they can."""
HARD_LATER: Final = f"{{{{ $now := now }}}}{HARD}"
"""The same, but that it ends at once where there is no time: a wait tries without, first."""
MANY: Final = 12
"""So many of them together count for more than a workflow task may."""
LITTLE: Final = 1_000
"""Steps of what else a workflow task does."""
EXPRESSION: Final = (Phase.FAILED, StepReason.EXPRESSION_FAILED)


def steps(**fields: Any) -> list[dict[str, Any]]:
    """Return that many steps with these fields."""
    return [{"name": f"s{number}", **fields} for number in range(MANY)]


def work(**fields: Any) -> list[dict[str, Any]]:
    """Return that many steps that an Engram does."""
    return [engram(f"s{number}", execution=NEVER, **fields) for number in range(MANY)]


def inner(**spec: Any) -> Story:
    """Return a Story for others to execute."""
    nothing = {"name": "nothing", "type": "condition"}
    return Story.model_validate(
        {"metadata": {"name": "inner"}, "spec": {"steps": [nothing], **spec}}
    )


async def ended(
    client: Client, task_queue: str, start: StartStoryRun
) -> tuple[StoryRunState, list[str]]:
    """Return the end of a run, and what failed of its code on the way: it stood still then."""
    async with started(client, task_queue, start) as going:
        state = await going.run.wait()
        history = await client.get_workflow_handle(going.run.workflow_id).fetch_history()
    return state, failures_in(history.events)


@pytest.mark.parametrize(
    ("listed", "end"),
    [
        pytest.param(work(**{"with": {"x": ["y", HARD]}}), EXPRESSION, id="with"),
        pytest.param(work(**{"if": HARD}), EXPRESSION, id="if"),
        pytest.param(work(postExecution={"condition": HARD}), EXPRESSION, id="postExecution"),
        pytest.param(
            work(idempotencyKeyTemplate=HARD), (Phase.SUCCEEDED, None), id="idempotencyKeyTemplate"
        ),
        pytest.param(
            steps(type="gate", **{"with": {"timeout": HARD}}), EXPRESSION, id="with of a primitive"
        ),
        pytest.param(
            steps(type="wait", **{"with": {"until": HARD_LATER, "timeout": "10ms"}})[:4],
            (Phase.TIMEOUT, StepReason.TIMED_OUT),
            id="until",
        ),
        pytest.param(
            steps(type="executeStory", **{"with": {"storyRef": {"name": "inner"}}}),
            EXPRESSION,
            id="policy.with",
        ),
    ],
)
async def test_templates_that_take_long_hold_nothing_up_wherever_they_stand(
    client: Client,
    task_queue: str,
    efforts: Efforts,
    listed: list[dict[str, Any]],
    end: tuple[Phase, StepReason],
) -> None:
    """Temporal would take the run for stuck, and try the same again for ever."""
    start = start_of({"steps": listed}, stories=(inner(policy={"with": {"x": HARD}}),))

    state, failures = await ended(client, task_queue, start)

    assert failures == []
    assert max(efforts.taken) < MOST_EFFORT + MOST_STEPS + LITTLE
    assert {(step.phase, step.reason) for step in state.steps.values()} == {end}
    if end is EXPRESSION:
        message = f"the evaluation takes more than {MOST_STEPS} steps (column "
        assert all(message in step.message for step in state.steps.values())


async def test_an_output_that_takes_too_long_fails_the_run(client: Client, task_queue: str) -> None:
    start = start_of({"steps": [engram("a")], "output": {"x": {"y": HARD}}})

    state, failures = await ended(client, task_queue, start)

    assert failures == []
    assert (state.phase, state.reason) == (Phase.FAILED, "OutputResolutionFailed")
    assert f"x.y: the evaluation takes more than {MOST_STEPS} steps (column " in state.message


async def test_an_output_that_comes_to_no_object_fails_the_run(
    client: Client, task_queue: str
) -> None:
    """Nobody could read the state of such a run."""
    output = {"$bubuTemplate": "{{ inputs.x }}"}
    start = start_of({"steps": [engram("a")], "output": output}, inputs={"x": ["not", "one"]})

    state, failures = await ended(client, task_queue, start)

    assert failures == []
    assert (state.phase, state.output) == (Phase.FAILED, None)
    assert state.message.endswith("output: its template comes to a list, not to an object")


@pytest.mark.parametrize("size", [1024 * 1024, 1024 * 1024 - 64], ids=["too much", "as it may be"])
async def test_a_mebibyte_of_input_is_refused_or_carried(
    client: Client, task_queue: str, size: int
) -> None:
    spec = {"steps": work(**{"with": {"short": "{{ trunc 3 inputs.x }}"}})}

    state, failures = await ended(client, task_queue, start_of(spec, inputs={"x": "y" * size}))

    assert failures == []
    if size == 1024 * 1024:
        assert (state.phase, state.reason) == (Phase.FAILED, "InputTooLarge")
    else:
        assert state.phase is Phase.SUCCEEDED


async def test_a_mebibyte_of_input_that_a_step_takes_whole_fails_the_step(
    client: Client, task_queue: str
) -> None:
    spec = {"steps": work(**{"with": {"all": "{{ inputs.x }}"}})}

    state, failures = await ended(client, task_queue, start_of(spec, inputs={"x": "y" * 1_000_000}))

    assert failures == []
    assert {(step.phase, step.reason) for step in state.steps.values()} == {EXPRESSION}
    assert "a step takes 262144" in state.steps["s0"].message


WORDS: Final = [
    "",
    "fail",
    "skip",
    "1ms",
    "0s",
    "-1s",
    "2562047h47m16s",
    "1e9h",
    "Failed",
    "Running",
]
VALUES: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(WORDS),
    lambda deeper: (
        st.lists(deeper, max_size=2) | st.dictionaries(st.text(max_size=3), deeper, max_size=2)
    ),
    max_leaves=4,
)


def from_inputs(kind: StepType) -> dict[str, Any]:
    """Return a step of that kind whose every argument is what an input of its name comes to."""
    given: dict[str, Any] = {name: f"{{{{ inputs.{name} }}}}" for name in KNOWN_ARGUMENTS[kind]}
    if kind is StepType.EXECUTE_STORY:
        given |= {"storyRef": {"name": "inner"}, "with": {"$bubuTemplate": "{{ inputs.with }}"}}
        del given["waitForCompletion"]
    given |= {"steps": [{"name": "b", "type": "condition"}]} if kind is StepType.PARALLEL else {}
    given.pop("approval", None)
    return {"name": f"{kind.lower()}", "type": kind, "with": given, "allowFailure": True}


NAMES: Final = sorted({name for names in KNOWN_ARGUMENTS.values() for name in names})


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_an_argument_may_come_to_anything_and_its_run_ends(
    client: Client, task_queue: str, inputs: dict[str, Any]
) -> None:
    """An exception that no step expects would hold the run up for ever."""
    whole = {"name": "whole", "type": "sleep", "with": {"$bubuTemplate": "{{ inputs.with }}"}}
    spec = {
        "steps": [*map(from_inputs, [k for k in StepType if k is not StepType.STOP]), whole],
        "finally": [from_inputs(StepType.STOP)],
        "policy": {"timeouts": {"story": "300ms"}},
    }

    state, failures = await ended(
        client, task_queue, start_of(spec, inputs=inputs, stories=(inner(),))
    )

    assert failures == []
    assert all(step.is_over for step in state.steps.values())
