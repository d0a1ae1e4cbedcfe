"""Whether a Promise can fulfil requests, and how it shows that."""

from typing import Any

import pytest

from runwright.models.kratix import Compat, Installed, ParentState, RequiredPromiseStatus
from runwright.rules.kratix.availability import availability, requirements_fulfilled
from runwright.rules.kratix.display import Display, display_update
from runwright.rules.kratix.progress import with_condition
from runwright.rules.kratix.triggers import Hold, Move
from runwright.rules.kratix.updates import Shown
from tests.unit.rules.kratix.runs import PROMISE, REQUEST
from tests.unit.rules.kratix.states import at, complete

THERE = Installed()


def required(*states: str) -> Installed:
    """Return an installation whose required Promises were found so."""
    found = (RequiredPromiseStatus(name=f"p{n}", state=one) for n, one in enumerate(states))
    return Installed(required=tuple(found))


def known(move: Move, hold: Hold | None = None, installed: Installed = THERE) -> ParentState:
    """Return the state of a Promise whose workflow is over, with what that says."""
    state = complete("a")
    return with_condition(state, at(3), availability(state, installed, move, hold))


def said(state: ParentState) -> tuple[str, str]:
    """Return status and reason."""
    found = state.condition("Available")
    assert found is not None
    return found.status.value, found.reason


@pytest.mark.parametrize(
    ("move", "hold", "expected"),
    [
        (Move.REST, None, ("True", "PromiseAvailable")),
        (Move.START, None, ("False", "PromiseUnavailable")),
        (Move.HOLD, Hold.FAILED, ("False", "PromiseUnavailable")),
        (Move.HOLD, Hold.PAUSED, ("False", "PausedReconciliation")),
        (Move.HOLD, Hold.SUSPENDED, ("False", "WorkflowSuspended")),
    ],
)
def test_a_promise_is_available_once_its_workflow_is_over(
    move: Move, hold: Hold | None, expected: tuple[str, str]
) -> None:
    assert said(known(move, hold)) == expected


@pytest.mark.parametrize("hold", [None, Hold.FAILED])
def test_a_promise_that_was_available_stays_so_while_its_workflow_runs_or_fails(
    hold: Hold | None,
) -> None:
    """Upstream stops all requests with it."""
    before = known(Move.REST)
    move = Move.START if hold is None else Move.HOLD

    assert availability(before, THERE, move, hold).reason == "PromiseAvailable"


def test_a_promise_that_was_paused_is_available_after_its_next_run_only() -> None:
    before = known(Move.HOLD, Hold.PAUSED)

    assert availability(before, THERE, Move.START, None).reason == "PromiseUnavailable"
    assert availability(before, THERE, Move.REST, None).reason == "PromiseAvailable"


@pytest.mark.parametrize(
    "installed",
    [
        Installed(problems=("spec: no",)),
        Installed(is_served=False),
        required("Requirement not installed"),
    ],
    ids=["problems", "not-served", "requirements"],
)
def test_what_an_installation_lacks_makes_a_promise_unavailable(installed: Installed) -> None:
    assert said(known(Move.REST, installed=installed)) == ("False", "PromiseUnavailable")


def test_all_problems_are_told() -> None:
    state = known(Move.REST, installed=Installed(problems=("spec.api: no", "spec.workflows: no")))
    found = state.condition("Available")

    assert found is not None
    assert found.message == "Cannot fulfil resource requests: spec.api: no; spec.workflows: no"


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        (required("Requirement installed"), ("True", "RequirementsInstalled")),
        (
            required("Requirement installed", "Requirement not installed"),
            ("False", "RequirementsNotInstalled"),
        ),
        (required("Requirement not available"), ("False", "RequirementsNotAvailable")),
    ],
)
def test_the_requirements_are_a_condition_of_their_own(
    installed: Installed, expected: tuple[str, str]
) -> None:
    found = requirements_fulfilled(installed)

    assert found is not None
    assert (found.status.value, found.reason) == expected


def test_a_promise_that_requires_nothing_says_nothing_of_that() -> None:
    assert requirements_fulfilled(THERE) is None


def patched(before: Display | None, now: Display, parent: Any = PROMISE) -> dict[str, Any]:
    """Return the status that is written."""
    shown = Shown(parent, Compat.SEPTEMBER_2026, ParentState())
    update = display_update(shown, before, now)
    return update.patches[0].status if update.patches else {}


def test_a_promise_shows_in_one_word_whether_it_can_fulfil_requests() -> None:
    patch = patched(None, Display(known(Move.REST)))

    assert (patch["status"], patch["kratix"]["status"]) == ("Available", "Available")
    assert patch["lastAvailableTime"] == "2026-01-02T03:00:03Z"
    assert "workflows" in patch["kratix"]


def test_a_promise_shows_what_it_offers() -> None:
    """In the columns that `kubectl get promises` has."""
    state = known(Move.REST).model_copy(update={"promise_version": "v1"})
    installed = Installed(kind="Database", api_version="example.org/v1")

    patch = patched(None, Display(state, installed))

    for shown in (patch, patch["kratix"]):
        assert (shown["kind"], shown["apiVersion"], shown["version"]) == (
            "Database",
            "example.org/v1",
            "v1",
        )


def test_a_promise_without_an_api_offers_none() -> None:
    before = Display(known(Move.REST), Installed(kind="Database", api_version="example.org/v1"))

    patch = patched(before, Display(known(Move.REST)))

    assert (patch["kind"], patch["apiVersion"]) == (None, None)


def test_only_what_changed_is_written() -> None:
    before, state = Display(known(Move.REST)), known(Move.REST)

    assert patched(before, before) == {}
    lacking = required("Requirement not installed")
    assert list(patched(before, Display(state, lacking))) == ["requiredPromises", "kratix"]


def test_a_request_shows_nothing_of_that() -> None:
    patch = patched(None, Display(known(Move.REST)), REQUEST)

    assert {"status", "requiredPromises"}.isdisjoint(patch)


def test_that_nobody_knows_what_to_run_is_an_event_when_the_message_says_so() -> None:
    """Once: with the status that says it, and not in a write of its own."""
    state = known(Move.REST)
    other = state.model_copy(update={"message": "no policy"})
    shown = Shown(REQUEST, Compat.SEPTEMBER_2026, ParentState())
    before, now = Display(state), Display(other, unplanned="no policy")

    (told,) = display_update(shown, before, now).events

    assert (told.type, told.reason) == ("Warning", "WorkflowUnplanned")
    assert told.message == "Nothing starts: no policy"
    assert display_update(shown, now, now).events == ()
    assert display_update(shown, before, Display(state, unplanned="no policy")).events == ()
