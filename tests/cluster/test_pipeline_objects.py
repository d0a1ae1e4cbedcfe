"""Whether an API server takes the objects of Kratix's pipelines as they are made."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runwright.models.kratix import Parent, Pipeline, PipelineRun, Work, WorkflowAction
from runwright.rules.kratix.jobs import (
    Platform,
    access_of,
    job_template,
    owners_of,
    scheduling_config_map,
)
from runwright.rules.kratix.names import job_name
from runwright.rules.kratix.works import Scheduling, manifest_of, work_of
from testbed.cluster import Testbed
from tests.cluster.documents import Document, dry_run
from tests.unit.models.test_kratix_pipelines import PIPELINE
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import PROMISE, REQUEST, run_of

_RARE = frozenset({"a", "b", "cache"})
"""The volumes of the document that uses everything which a Job can have as they are there."""


def _job(run: PipelineRun, namespace: str) -> Document:
    template = job_template(run, Platform("runwright/adapter:1", "registry"))
    pod = template.spec["template"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(run),
            "namespace": namespace,
            "labels": template.labels,
            "annotations": template.annotations,
            "ownerReferences": owners_of(run.parent),
        },
        "spec": {
            **template.spec,
            "template": {**pod, "metadata": {**pod["metadata"], "labels": template.labels}},
        },
    }


def _everything() -> Pipeline:
    """Return a pipeline that uses all that a pod of any cluster may have."""
    document: dict[str, Any] = json.loads(json.dumps(PIPELINE))
    document["spec"]["volumes"] = [
        one for one in document["spec"]["volumes"] if one["name"] in _RARE
    ]
    step = document["spec"]["containers"][0]
    step["env"] = [one for one in step["env"] if one["name"] != "C"]
    step["volumeMounts"] = [{"name": "cache", "mountPath": "/cache"}]
    step["resources"] = {"requests": {"cpu": "100m"}, "limits": {"cpu": 0.5}}
    del step["securityContext"]["windowsOptions"]
    return Pipeline.model_validate(document)


def _placed(parent: Parent, namespace: str) -> Parent:
    return parent.model_copy(update={"namespace": namespace, "uid": "r-1"})


@pytest.mark.parametrize("action", WorkflowAction)
@pytest.mark.parametrize("one", [pipeline(), _everything()], ids=["smallest", "everything"])
def test_a_job_is_taken(
    testbed: Testbed, place: str, one: Pipeline, action: WorkflowAction
) -> None:
    """And nothing in it is unknown: with an unknown field the answer would be an error."""
    job = _job(run_of(_placed(REQUEST, place), action, one), place)

    kept = dry_run(testbed, job)

    said = [step["name"] for step in kept["spec"]["template"]["spec"]["initContainers"]]
    writer = ["work-writer"] if action is WorkflowAction.CONFIGURE else []
    assert said == ["reader", "create", *writer]


@pytest.mark.parametrize("parent", [REQUEST, PROMISE], ids=["request", "promise"])
def test_what_a_pipeline_may_do_is_taken(testbed: Testbed, place: str, parent: Parent) -> None:
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    asked = [rule, {**rule, "resourceNamespace": place}, {**rule, "resourceNamespace": "*"}]
    apart = _placed(parent, "" if parent is PROMISE else place)
    run = run_of(
        apart.model_copy(update={"pipeline_namespace": place}),
        one=pipeline(rbac={"permissions": asked}),
    )

    for manifest in access_of(run):
        kept = dry_run(testbed, manifest)
        assert kept["metadata"]["labels"]["kratix.io/promise-name"] == "database"


def test_the_selectors_of_a_promise_are_taken(testbed: Testbed, place: str) -> None:
    kept = dry_run(testbed, scheduling_config_map("database", [{"environment": "dev"}], place))

    assert "destinationSelectors" in kept["data"]


@pytest.mark.usefixtures("crds")
def test_a_work_is_taken_as_it_is(testbed: Testbed, place: str) -> None:
    made = work_of(
        run_of(_placed(REQUEST, place)),
        {"a.yaml": b"a: 1"},
        Scheduling(),
        datetime(2026, 1, 2, tzinfo=UTC),
    )

    kept = dry_run(testbed, manifest_of(made))

    assert Work.model_validate(kept).spec == made.spec
