"""Reports of parents for the tests."""

from typing import Any, Final

from runwright.models.kratix import ParentReport, ParentState, Standing
from tests.unit.rules.kratix.runs import REQUEST
from tests.unit.rules.kratix.states import at

ADDRESS: Final = "request/database/shop/orders"
GATE: Final = {
    "name": "plan",
    "activation": 1,
    "opened_at": at(3),
    "approval": {"users": ["ada", "bo"], "identity": "claimed"},
}
RUN: Final = {
    "workflow_id": "kratix/database/shop/orders/u1/configure/3",
    "number": 3,
    "action": "configure",
    "trigger": "manual",
    "by": "ada",
    "started_at": at(0),
}
PAST: Final = {
    "number": 2,
    "action": "configure",
    "trigger": "manual",
    "by": "ada",
    "started_at": at(0),
    "finished_at": at(12),
    "ending": "Succeeded",
    "pipelines": ["make", "plan"],
}


def report(state: ParentState, standing: Standing, **fields: Any) -> ParentReport:
    """Return the report of the request orders; `fields` win."""
    shown = {"parent": REQUEST, "cluster": "local", "standing": standing, "state": state, "runs": 2}
    return ParentReport.model_validate({**shown, **fields})
