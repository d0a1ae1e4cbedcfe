"""What is told of a parent in its cluster: the patch of its status, and the Events."""

from typing import Any

import pytest

from runwright.models.kratix import Compat, Parent, ParentState
from runwright.rules.kratix.updates import Shown, update_of
from tests.unit.rules.kratix.runs import PROMISE, REQUEST
from tests.unit.rules.kratix.states import complete, ended, fresh, started

KEYED, FLAT = Compat.SEPTEMBER_2026, Compat.AUGUST_2026
BEFORE = fresh("a", "b")
RUNNING = started(BEFORE, anew=True)


def patch(
    before: ParentState | None,
    now: ParentState,
    parent: Parent = REQUEST,
    compat: Compat = KEYED,
) -> dict[str, Any]:
    """Return the patch that leads from what was shown to a state; empty: there is none."""
    update = update_of(Shown(parent, compat, BEFORE), before, now)
    return update.patches[0].status if update.patches else {}


def test_a_patch_has_what_changed_and_what_went() -> None:
    said = ended(RUNNING, message="made")

    found = patch(said, started(said, 1))

    assert found.keys() == {"message", "kratix"}
    assert found["message"] == "Pending"
    assert found["kratix"]["workflows"].keys() == {"configure"}


@pytest.mark.parametrize("field", ["promiseVersion", "observedGeneration"])
def test_what_kratix_has_yet_to_say_no_pipeline_says_before(field: str) -> None:
    """Whatever type it has there: a status that could not be made would hold the run for ever."""
    given: dict[str, Any] = {field: ["no", "such", "thing"], "host": "db.shop"}

    found = patch(RUNNING, ended(RUNNING, **given))

    assert (field in found, found["host"]) == (False, "db.shop")


def test_what_a_pipeline_wrote_may_be_refused_without_the_rest() -> None:
    """An API may say of what type a field is; all that is shown later is beside it in the patch."""
    (one,) = update_of(
        Shown(REQUEST, KEYED, BEFORE), RUNNING, ended(RUNNING, port="none", message="made")
    ).patches

    assert one.brief is not None
    assert (one.status["port"], "port" in one.brief) == ("none", False)
    assert one.brief["message"] == "made"


def test_a_patch_with_nothing_of_a_pipeline_has_no_other() -> None:
    (one,) = update_of(Shown(REQUEST, KEYED, BEFORE), BEFORE, RUNNING).patches

    assert one.brief is None


def test_what_changes_nothing_is_not_written_nor_told() -> None:
    update = update_of(Shown(REQUEST, KEYED, BEFORE), RUNNING, RUNNING)

    assert (update.patches, update.events) == ((), ())


def test_the_object_that_is_meant_is_that_very_parent() -> None:
    (one,) = update_of(Shown(REQUEST, KEYED, BEFORE), BEFORE, RUNNING).patches

    assert (one.object.kind, one.object.namespace, one.object.name) == (
        "Database",
        "shop",
        "orders",
    )
    assert one.object.uid == "r-1"


@pytest.mark.parametrize(
    ("compat", "there", "gone"),
    [
        pytest.param(KEYED, {"configure"}, {"delete", "pipelines"}, id="keyed"),
        pytest.param(FLAT, {"pipelines"}, {"configure", "delete"}, id="flat"),
    ],
)
def test_the_first_patch_takes_away_what_the_other_layout_left(
    compat: Compat, there: set[str], gone: set[str]
) -> None:
    """Whoever ran the parent before, nothing stays that is not true."""
    shown = patch(None, RUNNING, compat=compat)["kratix"]["workflows"]

    assert {key for key, value in shown.items() if value} == there
    assert gone <= {key for key, value in shown.items() if value is None}
    if compat is KEYED:
        assert shown["configure"]["suspendedGeneration"] is None


def test_the_first_patch_leaves_what_pipelines_wrote() -> None:
    state = ended(RUNNING, stage="one")

    found = patch(None, state)

    assert found["stage"] == "one"
    assert found["promiseVersion"] is None


def test_events_of_the_first_update_are_of_what_changed_since_the_run_began() -> None:
    update = update_of(
        Shown(REQUEST, KEYED, complete("a")), None, started(complete("a"), anew=True)
    )

    assert [one.reason for one in update.events] == ["PipelineStarted"]


@pytest.mark.parametrize("before", [None, BEFORE], ids=["unknown", "known"])
def test_of_a_promise_only_what_its_workflow_decides_is_written(
    before: ParentState | None,
) -> None:
    found = patch(before, RUNNING, PROMISE)

    assert {"status", "requiredPromises", "lastAvailableTime", "promiseVersion"}.isdisjoint(found)
    assert found["message"] == "Pending"
    assert found["kratix"]["workflows"]["configure"]["pipelines"][0]["phase"] == "Running"
    assert found["kratix"].keys() == {"workflows"}
