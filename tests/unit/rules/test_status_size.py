"""How a status is kept to a size that a cluster takes."""

from datetime import timedelta

from runwright.models.bubustack import GateStatus, Phase, StepState, StoryRunStatus
from runwright.rules.bubustack.status.size import (
    LEAST_ROOM,
    MOST_OBJECT,
    MOST_STATUS,
    bounded,
    brief,
    fitted,
    room_beside,
    size_of_status,
)
from tests.unit.rules.states import NOW

LONG = "ü" * 2048


def long_status(steps: int, **fields: object) -> StoryRunStatus:
    """Return the status of a run with so many steps that failed one after the other."""
    states = {
        f"s{number}": StepState(
            phase=Phase.FAILED, message=LONG, finished_at=NOW + timedelta(seconds=number)
        )
        for number in range(steps)
    }
    failed = [{"name": name, "phase": "Failed", "message": LONG} for name in states]
    given = {"step_states": states, "error": {"type": "T", "message": "m", "failedSteps": failed}}
    return StoryRunStatus.model_validate({**given, **fields})


def test_a_status_that_fits_stays_as_it_is() -> None:
    status = long_status(3)

    assert bounded(status) is status


def test_the_newest_messages_are_kept() -> None:
    status = bounded(long_status(200))

    lengths = [len(step.message) for step in status.step_states.values()]
    assert size_of_status(status) <= MOST_STATUS
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1], set(lengths)) == (100, 2048, {100, 2048})


def test_a_failed_step_is_shortened_wherever_it_is_told() -> None:
    status = bounded(long_status(200))

    failed = (status.error or {})["failedSteps"]
    assert [len(one["message"]) for one in failed] == [
        len(step.message) for step in status.step_states.values()
    ]


def test_a_step_that_goes_on_is_the_last_to_be_shortened() -> None:
    status = long_status(3)
    goes_on = StepState(phase=Phase.PAUSED, message=LONG)
    gates = {"open": GateStatus(message=LONG)}
    status = status.model_copy(
        update={"step_states": {"open": goes_on, **status.step_states}, "gates": gates}
    )

    shorter = bounded(status, size_of_status(status) - 100)
    shortest = bounded(status, 3000)

    assert len(shorter.step_states["open"].message) == 2048
    assert len(shorter.step_states["s0"].message) == 100
    assert len(shortest.step_states["open"].message) == 100
    assert len(shortest.gates["open"].message) == 100


def test_an_output_goes_where_nothing_else_is_left_to_be_shortened() -> None:
    """The API server writes each of these characters in six bytes."""
    status = long_status(1, output={"page": "<" * (200 * 1024)}, message="Done.")

    shown = bounded(status)

    assert shown.output is None
    assert shown.message == "Done. The output is too large to be shown here."
    assert size_of_status(shown) <= MOST_STATUS


def test_inputs_leave_less_room_for_a_status() -> None:
    """Both are parts of one object."""
    inputs = {"page": "x" * 1024 * 1024}

    shown = fitted(long_status(1, output={"page": "y" * (500 * 1024)}), inputs)

    assert shown.output is None
    assert room_beside(inputs) < MOST_OBJECT - 1024 * 1024
    assert room_beside({}) == MOST_STATUS


def test_what_an_annotation_repeats_of_the_inputs_takes_room_too() -> None:
    """So it is after `kubectl apply`, which keeps a copy as long as an annotation may be."""
    copied, too_long = {"page": "x" * 250 * 1024}, {"page": "x" * 260 * 1024}

    assert room_beside(copied) < room_beside(too_long)


def test_the_names_of_many_fields_take_room_too() -> None:
    """The API server notes of each one who wrote it, in the same object."""
    flat = {"fields": ["x" * 10] * 40_000}
    named = {"fields": {f"{number:05}": "x" * 2 for number in range(40_000)}}

    assert room_beside(named) < room_beside(flat) - 100 * 1024


def test_a_status_is_given_some_room_in_any_case() -> None:
    assert room_beside({"page": "<" * 1024 * 1024}) == LEAST_ROOM


def test_a_brief_status_says_how_the_run_and_its_steps_ended() -> None:
    status = long_status(200, phase="Failed", output={"page": "long"}, message="It failed.")

    shown = brief(status)

    assert size_of_status(shown) < LEAST_ROOM * 2
    assert (shown.phase, shown.output) == (Phase.FAILED, None)
    assert {step.phase for step in shown.step_states.values()} == {Phase.FAILED}
    assert shown.message == "It failed. The output is too large to be shown here."
