"""Reports of parents for the tests."""

from typing import Any, Final

from runwright.models.kratix import Parent, ParentReport, ParentState, Standing
from tests.unit.rules.kratix.states import PROMISE, RESOURCE, at

PARENT: Final = Parent(
    type=RESOURCE,
    promise="database",
    api_version="shop.example/v1",
    kind="Database",
    plural="databases",
    namespace="shop",
    name="orders",
    uid="u1",
)
THE_PROMISE: Final = PARENT.model_copy(
    update={"type": PROMISE, "kind": "Promise", "namespace": "", "name": "database"}
)
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
    shown = {"parent": PARENT, "cluster": "local", "standing": standing, "state": state, "runs": 2}
    return ParentReport.model_validate({**shown, **fields})
