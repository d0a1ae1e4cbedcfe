"""The Job of a step."""

from typing import Any

import pytest

from runwright.models.tasks import JobTemplate
from runwright.rules.bubustack.jobs import Begun, Work, cluster_variables, job_template
from runwright.rules.bubustack.jobs.labels import CORRELATION
from tests.unit.rules.states import NOW
from tests.unit.rules.works import Fields, key_of, work


def job(one: Work) -> JobTemplate:
    """Return the Job of the first try."""
    return job_template(one, key_of(one), Begun(NOW, "order-7"))


def ttl(seconds: int | None) -> Fields:
    """Return an execution policy that keeps Jobs for so long."""
    return {"job": {"ttlSecondsAfterFinished": seconds}}


def test_a_job_has_one_pod_that_is_tried_once() -> None:
    """Whatever somebody asks for: retries are the run's, and visible there."""
    asking = {"job": {"backoffLimit": 3, "restartPolicy": "OnFailure"}}

    spec = job(work(worker={"executionPolicy": asking})).spec

    assert (spec["backoffLimit"], spec["completions"], spec["parallelism"]) == (0, 1, 1)
    assert spec["podReplacementPolicy"] == "Failed"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(None, 1920), ("90s", 210), ("100ms", 121)], ids=str
)
def test_a_cluster_ends_a_job_two_minutes_after_the_run_should_have(
    timeout: str | None, seconds: int
) -> None:
    spec = job(work({"execution": {"timeout": timeout}})).spec

    assert spec["activeDeadlineSeconds"] == seconds


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        pytest.param({}, 3600, id="nobody"),
        pytest.param(
            {"image": {"execution": {"job": {"recommendedTtlSecondsAfterFinished": 7}}}},
            7,
            id="template",
        ),
        pytest.param({"spec": {"policy": {"execution": ttl(60)}}}, 60, id="story"),
        pytest.param(
            {
                "worker": {"executionPolicy": ttl(5)},
                "spec": {"policy": {"execution": ttl(60)}},
            },
            60,
            id="story before engram",
        ),
        pytest.param({"worker": {"executionPolicy": ttl(5)}}, 5, id="engram"),
        pytest.param({"spec": {"policy": {"execution": ttl(0)}}}, 3600, id="zero is not said"),
    ],
)
def test_a_finished_job_stays_as_long_as_the_nearest_says(
    fields: dict[str, Any], seconds: int
) -> None:
    assert job(work(**fields)).spec["ttlSecondsAfterFinished"] == seconds


def test_a_job_is_labelled_as_upstreams_is_but_says_who_manages_it() -> None:
    labels = job(work()).labels

    assert labels == {
        "app.kubernetes.io/name": "bobrapet",
        "app.kubernetes.io/component": "engram",
        "app.kubernetes.io/managed-by": "runwright",
        "bubustack.io/storyrun": "release-1",
        "bubustack.io/story": "release",
        "bubustack.io/story-name": "release",
        "bubustack.io/step": "build",
        "bubustack.io/steprun": "release-1-build",
        "bubustack.io/engram": "worker",
    }


def test_what_a_run_is_found_by_is_a_label_of_all_that_it_makes() -> None:
    """It may be any text, a label not."""
    given = "Order #42!"

    assert job(work(correlation=given)).labels[CORRELATION] == "Order-42"
    assert CORRELATION not in job(work(correlation="!")).labels


def test_no_label_is_longer_than_a_cluster_takes() -> None:
    labels = job(work(name="r" * 200)).labels

    assert max(map(len, labels.values())) == 63


def test_the_container_learns_what_holds_when_nobody_says_otherwise() -> None:
    assert cluster_variables(work()) == {
        "BUBU_MAX_RECURSION_DEPTH": "32",
        "BUBU_STORAGE_TIMEOUT": "300s",
        "BUBU_DEBUG": "false",
    }


def test_the_container_learns_what_the_nearest_says() -> None:
    one = work(
        {"execution": {"debug": True}},
        worker={
            "overrides": {"debug": False, "storage": {"timeoutSeconds": 9}},
            "executionPolicy": {"maxRecursionDepth": 8},
        },
        spec={"policy": {"execution": {"maxRecursionDepth": 4}, "storage": {"timeoutSeconds": 5}}},
    )

    assert cluster_variables(one) == {
        "BUBU_MAX_RECURSION_DEPTH": "4",
        "BUBU_STORAGE_TIMEOUT": "5s",
        "BUBU_DEBUG": "true",
    }
