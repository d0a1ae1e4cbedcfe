"""The words that BubuStack's kinds share, and the metadata of every object."""

from enum import StrEnum

import pytest
from pydantic import TypeAdapter, ValidationError

from runwright.models import bubustack, metadata
from runwright.models.base import WireModel
from runwright.models.bubustack import (
    BackoffStrategy,
    CacheMode,
    ConcurrencyMode,
    ConcurrencyScope,
    DeliverySemantics,
    DnsLabel,
    DnsName,
    DropPolicy,
    EngramReference,
    EngramTemplateReference,
    ExitClass,
    FanInMode,
    FanOutMode,
    FlowControlMode,
    GateDecisionState,
    HandoffPhase,
    ImpulseReference,
    LaneDirection,
    LaneKind,
    ObjectReference,
    OrderingMode,
    PartitionMode,
    Phase,
    RecordingMode,
    ReplayMode,
    RoutingMode,
    RoutingRuleAction,
    SamplePolicy,
    SecretMountType,
    StepRunReference,
    StepType,
    StopMode,
    StoryPattern,
    StoryReference,
    StoryRunReference,
    StructuredErrorType,
    TransportMode,
    TriggerToken,
    UpgradeStrategy,
    ValidationStatus,
    WorkloadMode,
)
from runwright.models.metadata import Condition, ConditionStatus, ObjectMeta
from tests.unit.models.golden import changed, dumped, fields_left_out

ENUMS: list[tuple[type[StrEnum], str]] = [
    (BackoffStrategy, "exponential linear constant"),
    (CacheMode, "read write readWrite"),
    (ConcurrencyMode, "serial cancelPrevious parallel"),
    (ConcurrencyScope, "storyrun participant"),
    (DeliverySemantics, "best_effort at_least_once"),
    (DropPolicy, "drop_newest drop_oldest"),
    (ExitClass, "success retry terminal rateLimited unknown"),
    (FanInMode, "all any quorum"),
    (FanOutMode, "sequential parallel"),
    (FlowControlMode, "none credits window"),
    (GateDecisionState, "Pending Approved Rejected"),
    (HandoffPhase, "pending draining cutover ready"),
    (LaneDirection, "publish subscribe bidirectional"),
    (LaneKind, "audio video binary payload control"),
    (OrderingMode, "none per_stream per_partition"),
    (PartitionMode, "none preserve hash"),
    (
        Phase,
        "Pending Running Succeeded Failed Finished Canceled Compensated Paused Blocked Scheduling "
        "Timeout Aborted Skipped",
    ),
    (RecordingMode, "off metadata payload"),
    (ReplayMode, "none memory durable"),
    (RoutingMode, "auto hub p2p"),
    (RoutingRuleAction, "allow deny"),
    (SamplePolicy, "rate random always never"),
    (SecretMountType, "env file both"),
    (StepType, "condition parallel sleep stop wait executeStory gate"),
    (StopMode, "success failure cancel"),
    (StoryPattern, "batch realtime"),
    (
        StructuredErrorType,
        "timeout storage_error serialization_error validation_error initialization_error "
        "execution_error unknown",
    ),
    (TransportMode, "hot fallback"),
    (TriggerToken, "impulse impulse-success impulse-failed story"),
    (UpgradeStrategy, "rolling drain_cutover blue_green"),
    (ValidationStatus, "valid invalid unknown pending"),
    (WorkloadMode, "job deployment statefulset"),
    (ConditionStatus, "True False Unknown"),
]

METADATA = {
    "name": "nightly.reports",
    "generateName": "nightly-",
    "namespace": "data",
    "uid": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "resourceVersion": "4711",
    "generation": 3,
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "deletionTimestamp": "2026-01-02T04:04:05Z",
    "labels": {"bubustack.io/story-name": "nightly"},
    "annotations": {"storyrun.bubustack.io/redrive-token": "again"},
    "finalizers": ["storyrun.bubustack.io/finalizer"],
    "ownerReferences": [
        {
            "apiVersion": "runs.bubustack.io/v1alpha1",
            "kind": "StoryRun",
            "name": "nightly",
            "uid": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ],
}
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Completed",
    "message": "all steps are done",
    "observedGeneration": 3,
    "lastTransitionTime": "2026-01-02T03:04:05Z",
}


@pytest.mark.parametrize(("enum", "words"), ENUMS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_enum_has_exactly_upstreams_words(enum: type[StrEnum], words: str) -> None:
    assert [str(member) for member in enum] == words.split()


def test_no_enum_goes_unchecked() -> None:
    exported = {
        value
        for value in map(vars(bubustack).get, bubustack.__all__)
        if isinstance(value, type) and issubclass(value, StrEnum)
    }

    assert exported <= {enum for enum, _ in ENUMS}


def test_nothing_follows_a_terminal_phase() -> None:
    going_on = {phase for phase in Phase if not phase.is_terminal}

    assert going_on == {
        Phase.PENDING,
        Phase.RUNNING,
        Phase.PAUSED,
        Phase.BLOCKED,
        Phase.SCHEDULING,
    }


@pytest.mark.parametrize("name", ["a", "a-b", "0", "step-1", "x" * 63])
def test_a_label_is_lower_case_with_inner_hyphens(name: str) -> None:
    assert TypeAdapter[str](DnsLabel).validate_python(name) == name


@pytest.mark.parametrize(
    "name", ["", "A", "-a", "a-", "a.b", "a_b", "a/b", "..", "a\n", "é", "x" * 64, 1, None]
)
def test_what_is_no_label_is_refused(name: object) -> None:
    """A name becomes part of objects' names, and of file names where there is no cluster."""
    with pytest.raises(ValidationError, match="1 validation error"):
        TypeAdapter[str](DnsLabel).validate_python(name)


def test_a_name_to_refer_to_may_be_longer_than_a_label_but_has_no_dots() -> None:
    names = TypeAdapter[str](DnsName)

    assert names.validate_python("x" * 253)
    with pytest.raises(ValidationError, match="at most 253"):
        names.validate_python("x" * 254)
    with pytest.raises(ValidationError, match="pattern"):
        names.validate_python("team.story")


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (ObjectReference, {"name": "a", "namespace": "b"}),
        (StoryReference, {"name": "a", "namespace": "b", "version": "1.2", "uid": "u"}),
        (EngramReference, {"name": "a", "namespace": "b", "version": "1.2", "uid": "u"}),
        (ImpulseReference, {"name": "a", "namespace": "b", "version": "1.2", "uid": "u"}),
        (StoryRunReference, {"name": "a", "namespace": "b", "uid": "u"}),
        (StepRunReference, {"name": "a", "namespace": "b", "uid": "u"}),
        (EngramTemplateReference, {"name": "a.b", "version": "1.2", "uid": "u"}),
    ],
)
def test_a_reference_reads_and_writes_all_it_has(
    model: type[WireModel], document: dict[str, str]
) -> None:
    reference = model.model_validate(document)

    assert dumped(reference) == document
    assert reference.model_fields_set == set(model.model_fields)


@pytest.mark.parametrize(
    ("model", "document", "field"),
    [
        (StoryReference, {}, "name"),
        (StoryReference, {"name": "a.b"}, "name"),
        (StoryReference, {"name": "a", "namespace": "x" * 64}, "namespace"),
        (StoryReference, {"name": "a", "version": "x" * 65}, "version"),
        (EngramTemplateReference, {"name": ""}, "name"),
        (EngramTemplateReference, {"name": "x" * 254}, "name"),
    ],
)
def test_a_reference_out_of_bounds_is_refused(
    model: type[WireModel], document: dict[str, str], field: str
) -> None:
    with pytest.raises(ValidationError, match=f"(?m)^{field}$"):
        model.model_validate(document)


def test_metadata_and_conditions_read_and_write_all_they_have() -> None:
    meta = ObjectMeta.model_validate(METADATA)
    condition = Condition.model_validate(CONDITION)

    assert (dumped(meta), dumped(condition)) == (METADATA, CONDITION)
    assert fields_left_out(metadata, meta, condition) == set()


def test_metadata_may_be_empty_and_comes_back_from_json_as_it_was() -> None:
    """A workflow's input is written with every field, also those that nobody set."""
    empty = ObjectMeta.model_validate({"creationTimestamp": None, "managedFields": [{}]})

    assert ObjectMeta.model_validate_json(empty.model_dump_json()) == empty == ObjectMeta()


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "A", "a..b", "a.", "x" * 254, "a b"])
def test_an_objects_name_is_a_dns_subdomain(name: str) -> None:
    with pytest.raises(ValidationError, match=r"(?m)^name$"):
        ObjectMeta(name=name)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("namespace",), "a.b"),
        (("namespace",), "../etc"),
        (("namespace",), "x" * 64),
        (("generation",), "3"),
        (("generation",), True),
        (("creationTimestamp",), "yesterday"),
        (("creationTimestamp",), "2026-01-02T03:04:05"),
        (("labels",), ["a"]),
        (("labels", "bubustack.io/story-name"), 1),
        (("finalizers",), "one"),
        (("ownerReferences", 0, "uid"), None),
        (("ownerReferences", 0, "controller"), "true"),
    ],
)
def test_metadata_of_a_wrong_type_is_refused(path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        ObjectMeta.model_validate(changed(METADATA, path, value))

    assert refused.value.errors()[0]["loc"] == path


@pytest.mark.parametrize("status", ["true", True, "", None])
def test_a_conditions_status_is_one_of_three_words(status: object) -> None:
    with pytest.raises(ValidationError, match=r"(?m)^status$"):
        Condition.model_validate({"type": "Ready", "status": status})


def test_a_condition_that_somebody_else_wrote_is_read_whatever_its_length() -> None:
    long = Condition(
        type="Ready", status=ConditionStatus.FALSE, reason="x" * 65, message="x" * 2_049
    )

    assert len(long.message) == 2_049
