"""The StepRun that stands for a step."""

from typing import Any

from runwright.models.bubustack import StepRun, StepRunStatus
from runwright.models.story_run import NO_RESOURCE
from runwright.models.tasks import TaskRecord
from runwright.rules.bubustack.jobs import Begun
from runwright.rules.bubustack.jobs.record import record_of
from tests.unit.rules.states import NOW
from tests.unit.rules.works import Fields, key_of, work


def record(
    step: Fields | None = None, /, *, number: int = 1, key: str = "order-7", **fields: Any
) -> TaskRecord:
    """Return the record of a try; `key` is what tells its step's work from other work."""
    one = work(step, **fields)
    found = record_of(one, key_of(one, number), Begun(NOW, key))
    assert found is not None
    return found


def test_a_step_run_says_what_is_to_be_done() -> None:
    found = record(
        {"with": {"to": "{{ inputs.to }}"}, "execution": {"timeout": "90s"}},
        namespace="team",
        worker={"with": {"to": "eu", "from": "{{ steps.a.output.url }}"}},
    ).manifest

    assert (found["apiVersion"], found["kind"]) == ("runs.bubustack.io/v1alpha1", "StepRun")
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == (
        "release-1-build",
        "team",
    )
    assert found["spec"] == {
        "storyRunRef": {"name": "release-1"},
        "stepId": "build",
        "engramRef": {"name": "worker"},
        "idempotencyKey": "order-7",
        "input": {"to": "{{ inputs.to }}", "from": "{{ steps.a.output.url }}"},
        "timeout": "1m30s",
        "retry": {"maxRetries": 3, "delay": "1s", "jitter": 0, "backoff": "exponential"},
    }


def test_it_belongs_to_its_story_run() -> None:
    metadata = record().manifest["metadata"]

    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("StoryRun", "release-1", "7f3a")
    assert metadata["labels"]["bubustack.io/step"] == "build"
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "runwright"


def test_it_says_in_full_what_its_run_is_found_by() -> None:
    metadata = record(correlation="Order #42!").manifest["metadata"]

    assert metadata["annotations"] == {"bubustack.io/correlation-id": "Order #42!"}
    assert metadata["labels"]["bubustack.io/correlation-id"] == "Order-42"


def test_nobody_would_own_it_where_no_resource_stands_for_the_run() -> None:
    one = work(uid=NO_RESOURCE)

    assert record_of(one, key_of(one), Begun(NOW, "order-7")) is None


def test_case_53_values_of_templates_stay_out_of_it() -> None:
    """They may be secret, and whoever reads StepRuns need not be who reads them."""
    found = record({"with": {"token": "{{ inputs.token }}"}}, inputs={"token": "s3cret"})

    assert "s3cret" not in found.model_dump_json()


def test_it_says_which_retries_hold_within_what_its_kind_takes() -> None:
    advice = {"execution": {"retry": {"recommendedMaxRetries": 50, "recommendedMaxDelay": "1m"}}}

    retry = record(image=advice).manifest["spec"]["retry"]

    assert (retry["maxRetries"], retry["maxDelay"]) == (10, "1m0s")


def test_case_44_a_steps_own_zero_retries_are_shown() -> None:
    policy = {"retries": {"stepRetryPolicy": {"maxRetries": 3}}}

    found = record({"execution": {"retry": {"maxRetries": 0}}}, spec={"policy": policy})

    assert found.manifest["spec"]["retry"]["maxRetries"] == 0


def test_it_is_one_that_the_models_take() -> None:
    manifest = record().manifest

    assert StepRun.model_validate(manifest).spec.step_id == "build"
    assert StepRunStatus.model_validate(record().running).retries == 0


def test_a_running_try_says_since_when_and_how_many_there_were() -> None:
    running = record(number=3).running

    assert (running["phase"], running["retries"]) == ("Running", 2)
    assert running["startedAt"] == "2026-03-01T12:00:00Z"
    assert {one["type"]: one["status"] for one in running["conditions"]} == {
        "Ready": "False",
        "Progressing": "True",
        "Degraded": "False",
    }
    assert all(one["lastTransitionTime"] for one in running["conditions"])


def test_a_try_finds_nothing_of_an_earlier_ones_end_but_its_effects() -> None:
    found = record()

    assert {"output", "error", "exitCode", "exitClass", "finishedAt", "duration"} <= {
        *found.cleared
    }
    assert {"lastFailureMsg", "logs", "nextRetryAt", "signals"} <= {*found.cleared}
    assert "effects" not in found.cleared
    assert not {*found.cleared} & {*found.running}


def test_case_46_it_has_the_key_of_its_step_also_where_it_was_made_with_another() -> None:
    """A run that is tried again with other inputs does other work."""
    found = record(key="order-7")

    assert found.manifest["spec"]["idempotencyKey"] == "order-7"
    assert found.renewed == {"idempotencyKey": "order-7"}
