"""Which StoryRuns and StepRuns an API server takes, and which changes to them."""

from typing import Final

import pytest

from testbed.cluster import Testbed
from testbed.errors import CommandError
from tests.cluster.documents import Document, created, dry_run, placed, with_status, would_become
from tests.unit.models import test_bubustack_runs as runs
from tests.unit.models.golden import changed

pytestmark = pytest.mark.usefixtures("crds")


@pytest.fixture(scope="module")
def story_run(testbed: Testbed, crds: None, place: str) -> Document:  # noqa: ARG001 - the order
    """A StoryRun that nobody has asked to cancel, with a status."""
    spec = {name: value for name, value in runs.STORY_RUN["spec"].items() if "cancel" not in name}
    return created(testbed, {**placed(runs.STORY_RUN, place, "immutable"), "spec": spec})


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("spec", "storyRef"), None, r"spec\.storyRef: Required value"),
        (("spec", "inputs"), ["url"], "must be of type object"),
        (("spec", "storyRef", "name"), "data.nightly", "should match"),
        (("spec", "cancelRequested"), "true", "must be of type boolean"),
    ],
    ids=["no-story", "inputs-of-another-kind", "no-name", "no-boolean"],
)
def test_a_story_run_that_says_nothing_is_refused(
    testbed: Testbed, place: str, path: tuple[str | int, ...], value: object, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        dry_run(testbed, placed(changed(runs.STORY_RUN, path, value), place))


@pytest.mark.parametrize(
    "spec",
    [{"cancelRequested": True}, {"cancelRequested": False}, {}],
    ids=["cancel", "not-yet", "nothing"],
)
def test_a_story_run_can_be_asked_to_cancel(
    testbed: Testbed, story_run: Document, spec: Document
) -> None:
    patched = would_become(testbed, story_run, {"spec": spec})

    assert patched["spec"] == {**story_run["spec"], **spec}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"inputs": {"url": "https://example.com"}}, "inputs cannot be changed"),
        ({"inputs": None}, "inputs cannot be changed"),
        ({"storyRef": {"version": "2"}}, "storyRef cannot be changed"),
        ({"impulseRef": None}, "impulseRef cannot be changed"),
        ({"cancelRequested": True, "inputs": {"more": 1}}, "inputs cannot be changed"),
    ],
    ids=["inputs", "no-inputs", "story", "no-impulse", "cancel-and-inputs"],
)
def test_nothing_else_of_a_story_run_can_be_changed(
    testbed: Testbed, story_run: Document, spec: Document, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        would_become(testbed, story_run, {"spec": spec})


@pytest.mark.parametrize("value", [False, None], ids=["false", "removed"])
def test_a_request_to_cancel_cannot_be_undone(testbed: Testbed, place: str, value: object) -> None:
    run = created(testbed, placed(runs.STORY_RUN, place, f"cancelled-{value}".lower()))

    with pytest.raises(CommandError, match="cancelRequested cannot be undone"):
        would_become(testbed, run, {"spec": {"cancelRequested": value}})


_READY: Final = runs.CONDITION
_PROGRESSING: Final = {**_READY, "type": "Progressing"}


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 2},
        {"observedGeneration": None},
        {"conditions": []},
        {"conditions": [_PROGRESSING, {**_READY, "message": "m" * 2048, "reason": "r" * 64}]},
    ],
    ids=["newer", "forgotten", "no-conditions", "longest-condition"],
)
def test_a_status_can_be_written(testbed: Testbed, story_run: Document, status: Document) -> None:
    patched = would_become(testbed, story_run, {"status": status}, "--subresource=status")

    for field, value in status.items():
        assert patched["status"].get(field) == value


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"observedGeneration": 0}, "observedGeneration cannot decrease"),
        ({"phase": "Done"}, "Unsupported value"),
        ({"conditions": [_PROGRESSING]}, "one of the conditions must be Ready"),
        ({"conditions": [_READY, _READY]}, "Duplicate value"),
        (
            {"conditions": [{"type": "Ready", "status": "True"}]},
            "must have a lastTransitionTime",
        ),
        ({"conditions": [{**_READY, "message": "m" * 2049}]}, "may not be more than 2048"),
        ({"conditions": [{**_READY, "reason": "r" * 65}]}, "may not be more than 64"),
        ({"stepStates": {"fetch": {"message": "?"}}}, "phase: Required value"),
        ({"stepsTotal": 2**31}, "int32"),
        ({"startedAt": "2026-01-02"}, "date-time"),
    ],
    ids=[
        *("older", "phase", "not-ready", "twice", "no-time", "long-message", "long-reason"),
        *("step-without-phase", "too-large", "no-time-of-day"),
    ],
)
def test_a_status_that_cannot_be_true_is_refused(
    testbed: Testbed, story_run: Document, status: Document, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        would_become(testbed, story_run, {"status": status}, "--subresource=status")


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("spec", "downstreamTargets", 0), {}, 'must have one of "grpc" and "terminate"'),
        (
            ("spec", "downstreamTargets", 0, "terminate"),
            {"stopMode": "success"},
            'must have one of "grpc" and "terminate"',
        ),
        (("spec", "idempotencyKey"), "x" * 257, "may not be more than 256"),
        (("spec", "stepId"), "Fetch", "should match"),
        (("spec", "input"), "url", "must be of type object"),
    ],
    ids=["no-target", "two-targets", "long-key", "step", "input-of-another-kind"],
)
def test_a_step_run_that_cannot_run_is_refused(
    testbed: Testbed, place: str, path: tuple[str | int, ...], value: object, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        dry_run(testbed, placed(changed(runs.STEP_RUN, path, value), place))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"phase": "Pending"}, r"status\.retries: Required value"),
        ({"retries": 0, "needs": ["alone"]}, "a StepRun cannot wait for itself"),
        (
            {"retries": 0, "error": {"type": "timeout", "message": "late", "exitCode": -1}},
            "should be greater than or equal to 0",
        ),
        ({"retries": 0, "error": {"type": "late", "message": "late"}}, "Unsupported value"),
    ],
    ids=["no-retries", "needs-itself", "negative-exit-code", "type-of-error"],
)
def test_a_status_of_a_step_that_cannot_be_true_is_refused(
    testbed: Testbed, namespace: str, status: Document, why: str
) -> None:
    run = {**placed(runs.STEP_RUN, namespace, "alone"), "status": {"retries": 0}}
    created(testbed, run)

    with pytest.raises(CommandError, match=why):
        with_status(testbed, {**run, "status": status})
