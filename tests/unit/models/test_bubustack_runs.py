"""StoryRun and StepRun as a cluster or a file sends them."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.bubustack import GateDecisionState, GateStatus, StepRun, StoryRun, runs
from tests.unit.models.golden import changed, dumped, fields_left_out

CONDITION = {
    "type": "Ready",
    "status": "False",
    "reason": "DependencyFailed",
    "message": "step fetch failed",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-01-02T03:09:05Z",
}
TRACE = {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7"}
STORY_RUN: dict[str, Any] = {
    "apiVersion": "runs.bubustack.io/v1alpha1",
    "kind": "StoryRun",
    "metadata": {"name": "nightly-1", "namespace": "data", "uid": "u-1", "generation": 1},
    "spec": {
        "storyRef": {"name": "nightly", "namespace": "data", "version": "1.4.0", "uid": "u-2"},
        "impulseRef": {"name": "cron", "namespace": "data", "version": "1", "uid": "u-3"},
        "inputs": {"url": "https://example.org", "since": None},
        "cancelRequested": True,
    },
    "status": {
        "observedGeneration": 1,
        "phase": "Failed",
        "message": "step fetch failed",
        "conditions": [CONDITION],
        "active": ["report"],
        "completed": ["approve"],
        "stepsTotal": 4,
        "stepsComplete": 1,
        "stepsFailed": 1,
        "stepsSkipped": 2,
        "primitiveChildren": {"both": ["nightly-1-both-a", "nightly-1-both-b"]},
        "startedAt": "2026-01-02T03:04:05Z",
        "finishedAt": "2026-01-02T03:09:05Z",
        "childrenCleanedAt": "2026-01-02T04:09:05Z",
        "duration": "5m0s",
        "attempts": 2,
        "trace": {**TRACE, "sampled": True},
        "inputSchemaRef": {"ref": "bubu://story/data/nightly/inputs", "version": "1.4.0"},
        "outputSchemaRef": {"ref": "bubu://story/data/nightly/output", "version": "1.4.0"},
        "output": {"rows": 0},
        "error": {"type": "execution_error", "failedSteps": ["fetch"]},
        "stepStates": {
            "approve": {
                "phase": "Succeeded",
                "message": "Gate approved.",
                "startedAt": "2026-01-02T03:04:05Z",
                "finishedAt": "2026-01-02T03:05:05Z",
                "subStoryRunName": "nightly-1-approve",
            }
        },
        "gates": {
            "approve": {
                "state": "Approved",
                "message": "go ahead",
                "updatedAt": "2026-01-02T03:05:05Z",
                "updatedBy": "ada",
            }
        },
        "allowedFailures": ["fetch"],
        "triggerTokens": ["story", "impulse", "impulse-failed", "impulse-success"],
    },
}
STEP_RUN: dict[str, Any] = {
    "apiVersion": "runs.bubustack.io/v1alpha1",
    "kind": "StepRun",
    "metadata": {"name": "nightly-1-fetch", "namespace": "data"},
    "spec": {
        "storyRunRef": {"name": "nightly-1", "namespace": "data", "uid": "u-1"},
        "stepId": "fetch",
        "engramRef": {"name": "fetcher", "namespace": "data", "version": "2", "uid": "u-4"},
        "idempotencyKey": "ns/data/storyrun/nightly-1/step/fetch",
        "templateGeneration": 7,
        "input": {"url": "{{ inputs.url }}"},
        "timeout": "1m30s",
        "retry": {"maxRetries": 2, "delay": "1s", "backoff": "exponential"},
        "executionOverrides": {
            "cpuRequest": "100m",
            "cpuLimit": "500m",
            "memoryRequest": "128Mi",
            "memoryLimit": "512Mi",
            "placement": {"nodeSelector": {"disk": "ssd"}},
            "cache": {"enabled": True},
            "debug": False,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 600,
            "restartPolicy": "Never",
        },
        "downstreamTargets": [
            {"grpc": {"endpoint": "speaker.data.svc:50051"}},
            {"terminate": {"stopMode": "success"}},
        ],
    },
    "status": {
        "observedGeneration": 1,
        "phase": "Failed",
        "startedAt": "2026-01-02T03:05:05Z",
        "finishedAt": "2026-01-02T03:06:05Z",
        "duration": "1m0s",
        "lastOutputAt": "2026-01-02T03:06:00Z",
        "trace": {**TRACE, "sampled": False},
        "conditions": [CONDITION],
        "exitCode": 137,
        "exitClass": "rateLimited",
        "podName": "nightly-1-fetch-x7k2p",
        "retries": 2,
        "nextRetryAt": "2026-01-02T03:06:09Z",
        "lastFailureMsg": "HTTP 429",
        "inputSchemaRef": {"ref": "bubu://engram/data/fetcher/input", "version": "2"},
        "outputSchemaRef": {"ref": "bubu://engram/data/fetcher/output", "version": "2"},
        "output": {"rows": 0},
        "logs": {"$bubuStorageRef": "outputs/data/nightly-1-fetch/logs.json"},
        "error": {
            "version": "v1",
            "type": "execution_error",
            "message": "HTTP 429",
            "retryable": True,
            "exitCode": 137,
            "exitClass": "rateLimited",
            "code": "E429",
            "details": {"server": "example.org"},
        },
        "handoff": {
            "strategy": "blue_green",
            "phase": "cutover",
            "message": "1 of 2",
            "updatedAt": "2026-01-02T03:06:00Z",
        },
        "needs": ["nightly-1-approve"],
        "signals": {"progress.percent": {"type": "number", "sizeBytes": 2}, "text": "half"},
        "signalEvents": [
            {
                "seq": 1,
                "key": "progress.percent",
                "emittedAt": "2026-01-02T03:05:35Z",
                "payload": {"type": "number", "sizeBytes": 2},
            }
        ],
        "effects": [
            {
                "seq": 1,
                "key": "github.comment",
                "status": "completed",
                "emittedAt": "2026-01-02T03:05:40Z",
                "details": {"id": 99},
            }
        ],
    },
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    story_run, step_run = StoryRun.model_validate(STORY_RUN), StepRun.model_validate(STEP_RUN)

    assert (dumped(story_run), dumped(step_run)) == (STORY_RUN, STEP_RUN)
    assert fields_left_out(runs, story_run, step_run) == set()


def test_a_run_says_how_long_it_took_as_a_duration() -> None:
    run = StoryRun.model_validate(STORY_RUN)

    assert run.status is not None
    assert run.status.duration == timedelta(minutes=5)


def test_the_smallest_run_names_its_story() -> None:
    run = StoryRun.model_validate({"metadata": {}, "spec": {"storyRef": {"name": "nightly"}}})

    assert run.spec.inputs is None
    assert run.status is None


def test_a_run_comes_back_from_a_workflows_input_as_it_went_in() -> None:
    """What is passed on is JSON with every field, also those that nobody set."""
    run = StoryRun.model_validate({"metadata": {}, "spec": {"storyRef": {"name": "nightly"}}})

    assert StoryRun.model_validate_json(run.model_dump_json()) == run


def test_a_gate_that_only_has_a_message_is_not_decided() -> None:
    assert GateStatus(message="looking at it").state is GateDecisionState.PENDING


def test_fields_of_a_newer_version_are_tolerated() -> None:
    newer = changed(STORY_RUN, ("spec", "priorityClass"), "high")
    newer = changed(newer, ("status", "gates", "approve", "evidence"), {"ticket": 7})

    assert dumped(StoryRun.model_validate(newer)) == STORY_RUN


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "bubustack.io/v1alpha1"),
        (("kind",), "Story"),
        (("spec", "storyRef"), None),
        (("spec", "storyRef", "name"), ""),
        (("spec", "inputs"), ["url"]),
        (("spec", "cancelRequested"), "true"),
        (("status", "phase"), "Done"),
        (("status", "stepsFailed"), 2**31),
        (("status", "primitiveChildren", "both"), "nightly-1-both-a"),
        (("status", "startedAt"), "2026-01-02"),
        (("status", "duration"), 300),
        (("status", "stepStates", "approve", "phase"), None),
        (("status", "gates", "approve", "state"), "approved"),
        (("status", "gates", "approve", "updatedAt"), "just now"),
        (("status", "triggerTokens", 0), "cron"),
    ],
)
def test_a_story_run_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        StoryRun.model_validate(changed(STORY_RUN, path, value))

    assert refused.value.errors()[0]["loc"] == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "storyRunRef"), None),
        (("spec", "stepId"), "Fetch"),
        (("spec", "stepId"), "x" * 64),
        (("spec", "idempotencyKey"), "x" * 257),
        (("spec", "templateGeneration"), 2**63),
        (("spec", "input"), "url"),
        (("spec", "timeout"), "90"),
        (("spec", "retry", "maxRetries"), 11),
        (("spec", "executionOverrides", "backoffLimit"), "0"),
        (("spec", "downstreamTargets", 0, "grpc", "endpoint"), None),
        (("spec", "downstreamTargets", 1, "terminate", "stopMode"), "abort"),
        (("status", "retries"), None),
        (("status", "exitCode"), "137"),
        (("status", "exitClass"), "oom"),
        (("status", "error", "type"), "http_error"),
        (("status", "error", "message"), None),
        (("status", "error", "exitCode"), -1),
        (("status", "handoff", "strategy"), "canary"),
        (("status", "handoff", "phase"), "rollback"),
        (("status", "signalEvents"), [{"seq": 1, "key": "a"}] * 257),
        (("status", "signalEvents", 0, "seq"), None),
        (("status", "effects"), [{"seq": 1, "key": "a"}] * 257),
        (("status", "effects", 0, "key"), None),
    ],
)
def test_a_step_run_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        StepRun.model_validate(changed(STEP_RUN, path, value))

    assert refused.value.errors()[0]["loc"] == path


def test_no_status_of_a_step_run_is_without_its_retries() -> None:
    """The API server refuses it: whoever writes a first status must say 0."""
    status = {key: value for key, value in STEP_RUN["status"].items() if key != "retries"}

    with pytest.raises(ValidationError, match=r"(?m)^status\.retries$"):
        StepRun.model_validate(changed(STEP_RUN, ("status",), status))


def test_an_error_of_the_first_version_need_not_say_so() -> None:
    bare = {"type": "timeout", "message": "took too long"}

    run = StepRun.model_validate(changed(STEP_RUN, ("status", "error"), bare))

    assert run.status is not None
    assert run.status.error is not None
    assert run.status.error.version == "v1"
