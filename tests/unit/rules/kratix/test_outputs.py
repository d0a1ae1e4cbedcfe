"""What the steps of a pipeline leave in its metadata folder."""

from datetime import timedelta

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import WorkflowControl
from runwright.rules.kratix.outputs import (
    merged_status,
    passed_over,
    pipeline_status,
    workflow_control,
)


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("", WorkflowControl()),
        ("suspend: false", WorkflowControl()),
        ("suspend: true\nmessage: why", WorkflowControl(suspend=True, message="why")),
        ("retryAfter: 1m30s", WorkflowControl(retry_after=timedelta(seconds=90))),
        ("retryAfter: ''", WorkflowControl()),
        ("suspend: true\nmaxAttempts: 3", WorkflowControl(suspend=True)),
        ('{"suspend": true}', WorkflowControl(suspend=True)),
    ],
)
def test_a_pipeline_says_whether_it_is_to_be_run_again(text: str, control: WorkflowControl) -> None:
    """What nobody knows is passed over, as upstream does."""
    assert workflow_control(text) == control


def test_a_delay_wins_over_waiting_for_somebody() -> None:
    """K31."""
    control = workflow_control("suspend: true\nretryAfter: 10s")

    assert control.holds
    assert control.retry_after == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("retryAfter: 1d", 'retryAfter: "1d" is not a duration'),
        ("retryAfter: 90", 'retryAfter: "90" is not a duration'),
        ("retryAfter: [1]", "retryAfter: "),
        ("retryAfter: {}", "retryAfter: "),
        ("suspend: maybe", 'suspend: must be true or false, not "maybe"'),
        ("message: [a]", "message: must be text"),
        ("- suspend", "must be an object"),
        ("suspend: [", "line 2, column 1"),
    ],
)
def test_a_control_file_that_cannot_be_read_fails_its_pipeline(text: str, why: str) -> None:
    """K31."""
    with pytest.raises(InvalidManifestError, match=rf"^workflow-control\.yaml: .*{why}"):
        workflow_control(text)


@pytest.mark.parametrize("field", ["aproval", "approvals", "Approval", "approve", "approver"])
def test_a_misspelt_policy_fails_its_pipeline(field: str) -> None:
    """Passed over, it would let anybody decide."""
    why = rf'^workflow-control\.yaml: {field}: .* \(did you mean "approval"\?\)$'
    with pytest.raises(InvalidManifestError, match=why):
        workflow_control(f"suspend: true\n{field}: {{users: [ada]}}")


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("{user: [ada]}", r'approval\.user: .* \(did you mean "users"\?\)$'),
        ("{users: [ada], required: 2}", r"approval\.required: asks for 2 approvals, but no more"),
    ],
)
def test_a_policy_that_nobody_can_fulfil_fails_its_pipeline(policy: str, why: str) -> None:
    with pytest.raises(InvalidManifestError, match=why):
        workflow_control(f"suspend: true\napproval: {policy}")


def test_other_fields_that_nobody_knows_are_named() -> None:
    """K31: upstream passes them over, and one of its guides has `maxAttempts`."""
    told = passed_over("retry_after: 1m\nmaxAttempts: 3\nsuspend: true")

    assert told == (
        'workflow-control.yaml: nobody reads "retry_after" (did you mean "retryAfter"?)'
        ' and "maxAttempts"'
    )
    assert passed_over("suspend: true\nmessage: a") == passed_over("") == ""


def test_a_field_replaces_the_one_of_its_name_as_a_whole() -> None:
    """K47: also a list and an object; what is left out stays."""
    before = {"message": "old", "iam": {"role": "a", "user": "b"}, "hosts": ["a"], "kept": 1}

    merged = merged_status(before, {"iam": {"role": "c"}, "hosts": ["b"]})

    assert merged == {"message": "old", "iam": {"role": "c"}, "hosts": ["b"], "kept": 1}


def test_conditions_are_told_apart_by_their_type() -> None:
    """K47."""
    before = {"conditions": [{"type": "A", "status": "False"}, {"type": "B", "status": "True"}]}
    added = {"conditions": [{"type": "A", "status": "True"}, {"type": "C", "status": "True"}]}

    merged = merged_status(before, added)

    assert merged["conditions"] == [
        {"type": "A", "status": "True"},
        {"type": "B", "status": "True"},
        {"type": "C", "status": "True"},
    ]


def test_nothing_written_is_nothing_added() -> None:
    assert pipeline_status("") == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kratix: {workflows: {}}", "kratix: is not for pipelines to write"),
        ("ready", "must be an object"),
        ("conditions: soon", "conditions: must be a list"),
        ("conditions: [{type: A, status: Maybe}]", r"conditions\[0\]\.status: must be"),
    ],
)
def test_a_status_that_cannot_be_written_fails_its_pipeline(text: str, why: str) -> None:
    """K47."""
    with pytest.raises(InvalidManifestError, match=rf"^status\.yaml: {why}"):
        pipeline_status(text)
