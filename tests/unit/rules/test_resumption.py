"""What a new execution of a run takes over from the one before."""

from datetime import timedelta

import pytest

from runwright.errors import InvalidManifestError, NotFoundError
from runwright.models.bubustack import Phase
from runwright.models.gates import Gate, GateOutcome
from runwright.models.history import History, Subject, Transition
from runwright.models.story_run import ResumeFrom, StartStoryRun, StepReason, StoryRunState
from runwright.models.tasks import Backend
from runwright.rules.bubustack.resumption import LONGEST_INPUT, begun_anew, next_input, resumed
from tests.unit.rules.states import NOW, changed, start_of, state_of
from tests.unit.rules.stories import condition, engram, story

STORY = story(
    engram("build"),
    {"name": "ask", "type": "gate", "needs": ["build"]},
    engram("deploy", needs=["ask"]),
    engram("check", **{"with": {"url": "{{ steps.deploy.output.url }}"}}),
    compensations=[condition("undo")],
    **{"finally": [condition("tell")]},
)
START = start_of(STORY, inputs={"to": "staging", "tag": "v1"})
HISTORY = History(
    transitions=(
        Transition(at=NOW, activation=1, subject=Subject.RUN, by="ada", message="x" * 200),
    )
    * 200
)


def over(**phases: Phase) -> StoryRunState:
    """Return a run that is over, with its steps in these phases."""
    state = changed(state_of(STORY, **phases), "build", output={"image": "app:7"}, activation=1)
    approved = Gate(name="ask", activation=1, outcome=GateOutcome.APPROVED)
    return state.model_copy(update={"finished_at": NOW, "gates": {"ask": approved}})


FAILED = over(
    build=Phase.SUCCEEDED,
    ask=Phase.SUCCEEDED,
    deploy=Phase.FAILED,
    check=Phase.SKIPPED,
    undo=Phase.SUCCEEDED,
    tell=Phase.SUCCEEDED,
)
SUCCEEDED = over(
    build=Phase.SUCCEEDED,
    ask=Phase.SUCCEEDED,
    deploy=Phase.SUCCEEDED,
    check=Phase.SUCCEEDED,
)


def resume_of(start: StartStoryRun) -> ResumeFrom:
    """Return what the execution takes over."""
    assert start.resume_from is not None
    return start.resume_from


def test_what_succeeded_is_kept_with_its_output_and_what_did_not_is_decided_anew() -> None:
    """Hooks belong to one execution: what mended the first failure does not mend the next."""
    resume = resume_of(resumed(START, FAILED))

    assert list(resume.kept) == ["build", "ask", "check"]
    assert resume.kept["build"].output == {"image": "app:7"}
    assert resume.kept["build"].reason is StepReason.KEPT
    assert resume.kept["build"].activation == 1


def test_a_run_that_was_stopped_is_stopped_again_or_does_the_rest() -> None:
    """The stop decides anew: kept, it would let everything run that it had kept from running."""
    stopping = story(condition("look"), {"name": "enough", "type": "stop"}, condition("rest"))
    state = state_of(
        stopping, look=Phase.SUCCEEDED, enough=Phase.SUCCEEDED, rest=Phase.SKIPPED
    ).model_copy(update={"finished_at": NOW, "phase": Phase.FAILED})
    state = changed(state, "rest", reason=StepReason.STOPPED)

    assert list(resume_of(resumed(start_of(stopping), state)).kept) == ["look"]


def test_a_wait_that_was_given_up_waits_again_although_it_may_fail() -> None:
    """What it waited for may come this time: another step failed to bring it."""
    waits = {"name": "wait", "type": "wait", "with": {"until": "no"}, "allowFailure": True}
    waiting = story(condition("look"), waits)
    state = state_of(waiting, look=Phase.SUCCEEDED, wait=Phase.FAILED).model_copy(
        update={"finished_at": NOW, "phase": Phase.FAILED}
    )
    state = changed(state, "wait", reason=StepReason.WAITS_IN_VAIN)

    assert list(resume_of(resumed(start_of(waiting), state)).kept) == ["look"]


def test_the_next_execution_has_the_next_number_and_knows_who_asked() -> None:
    start = resumed(START, FAILED.model_copy(update={"activation": 3}), by="ada")

    assert start.activation == 4
    assert resume_of(start).by == "ada"
    assert resume_of(start).step == ""


def test_from_a_step_all_that_depends_on_it_is_repeated_too() -> None:
    resume = resume_of(resumed(START, SUCCEEDED, step="deploy"))

    assert list(resume.kept) == ["build", "ask"]
    assert resume.step == "deploy"


def test_a_gate_is_kept_decided_with_its_step_and_asked_again_without() -> None:
    """Who approved what is not forgotten, and does not count for something else."""
    assert list(resume_of(resumed(START, FAILED)).gates) == ["ask"]
    assert resume_of(resumed(START, SUCCEEDED, step="build")).gates == {}


def test_inputs_are_changed_one_by_one() -> None:
    start = resumed(START, FAILED, inputs={"to": "production"})

    assert start.inputs == {"to": "production", "tag": "v1"}
    assert resume_of(start).changed_inputs == ("to",)
    assert START.inputs == {"to": "staging", "tag": "v1"}


def test_a_run_that_is_not_over_is_not_resumed() -> None:
    state = FAILED.model_copy(update={"finished_at": None})

    with pytest.raises(InvalidManifestError, match="run release-1 is not over yet"):
        resumed(START, state)


@pytest.mark.parametrize("step", ["nope", "undo", "tell"])
def test_only_a_main_step_can_be_started_from(step: str) -> None:
    with pytest.raises(
        NotFoundError,
        match=f"story release has no step {step} to retry from; it has build, ask, deploy, check",
    ):
        resumed(START, FAILED, step=step)


def test_a_step_that_the_earlier_execution_did_not_know_is_not_kept() -> None:
    old = FAILED.model_copy(update={"steps": {"build": FAILED.steps["build"]}})

    resume = resume_of(resumed(START, old))

    assert list(resume.kept) == ["build"]


def test_a_resumed_run_resumes_like_any_other() -> None:
    once = resumed(START, FAILED)
    state = SUCCEEDED.model_copy(update={"activation": 2, "finished_at": NOW + timedelta(hours=1)})

    again = resumed(once, state, step="check")

    assert again.activation == 3
    assert list(resume_of(again).kept) == ["build", "ask", "deploy"]


def test_a_run_of_a_cluster_goes_on_as_the_same_object_on_the_same_backend() -> None:
    """Its workflow keeps its id, and what it does is shown on the object that is there."""
    placed = {"uid": "7f3a", "generation": 2, "backend": Backend.KUBERNETES, "cluster": "prod"}

    again = resumed(START.model_copy(update=placed), FAILED, by="ada")

    assert again.model_dump(include=set(placed)) == placed
    assert (again.story, again.engrams) == (START.story, START.engrams)
    assert (again.has_resource, again.activation) == (True, 2)


def test_the_next_input_is_what_a_person_can_start_in_the_temporal_ui() -> None:
    told = next_input(START, FAILED)

    assert StartStoryRun.model_validate_json(told) == resumed(START, FAILED)


def test_the_history_of_a_run_goes_on_in_its_next_execution() -> None:
    state = FAILED.model_copy(update={"history": HISTORY})

    assert resume_of(resumed(START, state)).history == HISTORY


def test_a_long_history_is_shortened_in_what_a_person_has_to_copy() -> None:
    """The input would be left out else, and the Temporal UI could not go on with the run."""
    state = FAILED.model_copy(update={"history": HISTORY})

    told = next_input(START, state)

    assert len(told) <= LONGEST_INPUT
    shortened = resume_of(StartStoryRun.model_validate_json(told)).history
    assert shortened.transitions
    assert shortened.transitions == HISTORY.transitions[shortened.dropped :]


def test_an_input_that_is_too_long_all_the_same_is_told_without_a_history() -> None:
    large = START.model_copy(update={"inputs": {"text": "x" * LONGEST_INPUT}})
    state = FAILED.model_copy(update={"history": HISTORY})

    shortened = StartStoryRun.model_validate_json(next_input(large, state))

    assert resume_of(shortened).history == History(dropped=len(HISTORY.transitions))


def test_there_is_no_next_input_before_the_end_or_after_a_success() -> None:
    assert next_input(START, state_of(STORY)) == ""
    assert next_input(START, SUCCEEDED.model_copy(update={"phase": Phase.SUCCEEDED})) == ""


def test_changed_inputs_must_fit_the_schema_of_the_story() -> None:
    schema = {"properties": {"tag": {"type": "string"}}}
    spec = STORY.spec.model_copy(update={"inputs_schema": schema})
    strict = START.model_copy(update={"story": STORY.model_copy(update={"spec": spec})})

    with pytest.raises(InvalidManifestError, match=r"inputs\.tag: must be text, not 3"):
        resumed(strict, FAILED, inputs={"tag": 3})


def test_begun_anew_nothing_is_kept() -> None:
    once = resumed(START, FAILED)

    again = begun_anew(once, inputs={"tag": "v2"}, by="ada")

    assert resume_of(again) == ResumeFrom(
        activation=3, everything=True, by="ada", changed_inputs=("tag",)
    )
    assert again.inputs == {"to": "staging", "tag": "v2"}
