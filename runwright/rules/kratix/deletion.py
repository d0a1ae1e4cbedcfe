"""How a request and a Promise go: in which order, and when their delete pipeline runs.

Source: Kratix, resource deletion and Promise deletion.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from runwright.models.kratix import (
    Parent,
    ParentState,
    PipelinePhase,
    Sight,
    Trigger,
    WorkflowType,
)
from runwright.models.kratix.keys import (
    API_CRD_CLEANUP,
    DELETE_WORKFLOWS,
    DEPENDENCIES_CLEANUP,
    DYNAMIC_CONTROLLER_CLEANUP,
    MANUAL_RECONCILIATION,
    PAUSED,
    PROMISE_NAME,
    RESOURCE_BINDING_CLEANUP,
    RESOURCE_NAME,
    RESOURCE_NAMESPACE,
    RESOURCE_REQUEST_CLEANUP,
    REVISION_CLEANUP,
    WORK_CLEANUP,
    WORKFLOW_SUSPENDED,
    WORKFLOW_TYPE,
    WORKFLOWS_CLEANUP,
)
from runwright.rules.kratix.triggers import Decision, Hold, Move, resumed
from runwright.rules.wording import listed

REQUEST_STEPS: Final = (
    DELETE_WORKFLOWS,
    WORK_CLEANUP,
    WORKFLOWS_CLEANUP,
    RESOURCE_BINDING_CLEANUP,
)
"""The finalizers of a request, in the order in which what they stand for is done."""
PROMISE_STEPS: Final = (
    DELETE_WORKFLOWS,
    WORKFLOWS_CLEANUP,
    RESOURCE_REQUEST_CLEANUP,
    REVISION_CLEANUP,
    DYNAMIC_CONTROLLER_CLEANUP,
    DEPENDENCIES_CLEANUP,
    API_CRD_CLEANUP,
)
"""Those of a Promise: its own delete pipeline comes before its requests go."""
_MOST_NAMED: Final = 3
"""Of those that a delete pipeline waits for."""
_OF_AN_API: Final = frozenset(
    {RESOURCE_REQUEST_CLEANUP, DYNAMIC_CONTROLLER_CLEANUP, API_CRD_CLEANUP}
)


class Target(StrEnum):
    """What a step of a deletion removes; it is over once there is none left."""

    JOBS = "jobs"
    WORKS = "works"
    BINDING = "binding"
    REQUESTS = "requests"
    REVISIONS = "revisions"
    ACCESS = "access"
    """Roles, bindings, ServiceAccounts and ConfigMaps of the Promise's pipelines."""
    API = "api"


TARGETS: Final = {
    WORK_CLEANUP: Target.WORKS,
    WORKFLOWS_CLEANUP: Target.JOBS,
    RESOURCE_BINDING_CLEANUP: Target.BINDING,
    RESOURCE_REQUEST_CLEANUP: Target.REQUESTS,
    REVISION_CLEANUP: Target.REVISIONS,
    DYNAMIC_CONTROLLER_CLEANUP: Target.ACCESS,
    DEPENDENCIES_CLEANUP: Target.WORKS,
    API_CRD_CLEANUP: Target.API,
}
"""What each finalizer stands for; that of the delete workflow for a run."""


class Selection(NamedTuple):
    """Which objects a step of a deletion removes."""

    namespace: str
    """Empty: in all of them."""
    labels: dict[str, str]


def selection_of(target: Target, parent: Parent) -> Selection:
    """Return what to look for of a parent, and where.

    Upstream looks for the Jobs of a request in all namespaces and for its Works by its name alone,
    and so removes those of another request of that name.
    """
    labels = {PROMISE_NAME: parent.promise}
    if parent.type is WorkflowType.RESOURCE:
        labels[RESOURCE_NAME] = parent.name
    if parent.is_apart and target is not Target.BINDING:
        labels[RESOURCE_NAMESPACE] = parent.namespace
    if target is Target.JOBS:
        return Selection(parent.home, {**labels, WORKFLOW_TYPE: parent.type.value})
    everywhere = parent.type is WorkflowType.PROMISE
    return Selection("" if everywhere else _home_of(target, parent), labels)


def _home_of(target: Target, parent: Parent) -> str:
    """Return where what belongs to a request is: its binding is beside it, whatever else is not."""
    return parent.namespace if target is Target.BINDING else parent.home


def promise_finalizers(*, has_api: bool, has_delete: bool) -> tuple[str, ...]:
    """Return the finalizers of a Promise: the delete workflow's only while it has one."""
    present = {
        step: (has_api or step not in _OF_AN_API) and (has_delete or step != DELETE_WORKFLOWS)
        for step in PROMISE_STEPS
    }
    return tuple(step for step in PROMISE_STEPS if present[step])


def next_step(steps: tuple[str, ...], finalizers: Collection[str]) -> str | None:
    """Return which finalizer's work is to be done now; None: nothing of ours is left."""
    return next((step for step in steps if step in finalizers), None)


class Deletion(NamedTuple):
    """All that a decision about a delete workflow is made by."""

    sight: Sight
    state: ParentState
    configuring: bool
    """Whether a configure Job of the parent, or of a Promise's requests, has not ended."""
    deleting: bool
    """Whether its own delete Job has not."""
    now: datetime
    suspends: bool = False
    """Whether a manual reconciliation suspends the delete Job that runs."""


_Rule = Callable[[Deletion], Decision | None]


def next_deletion_move(case: Deletion) -> Decision:
    """Return what is to be done next for the delete workflow of a parent that is to go.

    Rest means that it is over. A Job is made again for a manual reconciliation, or when a pipeline
    asked for it; upstream also makes a second one beside the first when a spec changes meanwhile.
    Here that changes nothing while a Job runs, and begins anew once it failed.

    Source: Kratix, resource deletion.
    """
    return next(decision for rule in _RULES if (decision := rule(case)) is not None)


def said_of_wait(requests: Sequence[str]) -> str:
    """Return that the delete pipeline waits, and for whose pipelines, where that is known."""
    shown = [*requests[:_MOST_NAMED]]
    if len(requests) > _MOST_NAMED:
        shown.append(f"{len(requests) - _MOST_NAMED} more")
    whose = f"the pipelines of {listed(shown)}" if shown else "pipelines"
    return f"Waits for {whose} to end before the delete pipeline runs"


def retried(state: ParentState, delay: timedelta, now: datetime) -> datetime:
    """Return when a delete pipeline that failed is tried again."""
    since = state.delete.pipelines[0].last_transition_time
    return (since or now) + delay


def _paused(case: Deletion) -> Decision | None:
    if case.sight.promise_paused or case.sight.is_on(PAUSED):
        return Decision(Move.HOLD, hold=Hold.PAUSED)
    return None


def _nothing_to_run(case: Deletion) -> Decision | None:
    return None if case.state.delete.pipelines else Decision(Move.REST)


def _running(case: Deletion) -> Decision | None:
    if case.deleting and case.suspends and case.sight.is_on(MANUAL_RECONCILIATION):
        return Decision(Move.SUSPEND_JOB, Trigger.MANUAL)
    return Decision(Move.WAIT) if case.deleting or case.configuring else None


def _asked(case: Deletion) -> Decision | None:
    if not case.sight.is_on(MANUAL_RECONCILIATION):
        return None
    labels = (MANUAL_RECONCILIATION, WORKFLOW_SUSPENDED)
    removes = tuple(label for label in labels if case.sight.is_on(label))
    return Decision(Move.START, Trigger.MANUAL, anew=True, removes=removes)


def _suspended(case: Deletion) -> Decision | None:
    """Return what holds a delete pipeline: its own suspension, or a person's label.

    The label of a configure pipeline that waits for somebody is passed over, for nobody can let
    that one go on any more. Upstream holds the deletion for it, too.
    """
    if not case.sight.is_on(WORKFLOW_SUSPENDED) or _is_of_configure(case.state):
        return None
    retry_at = case.state.delete.pipelines[0].next_retry_at
    if retry_at is None or retry_at > case.now:
        return Decision(Move.HOLD, hold=Hold.SUSPENDED, at=retry_at)
    return Decision(Move.START, Trigger.RESUMED, removes=(WORKFLOW_SUSPENDED,))


def _is_of_configure(state: ParentState) -> bool:
    own = state.delete.pipelines[0].phase is PipelinePhase.SUSPENDED
    return not own and state.configure.suspended is not None


def _by_phase(case: Deletion) -> Decision:
    pipeline = case.state.delete.pipelines[0]
    removes = (WORKFLOW_SUSPENDED,) if case.sight.is_on(WORKFLOW_SUSPENDED) else ()
    match pipeline.phase:
        case PipelinePhase.SUCCEEDED:
            return Decision(Move.REST)
        case PipelinePhase.SUSPENDED:
            return resumed(case.state.delete, 0)
        case PipelinePhase.FAILED if pipeline.hash == case.sight.hash:
            return Decision(Move.HOLD, hold=Hold.FAILED)
        case PipelinePhase.FAILED:
            return Decision(Move.START, Trigger.CHANGED, anew=True, removes=removes)
        case _:
            return Decision(Move.START, Trigger.NEXT, anew=True, removes=removes)


_RULES: Final[tuple[_Rule, ...]] = (
    _paused,
    _nothing_to_run,
    _running,
    _asked,
    _suspended,
    _by_phase,
)
