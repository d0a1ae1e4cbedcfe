"""What happened to a parent, as Kubernetes Events."""

from itertools import pairwise

from runwright.models.kratix import (
    Installed,
    Parent,
    ParentState,
    Reason,
    RequiredPromiseStatus,
    Work,
    WorkflowControl,
)
from runwright.rules.kratix.availability import requirements_fulfilled
from runwright.rules.kratix.conditions import available
from runwright.rules.kratix.events import events_of
from runwright.rules.kratix.progress import (
    fitted,
    held,
    pipeline_stopped,
    settled,
    with_condition,
    with_message,
)
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_works import WORK
from tests.unit.rules.kratix.runs import PROMISE, REQUEST
from tests.unit.rules.kratix.states import DELETE, at, complete, ended, failed, fresh, started


def told(before: ParentState, now: ParentState, parent: Parent = REQUEST) -> list[str]:
    """Return the Events between two moments as people see them."""
    found = events_of(parent, before, now)
    return [f"{one.type} {one.reason}: {one.message}" for one in found]


def test_each_start_of_a_pipeline_is_told_once() -> None:
    """K2; and so is that of a pipeline which is run again while it runs."""
    new = fresh("a", "b")
    running = started(new, anew=True)
    between = ended(running)

    assert told(new, running) == ["Normal PipelineStarted: Configure Pipeline started: a"]
    assert told(running, running) == []
    assert told(running, between) == []
    assert told(between, started(between, 1)) == [
        "Normal PipelineStarted: Configure Pipeline started: b"
    ]


def test_what_keeps_a_pipeline_is_told_once() -> None:
    """K58: also before its Job is made. What exactly it is may change all the time."""
    new = fresh("a")
    kept = with_message(new, 0, "no room")
    running = started(new, anew=True)

    message = "Warning PipelineStalled: Pipeline a does not get on: no room"
    assert told(new, kept) == [message]
    assert told(running, with_message(running, 0, "no room")) == [message]
    assert told(kept, with_message(new, 0, "no room at all")) == []
    assert told(kept, new) == []


def test_a_pipeline_whose_job_was_ended_is_kept_by_nothing() -> None:
    running = started(fresh("a"), anew=True)

    assert told(running, pipeline_stopped(running, 0, at(3), "stopped")) == []


def test_a_failure_names_the_workflow_and_the_pipeline() -> None:
    """K19: once, not at every look."""
    running = started(fresh("a"), anew=True)
    over = failed(running)

    assert told(running, over) == [
        "Warning ConfigureWorkflowFailed: A resource/configure Pipeline has failed: a"
    ]
    assert told(running, over, PROMISE) == [
        "Warning ConfigureWorkflowFailed: A promise/configure Pipeline has failed: a"
    ]
    assert told(over, over) == []


def test_a_delete_pipeline_is_told_in_words_of_its_own() -> None:
    """K51."""
    before = complete("a")
    running = started(fitted(before, DELETE, ["z"]), anew=True)

    assert told(before, running) == ["Normal PipelineStarted: Delete Pipeline started: z"]
    assert told(running, failed(running)) == [
        "Warning Failed Pipeline: The Delete Pipeline has failed"
    ]


def test_a_suspension_says_what_its_pipeline_said() -> None:
    running = started(fresh("a"), anew=True)
    control = WorkflowControl(suspend=True, message="waits for the quota")

    assert told(running, ended(running, control=control)) == [
        "Warning WorkflowSuspended: Pipeline a suspended the workflow: waits for the quota"
    ]


def test_the_end_is_told_with_the_works() -> None:
    over = complete("a")
    done = settled(over, 1, [], at(5))

    assert told(over, done) == [
        "Normal WorksSucceeded: There are no works",
        "Normal ReconcileSucceeded: Successfully reconciled",
    ]
    assert told(done, settled(done, 1, [], at(9))) == []


def test_a_work_that_could_not_be_written_is_a_warning() -> None:
    over = complete("a")
    ready = {"type": "Ready", "status": "False", "message": "Failing"}
    work = Work.model_validate(changed(WORK, ("status", "conditions"), [ready]))

    assert told(over, settled(over, 1, [work], at(5))) == [
        "Warning WorksFailing: Works that could not be written: database-orders-instance"
    ]


def test_a_pause_is_a_warning() -> None:
    over = complete("a")

    assert told(over, held(over, Reason.PAUSED_RECONCILIATION, at(9))) == [
        "Warning PausedReconciliation: Nothing starts while it is paused"
    ]


def test_a_promise_tells_whether_it_can_fulfil_requests_whenever_that_changes() -> None:
    over = complete("a")
    can = with_condition(over, at(5), available(Reason.PROMISE_AVAILABLE))
    cannot = with_condition(can, at(9), available(Reason.PROMISE_UNAVAILABLE))
    still = with_condition(cannot, at(10), available(Reason.WORKFLOW_SUSPENDED))

    assert told(over, can, PROMISE) == ["Normal Available: Promise is available"]
    assert told(can, cannot, PROMISE) == ["Warning Unavailable: Cannot fulfil resource requests"]
    assert told(over, cannot, PROMISE) == told(cannot, still, PROMISE) == []
    assert told(can, cannot) == []


def test_a_promise_tells_what_it_lacks_whenever_that_changes() -> None:
    new = fresh("a")
    states = ("Requirement not installed", "Requirement not available", "Requirement installed")
    seen = [new, *(lacking(new, state) for state in states)]

    assert [told(before, now, PROMISE) for before, now in pairwise([*seen, seen[-1]])] == [
        [
            "Normal RequirementsNotInstalled: Requirements not fulfilled: "
            "network (Requirement not installed)"
        ],
        [
            "Normal RequirementsNotAvailable: Requirements not fulfilled: "
            "network (Requirement not available)"
        ],
        ["Normal RequirementsFulfilled: Requirements fulfilled"],
        [],
    ]


def lacking(state: ParentState, found: str) -> ParentState:
    """Return the state of a Promise that requires another one, which is found so."""
    required = (RequiredPromiseStatus(name="network", state=found),)
    condition = requirements_fulfilled(Installed(required=required))
    assert condition
    return with_condition(state, at(5), condition)


def test_a_promise_tells_that_its_workflow_is_over() -> None:
    over = complete("a")

    assert told(started(fresh("a")), over, PROMISE) == [
        "Normal ConfigureWorkflowCompleted: All pipelines of the Promise succeeded"
    ]


def test_an_event_is_about_its_parent() -> None:
    found = events_of(REQUEST, fresh("a"), started(fresh("a")))[0].object

    assert (found.kind, found.namespace, found.name, found.uid) == (
        *("Database", "shop", "orders", "r-1"),
    )
