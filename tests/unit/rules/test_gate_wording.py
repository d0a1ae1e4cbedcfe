"""What a gate says of how it is decided."""

from typing import Any

import pytest

from runwright.models.gates import Approval, Gate
from runwright.rules.bubustack.details import details
from runwright.rules.gate_wording import as_whom, why_nobody
from tests.unit.cli.states import BUILT, GATE, OPEN_GATE, state


def gate(**policy: Any) -> Gate:
    """Return an open gate with that policy."""
    return Gate(name="ask", activation=1, approval=Approval.model_validate(policy))


@pytest.mark.parametrize(
    ("policy", "author", "why"),
    [
        ({}, "", ""),
        ({"required": 2}, "", ""),
        ({"users": ["ada"]}, "bo", "verified identities only"),
        ({"identity": "verified"}, "bo", "verified identities only"),
        ({"users": ["ada"], "identity": "claimed"}, "", ""),
        ({"groups": ["owners"]}, "bo", "verified identities only"),
        ({"groups": ["owners"], "identity": "claimed"}, "bo", "who is in a group"),
        ({"groups": ["owners"], "users": ["ada"], "identity": "claimed"}, "bo", ""),
        ({"author": "may-not", "identity": "claimed"}, "bo", ""),
        ({"author": "may-not", "identity": "claimed"}, "", "nobody knows who that is"),
    ],
)
def test_a_gate_that_nobody_can_decide_says_so(
    policy: dict[str, Any], author: str, why: str
) -> None:
    """A command that is refused whoever gives it helps nobody."""
    said = why_nobody(gate(**policy), {author})

    assert said.startswith("Nobody can decide it: ") is bool(why)
    assert why in said


def test_somebody_else_decides_where_the_user_may_not() -> None:
    assert as_whom(gate(users=["ada"]), "ada", {""}) == ""
    assert as_whom(gate(users=["ada"]), "bo", {""}) == " --as NAME"
    assert as_whom(gate(author="may-not"), "bo", {"ada"}) == ""
    assert as_whom(gate(author="may-not"), "bo", {"bo"}) == " --as NAME"


def test_the_temporal_ui_offers_no_command_for_such_a_gate() -> None:
    guarded = {**OPEN_GATE, "approval": {"users": ["ada"]}}

    shown = details(state(BUILT, GATE, gates={"sign-off": guarded}))

    assert "Nobody can decide it: it takes verified identities only" in shown
    assert "runwright approve" not in shown
