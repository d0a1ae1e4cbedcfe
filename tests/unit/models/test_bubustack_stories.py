"""Story and Engram as a cluster or a file sends them."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.bubustack import (
    ConcurrencyMode,
    ConcurrencyScope,
    Engram,
    StepType,
    Story,
    StoryPattern,
    stories,
)
from tests.unit.models.golden import changed, dumped, fields_left_out

CONDITION = {
    "type": "Ready",
    "status": "False",
    "reason": "ValidationFailed",
    "message": "the Engram default/fetcher does not exist",
    "observedGeneration": 2,
    "lastTransitionTime": "2026-01-02T03:04:05Z",
}
STORY: dict[str, Any] = {
    "apiVersion": "bubustack.io/v1alpha1",
    "kind": "Story",
    "metadata": {"name": "nightly", "namespace": "data", "generation": 2},
    "spec": {
        "version": "1.4.0",
        "pattern": "realtime",
        "concurrency": {"mode": "cancelPrevious", "scope": "participant"},
        "inputsSchema": {"type": "object", "required": ["url"]},
        "outputsSchema": {"type": "object"},
        "output": {"rows": "{{ steps.fetch.output.rows }}"},
        "steps": [
            {
                "name": "fetch",
                "id": "fetch-1",
                "needs": ["approve"],
                "if": "{{ inputs.enabled }}",
                "allowFailure": True,
                "sideEffects": False,
                "requires": ["steps.approve.output.by"],
                "idempotencyKeyTemplate": "{{ inputs.url }}",
                "ref": {"name": "fetcher", "namespace": "data", "version": "2", "uid": "u-1"},
                "with": {"url": "{{ inputs.url }}", "headers": {"if": ["with"], "snake_case": 1}},
                "runtime": {"prompt": "{{ packet.text }}"},
                "transport": "voice",
                "secrets": {"token": "fetcher-token"},
                "execution": {"timeout": "1m30s", "retry": {"maxRetries": 0}},
                "postExecution": {
                    "condition": "{{ gt steps.fetch.output.rows 0 }}",
                    "failureMessage": "nothing was fetched",
                },
            },
            {"name": "approve", "type": "gate", "with": {"timeout": "1h", "onTimeout": "skip"}},
        ],
        "compensations": [{"name": "undo", "ref": {"name": "undoer"}}],
        "finally": [{"name": "report", "type": "executeStory", "needs": ["undo"]}],
        "policy": {
            "timeouts": {
                "story": "2h0m0s",
                "step": "10m0s",
                "gracefulShutdownTimeout": "45s",
            },
            "with": {"url": "https://example.org"},
            "retries": {
                "stepRetryPolicy": {"maxRetries": 2, "delay": "5s"},
                "continueOnStepFailure": True,
            },
            "concurrency": 4,
            "queue": "nightly",
            "priority": 10,
            "storage": {"file": {"path": "/var/outputs"}},
            "execution": {"timeout": "20m0s"},
        },
        "transports": [
            {
                "name": "voice",
                "transportRef": "livekit",
                "description": "the call",
                "streaming": {"lifecycle": {"drainTimeoutSeconds": 30}},
                "settings": {"room": "main"},
            }
        ],
    },
    "status": {
        "observedGeneration": 2,
        "conditions": [CONDITION],
        "stepsTotal": 4,
        "transports": [
            {
                "name": "voice",
                "transportRef": "livekit",
                "mode": "hot",
                "modeReason": "streaming-default",
            }
        ],
        "validationStatus": "invalid",
        "validationErrors": ["the Engram default/fetcher does not exist"],
        "validationWarnings": ["steps.undo is not reachable"],
        "usageCount": 1,
        "triggers": 12,
    },
}
ENGRAM: dict[str, Any] = {
    "apiVersion": "bubustack.io/v1alpha1",
    "kind": "Engram",
    "metadata": {"name": "fetcher", "namespace": "data"},
    "spec": {
        "version": "2",
        "templateRef": {"name": "http.client", "version": "1.0.0", "uid": "u-2"},
        "mode": "statefulset",
        "with": {"userAgent": "nightly"},
        "secrets": {"token": "fetcher-token"},
        "executionPolicy": {"maxRecursionDepth": 8},
        "overrides": {"debug": True},
        "transport": {"tls": {"secretRef": {"name": "tls"}, "useDefaultTLS": False}},
    },
    "status": {
        "observedGeneration": 1,
        "conditions": [CONDITION],
        "replicas": 2,
        "readyReplicas": 1,
        "phase": "Running",
        "validationStatus": "valid",
        "validationErrors": ["none that counts"],
        "usageCount": 3,
        "triggers": 40,
        "lastExecutionTime": "2026-01-02T03:04:05Z",
        "totalExecutions": 39,
        "failedExecutions": 2,
    },
}
SMALLEST: dict[str, Any] = {
    "metadata": {"name": "one-step"},
    "spec": {"steps": [{"name": "only", "type": "stop"}]},
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    story, engram = Story.model_validate(STORY), Engram.model_validate(ENGRAM)

    assert (dumped(story), dumped(engram)) == (STORY, ENGRAM)
    assert fields_left_out(stories, story, engram) == set()


def test_a_story_says_in_python_what_it_says_on_the_wire() -> None:
    """Words that Python keeps for itself carry an underscore there, and only there."""
    story = Story.model_validate(STORY)

    fetch, approve = story.spec.steps
    assert fetch.if_ == "{{ inputs.enabled }}"
    assert approve.with_ == {"timeout": "1h", "onTimeout": "skip"}
    assert (approve.type, fetch.type) == (StepType.GATE, None)
    assert [step.name for step in story.spec.finally_] == ["report"]
    assert story.spec.policy is not None
    assert story.spec.policy.timeouts is not None
    assert story.spec.policy.timeouts.story == timedelta(hours=2)


def test_the_smallest_story_runs_in_batch_without_policy() -> None:
    story = Story.model_validate(SMALLEST)

    assert story.spec.pattern is StoryPattern.BATCH
    assert (story.spec.policy, story.status) == (None, None)
    assert story.spec.steps[0].needs == ()
    assert (story.spec.compensations, story.spec.finally_) == ((), ())


def test_a_concurrency_of_which_only_half_is_said_gets_upstreams_other_half() -> None:
    story = Story.model_validate(changed(SMALLEST, ("spec", "concurrency"), {}))

    assert story.spec.concurrency is not None
    assert story.spec.concurrency.mode is ConcurrencyMode.PARALLEL
    assert story.spec.concurrency.scope is ConcurrencyScope.STORY_RUN


@pytest.mark.parametrize("document", [STORY, SMALLEST], ids=["largest", "smallest"])
def test_a_story_comes_back_from_a_workflows_input_as_it_went_in(document: dict[str, Any]) -> None:
    """A snapshot is JSON with every field, also those that nobody set."""
    story = Story.model_validate(document)

    assert Story.model_validate_json(story.model_dump_json()) == story


def test_fields_of_a_newer_version_are_tolerated() -> None:
    newer = changed(STORY, ("spec", "steps", 0, "loop"), {"times": 3})
    newer = changed(newer, ("metadata", "managedFields"), [{"manager": "kubectl"}])

    assert dumped(Story.model_validate(newer)) == STORY


def test_rules_between_fields_are_not_the_models_business() -> None:
    """They are reported with all other problems of the document, by a rule."""
    twice = {"name": "twice", "type": "stop", "ref": {"name": "also"}, "needs": ["nobody"]}

    story = Story.model_validate(changed(SMALLEST, ("spec", "steps"), [twice, twice]))

    assert len(story.spec.steps) == 2


STEP = ("spec", "steps", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "bubustack.io/v1"),
        (("kind",), "story"),
        (("metadata",), None),
        (("spec",), None),
        (("spec", "version"), "x" * 65),
        (("spec", "pattern"), "streaming"),
        (("spec", "concurrency", "mode"), "none"),
        (("spec", "concurrency", "scope"), "cluster"),
        (("spec", "inputsSchema"), "object"),
        (("spec", "output"), ["rows"]),
        (("spec", "steps"), []),
        (("spec", "steps"), [{"name": "a", "type": "stop"}] * 101),
        (("spec", "compensations"), [{"name": "a", "type": "stop"}] * 51),
        (("spec", "finally"), [{"name": "a", "type": "stop"}] * 51),
        ((*STEP, "name"), None),
        ((*STEP, "name"), "Fetch"),
        ((*STEP, "name"), "fetch.it"),
        ((*STEP, "name"), "x" * 64),
        ((*STEP, "id"), "x" * 64),
        ((*STEP, "needs"), "approve"),
        ((*STEP, "needs", 0), 1),
        ((*STEP, "type"), "loop"),
        ((*STEP, "if"), True),
        ((*STEP, "allowFailure"), "true"),
        ((*STEP, "idempotencyKeyTemplate"), "x" * 513),
        ((*STEP, "ref"), "fetcher"),
        ((*STEP, "ref", "name"), "Fetcher"),
        ((*STEP, "with"), ["url"]),
        ((*STEP, "transport"), "Voice"),
        ((*STEP, "secrets", "token"), 1),
        ((*STEP, "execution", "timeout"), 90),
        ((*STEP, "postExecution", "condition"), ""),
        (("spec", "policy", "timeouts", "story"), "2 hours"),
        (("spec", "policy", "timeouts", "gracefulShutdownTimeout"), 45),
        (("spec", "policy", "retries", "continueOnStepFailure"), "no"),
        (("spec", "policy", "concurrency"), "4"),
        (("spec", "policy", "queue"), "Nightly"),
        (("spec", "policy", "priority"), -1),
        (("spec", "transports", 0, "name"), "Voice"),
        (("spec", "transports", 0, "transportRef"), ""),
        (("status", "validationStatus"), "ok"),
        (("status", "transports", 0, "mode"), "cold"),
        (("status", "triggers"), "12"),
    ],
)
def test_a_story_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Story.model_validate(changed(STORY, path, value))

    assert refused.value.errors()[0]["loc"] == path


@pytest.mark.parametrize(
    ("section", "most"), [("steps", 100), ("compensations", 50), ("finally", 50)]
)
def test_a_list_of_steps_may_be_as_long_as_its_limit(section: str, most: int) -> None:
    steps = [{"name": f"step-{number}", "type": "stop"} for number in range(most)]

    story = Story.model_validate(changed(SMALLEST, ("spec", section), steps))

    assert dumped(story)["spec"][section] == steps


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("apiVersion",), "runs.bubustack.io/v1alpha1"),
        (("spec", "templateRef"), None),
        (("spec", "templateRef", "name"), ""),
        (("spec", "mode"), "Job"),
        (("spec", "with"), "userAgent"),
        (("spec", "executionPolicy", "maxRecursionDepth"), 0),
        (("spec", "transport", "tls", "useDefaultTLS"), "false"),
        (("status", "phase"), "running"),
        (("status", "lastExecutionTime"), "today"),
    ],
)
def test_an_engram_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Engram.model_validate(changed(ENGRAM, path, value))

    assert refused.value.errors()[0]["loc"] == path
