"""What primitives read from their arguments."""

from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from runwright.errors import TemplateError
from runwright.models.bubustack import Phase
from runwright.rules import templates
from runwright.rules.bubustack.primitives import (
    Look,
    Stop,
    Timing,
    concurrency_of,
    look,
    sleep_duration,
    stop_of,
    timing_of,
)
from tests.unit.rules.states import NOW

DICE: Final = Random(0)  # noqa: S311 - what is drawn is of no matter
SCOPE: Final = templates.step_scope({"ok": True}, {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Timing()),
        ({"timeout": "1h"}, Timing(timeout=timedelta(hours=1))),
        ({"timeout": "", "onTimeout": ""}, Timing()),
        ({"timeout": None, "onTimeout": None}, Timing()),
        ({"onTimeout": "fail"}, Timing()),
        (
            {"timeout": "1s", "onTimeout": "skip"},
            Timing(timeout=timedelta(seconds=1), on_timeout="skip"),
        ),
    ],
)
def test_a_gate_waits_as_long_as_it_says(given: dict[str, Any], expected: Timing) -> None:
    assert timing_of(given) == expected


def test_a_gate_without_a_timeout_has_no_deadline() -> None:
    """Upstream's default of a day is read for gates of a kind that does not exist."""
    assert Timing().deadline(NOW) is None
    assert Timing(timeout=timedelta(hours=1)).deadline(NOW) == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [({"duration": "1m30s"}, 90), ({}, 0), ({"duration": ""}, 0), ({"duration": None}, 0)],
)
def test_case_22_a_sleep_lasts_as_long_as_it_says(given: dict[str, Any], seconds: int) -> None:
    assert sleep_duration(given) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        ("soon", '"soon" is not a duration'),
        (30, '"30" is not a duration'),
        (True, '"True" is not a duration'),
        ("0s", '"0s" is not a positive duration'),
        ("-5s", '"-5s" is not a positive duration'),
    ],
)
def test_a_template_that_came_to_no_duration_is_named_with_its_field(
    duration: object, said: str
) -> None:
    with pytest.raises(TemplateError, match=rf"with\.duration: {said}"):
        sleep_duration({"duration": duration})
    with pytest.raises(TemplateError, match=rf"with\.timeout: {said}"):
        timing_of({"timeout": duration})


def test_a_template_that_came_to_no_known_word_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"with\.onTimeout: 'wait' is neither"):
        timing_of({"onTimeout": "wait"})


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param("{{ inputs.ok }}", Look(holds=True, changes_by_itself=False), id="holds"),
        pytest.param("no", Look(holds=False, changes_by_itself=False), id="does not"),
        pytest.param(
            "{{ gt (now | unixEpoch | int64) 9999999999 }}",
            Look(holds=False, changes_by_itself=True),
            id="reads the clock",
        ),
    ],
)
def test_a_wait_looks_at_its_condition(until: str, expected: Look) -> None:
    assert look(until, SCOPE, NOW, DICE) == expected


def test_a_condition_that_cannot_be_evaluated_does_not_hold_and_says_why() -> None:
    found = look("{{ steps.ghost.output.x }}", SCOPE, NOW, DICE)

    assert (found.holds, found.changes_by_itself) == (False, False)
    assert found.message.startswith("Waiting for condition, which for now cannot be evaluated: ")


def test_a_wait_says_what_there_is_not_yet_where_that_is_known() -> None:
    """Else it is null of which a field is asked for, in the words of templates."""
    found = look("{{ steps.ghost.output.x }}", SCOPE, NOW, DICE)

    assert found.awaiting("step ghost has no output yet") == (
        "Waiting for condition, which for now cannot be evaluated: step ghost has no output yet"
    )
    assert look("no", SCOPE, NOW, DICE).awaiting("step ghost has no output yet") == (
        "Waiting for condition."
    )


@pytest.mark.parametrize("number", ["now | unixEpoch | int64", "randInt 0 9"])
def test_a_condition_that_time_or_chance_may_mend_changes_by_itself(number: str) -> None:
    """It comes to a text that is no truth value, but only for now."""
    until = f"{{{{ if gt ({number}) 9999999999 }}}}true{{{{ else }}}}not yet{{{{ end }}}}"

    found = look(until, SCOPE, NOW, DICE)

    assert (found.holds, found.changes_by_itself) == (False, True)
    assert "not true or false" in found.trouble


def test_a_long_wait_looks_at_the_clock_less_often() -> None:
    """Each look leaves events in the history: a wait of a year must not fill it."""
    timing = Timing(poll_interval=timedelta(seconds=1))

    assert timing.next_look(NOW, NOW) == NOW + timedelta(seconds=1)
    later = NOW + timedelta(hours=50)
    assert timing.next_look(NOW, later) == later + timedelta(hours=1)


@pytest.mark.parametrize(
    ("given", "phase", "message"),
    [
        ({}, Phase.SUCCEEDED, "Stopped by step enough."),
        ({"phase": "Failed", "message": "no"}, Phase.FAILED, "no"),
        ({"phase": "", "message": 7}, Phase.SUCCEEDED, "Stopped by step enough."),
    ],
)
def test_a_stop_says_how_a_run_ends(given: dict[str, Any], phase: Phase, message: str) -> None:
    assert stop_of("enough", given) == Stop("enough", phase, message)


@pytest.mark.parametrize("phase", ["Running", "nonsense", 7, ["Failed"]])
def test_nothing_ends_in_a_phase_that_something_follows(phase: object) -> None:
    with pytest.raises(TemplateError, match=r"with\.phase: "):
        stop_of("enough", {"phase": phase})


def test_failures_are_what_a_stop_has_mended() -> None:
    failures = {phase for phase in Phase if Stop("x", phase, "").is_failure}

    assert failures == {Phase.FAILED, Phase.TIMEOUT, Phase.ABORTED}


@pytest.mark.parametrize(("given", "most"), [({}, None), ({"concurrency": 3}, 3)])
def test_a_block_may_bound_its_branches(given: dict[str, Any], most: int | None) -> None:
    assert concurrency_of(given) == most


@pytest.mark.parametrize("bound", [0, -1, True, 1.5, "3", [3], {}])
def test_what_is_no_number_of_branches_is_refused(bound: object) -> None:
    with pytest.raises(TemplateError, match=r"with\.concurrency: "):
        concurrency_of({"concurrency": bound})
