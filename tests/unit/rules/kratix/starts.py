"""The input of runs of pipelines, for the tests."""

from datetime import timedelta
from typing import Any

from runwright.models.kratix import (
    Parent,
    ParentState,
    Pipeline,
    Plan,
    Seen,
    Sight,
    StartPipelines,
    Trigger,
    WorkflowAction,
)
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import REQUEST
from tests.unit.rules.kratix.states import CONFIGURE, HASH, fresh


def seen_of(generation: int = 1, hash_: str = HASH, **fields: Any) -> Seen:
    """Return a parent as it was seen; `labels` are those that are on."""
    labels = dict.fromkeys(fields.pop("labels", ()), "true")
    sight = Sight(generation=generation, hash=hash_, labels=labels)
    given = {"version": "1", "interval": timedelta(hours=10), **fields}
    return Seen(sight=sight, **given)


def start_of(
    *pipelines: str | Pipeline,
    parent: Parent = REQUEST,
    action: WorkflowAction = CONFIGURE,
    **fields: Any,
) -> StartPipelines:
    """Return the input of a run of these pipelines, from the first on."""
    made = tuple(pipeline(one) if isinstance(one, str) else one for one in pipelines)
    plan = Plan(
        parent=parent,
        action=action,
        pipelines=made,
        seen=seen_of(),
        promise_version="v1",
        image="example.org/pipeline-adapter:1",
    )
    given: dict[str, Any] = {
        "state": fresh(*plan.names, action=action) if made else ParentState(),
        "number": 3,
        "position": 0,
        "anew": True,
        "trigger": Trigger.CREATED,
        "cluster": "test",
    }
    return StartPipelines(plan=plan, **{**given, **fields})
