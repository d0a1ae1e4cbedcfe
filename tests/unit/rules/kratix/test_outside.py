"""What is said of parents whose entities cannot speak for themselves."""

from typing import Any

from runwright.rules.kratix import outside
from tests.unit.rules.kratix.states import at

_TRUE = {"status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}
STATUS: dict[str, Any] = {
    "conditions": [
        {"type": "Reconciled", "reason": "Reconciled", "message": "Reconciled", **_TRUE},
        {"type": "WorksSucceeded", "reason": "WorksSucceeded", "message": "w", **_TRUE},
    ]
}


def reconciled(conditions: Any) -> Any:
    """Return the message of that condition."""
    return next(one["message"] for one in conditions if one["type"] == "Reconciled")


def test_a_stuck_workflow_is_said_beside_what_was_said_before() -> None:
    said = outside.stuck(STATUS, "no such thing", at(0))

    assert reconciled(said) == "Reconciled (its workflow is stuck: no such thing)"
    assert outside.says_stuck(reconciled(said))
    assert outside.stuck({"conditions": said}, "no such thing", at(9)) is None


def test_that_it_is_stuck_is_taken_back_once_it_is_not() -> None:
    said = outside.stuck(STATUS, "no such thing", at(0))
    assert said is not None

    again = outside.recovered({"conditions": said}, at(9))

    assert reconciled(again) == "Reconciled"
    assert outside.recovered(STATUS, at(9)) is None


def test_a_promise_that_cannot_be_read_is_not_available_and_says_why() -> None:
    said = outside.refused({}, "spec.api: must be an object", at(0))
    assert said is not None
    (available,) = said

    assert available["status"] == "False"
    assert "spec.api: must be an object" in available["message"]
