"""The Jobs that the pipelines of a Promise would be."""

from runwright.models.kratix import Promise
from runwright.rules.kratix.jobs.rehearsal import rehearsals
from tests.unit.rules.kratix.documents import pipeline_manifest, promise_manifest, workflows


def given(**config: str) -> Promise:
    """Return a Promise with pipelines of its own and for requests."""
    two = pipeline_manifest("a"), pipeline_manifest("b")
    found = workflows(*two, action="delete")["workflows"]
    own = workflows(*two, type_="promise")["workflows"]
    return Promise.model_validate(promise_manifest(workflows={**found, **own, "config": config}))


def test_every_pipeline_that_may_be_run_is_rehearsed() -> None:
    """Of a delete workflow that is the first."""
    assert [one.path for one in rehearsals(given())] == [
        "spec.workflows.promise.configure[0]",
        "spec.workflows.promise.configure[1]",
        "spec.workflows.resource.delete[0]",
    ]


def test_it_is_rehearsed_where_it_would_run() -> None:
    """Of a request nobody knows yet where it will be: then it is where the platform is."""
    homes = [
        {one.job["metadata"]["namespace"] for one in rehearsals(promise)}
        for promise in (given(), given(pipelineNamespace="pipelines"))
    ]

    assert homes == [{"kratix-platform-system"}, {"pipelines"}]


def test_a_rehearsal_has_the_name_of_no_job_that_runs() -> None:
    names = [one.job["metadata"]["name"] for one in rehearsals(given())]

    assert len(set(names)) == 3
    assert names[2].startswith("kratix-database-dry-run-a-")
