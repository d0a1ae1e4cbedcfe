"""The names under which runs are known outside: open runs, other clients and people use them."""

from temporalio import activity, workflow
from temporalio.common import SearchAttributeIndexedValueType as Kind

from activities.catalog import CatalogActivities
from activities.child_runs import ChildRunActivities
from activities.objects import ObjectActivities
from activities.past_runs import PastRunActivities
from activities.runs import RunActivities
from activities.tasks import TaskActivities
from runwright.models.gates import Author, GateOutcome, Identity, Verdict
from runwright.models.history import OPEN, Cause, Subject
from runwright.models.kratix import (
    Ending,
    OnDeadline,
    Standing,
    Trigger,
    parent_id,
    promise_id,
)
from runwright.models.story_run import Section, StepReason, workflow_id
from runwright.models.tasks import Backend, OutcomeReason
from runwright.worker import WORKFLOWS
from tests.unit.rules.kratix.runs import PROMISE, REQUEST
from workflows.pipelines import PipelinesWorkflow
from workflows.presentation import SEARCH_ATTRIBUTES
from workflows.promise import PromiseWorkflow
from workflows.resource_request import ResourceRequestWorkflow
from workflows.story_run import StoryRunWorkflow


def activity_names(kind: type) -> set[str | None]:
    """Return the names by which workflows call the activities of a class."""
    found = (activity._Definition.from_callable(member) for member in vars(kind).values())
    return {definition.name for definition in found if definition}


def test_the_workflows_that_a_worker_executes() -> None:
    names = [workflow._Definition.must_from_class(one).name for one in WORKFLOWS]

    assert names == ["StoryRun", "Deletion", "Promise", "ResourceRequest", "Pipelines"]


def test_the_messages_of_a_run() -> None:
    """Each update has a signal of its name, which also arrives when no worker is there."""
    definition = workflow._Definition.must_from_class(StoryRunWorkflow)

    assert set(definition.updates) == {"decide_gate", "pause", "resume", "cancel"}
    assert set(definition.signals) == {*definition.updates, "note_task", "note_child", "look_again"}
    assert set(definition.queries) == {"state"}


def test_the_messages_of_a_run_of_pipelines() -> None:
    definition = workflow._Definition.must_from_class(PipelinesWorkflow)

    assert set(definition.signals) == {"see", "note_task", "cancel"}
    assert set(definition.queries) == {"state"}
    assert definition.updates == {}


def test_the_messages_of_entities() -> None:
    request = workflow._Definition.must_from_class(ResourceRequestWorkflow)
    promise = workflow._Definition.must_from_class(PromiseWorkflow)
    updates = {"decide_gate", "pause", "resume", "cancel", "run_again"}
    told = {*updates, "see", "look_at_works", "look_at_parent", "note_run"}

    assert (set(request.updates), set(promise.updates)) == (updates, updates)
    assert set(request.signals) == {*told, "take_turn", "wait_turn", "confirm_turn"}
    assert set(promise.signals) == {*told, "ask_turn", "end_turn", "see_requirers"}
    assert (set(request.queries), set(promise.queries)) == ({"state"}, {"state"})


def test_the_ids_of_entities() -> None:
    assert parent_id(REQUEST) == "kratix/database/shop/orders/r-1"
    assert parent_id(PROMISE) == promise_id("database", "p-1") == "kratix/database/promise/p-1"


def test_the_words_of_entities() -> None:
    assert {*Trigger} == {
        "created",
        "changed",
        "manual",
        "runFromStart",
        "interval",
        "unpaused",
        "resumed",
        "retried",
        "next",
    }
    assert {*Ending} == {"Succeeded", "Failed", "Suspended", "Interrupted"}
    assert {*OnDeadline} == {"fail", "resume"}
    assert {*Standing} == {
        "Starting",
        "Running",
        "Waiting",
        "Suspended",
        "Paused",
        "Failed",
        "Ready",
        "Deleting",
        "Gone",
    }


def test_every_update_can_be_refused_before_it_is_written_into_the_history() -> None:
    for kind in (StoryRunWorkflow, PromiseWorkflow, ResourceRequestWorkflow):
        definition = workflow._Definition.must_from_class(kind)
        assert all(update.validator for update in definition.updates.values())


def test_the_activities() -> None:
    assert activity_names(TaskActivities) == {
        *("run_task", "find_task", "expect_task", "stop_task"),
    }
    assert activity_names(RunActivities) == {"cancel_own_run", "end_run", "terminate_run"}
    assert activity_names(CatalogActivities) == {"find_workers"}
    assert activity_names(ChildRunActivities) == {"make_child_run", "find_child_run"}
    assert activity_names(PastRunActivities) == {"find_continuation"}
    assert activity_names(ObjectActivities) == {
        "ensure_objects",
        "show_status",
        "remove_tasks",
        "release_object",
        "is_namespace_ending",
    }


def test_the_search_attributes() -> None:
    """A Temporal namespace keeps their types for good."""
    assert {key.name: key.indexed_value_type for key in SEARCH_ATTRIBUTES} == {
        "RunwrightKind": Kind.KEYWORD,
        "RunwrightNamespace": Kind.KEYWORD,
        "RunwrightName": Kind.KEYWORD,
        "RunwrightPhase": Kind.KEYWORD,
        "RunwrightTemplate": Kind.KEYWORD,
        "RunwrightCluster": Kind.KEYWORD,
        "RunwrightPendingGate": Kind.KEYWORD_LIST,
    }


def test_the_id_of_a_run() -> None:
    assert workflow_id("team", "release-1") == "storyrun/team/release-1/local"
    assert workflow_id("team", "release-1", "7f3a") == "storyrun/team/release-1/7f3a"


def test_the_words_of_gates() -> None:
    assert {*Verdict} == {"approve", "reject"}
    assert {*Identity} == {"verified", "claimed"}
    assert {*Author} == {"may", "may-not"}
    assert {*GateOutcome} == {"Approved", "Rejected", "TimedOut", "Closed"}


def test_the_words_of_histories() -> None:
    """They are kept with every run, and carried into executions by later versions."""
    assert OPEN == "Open"
    assert {*Subject} == {"run", "step", "gate"}
    assert {*Cause} == {
        "Created",
        "Started",
        "Retried",
        "Paused",
        "Resumed",
        "CancelRequested",
        "DeadlinePassed",
        "Approve",
        "Reject",
        "DecidedBefore",
        "DecisionRefused",
        "DecisionVoid",
        "Stalled",
        "GetsOn",
    }


def test_the_words_of_steps_and_tasks() -> None:
    assert {*Section} == {"steps", "compensations", "finally"}
    assert {*StepReason} == {
        "Condition",
        "FailFast",
        "DependencyFailed",
        "StorySucceeded",
        "ExpressionFailed",
        "InvalidConfiguration",
        "ReferenceNotFound",
        "TemplateNotFound",
        "EngramReferenceInvalid",
        "TemplateResolutionFailed",
        "RetryScheduled",
        "TimedOut",
        "WaitsInVain",
        "Rejected",
        "ExecutionFailed",
        "InputSchemaFailed",
        "OutputSchemaFailed",
        "Canceled",
        "StoryTimedOut",
        "Stopped",
        "Kept",
    }
    assert {*OutcomeReason} == {
        "Completed",
        "Exited",
        "TimedOut",
        "Stopped",
        "Lost",
        "CommandNotStarted",
        "Refused",
        "OutputInvalid",
        "OutputSchemaFailed",
        "OutputTooLarge",
    }
    assert {*Backend} == {"local", "kubernetes", "memory"}
