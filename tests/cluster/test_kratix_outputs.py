"""What pods of pipelines leave, and the Works that become of it in a real cluster."""

import json
from typing import Any

import pytest

from adapters.kubernetes.resources import CONFIG_MAPS, WORKS
from runwright.models.kratix import PipelineRun, Work, WorkflowControl
from runwright.models.objects import Manifest
from runwright.rules.kratix.works import unpacked
from tests.cluster.kratix import DELETE, Stand, digest, handed_over, run, stand

__all__ = ["stand"]

SELECTED = """
- directory: baz
  matchLabels: {zone: b}
- matchLabels: {zone: a}
"""


def groups(work: Manifest) -> dict[str, dict[str, Any]]:
    """Return the files of each group, and who asked for which labels."""
    return {
        one["directory"]: {
            "files": {
                file["filepath"]: unpacked(file["content"]).decode()
                for file in one.get("workloads", ())
            },
            "for": [
                (wanted["source"], wanted["matchLabels"])
                for wanted in one.get("destinationSelectors", ())
            ],
        }
        for one in work["spec"].get("workloadGroups", ())
    }


async def configured(stand: Stand, **fields: Any) -> PipelineRun:
    """Return a run of a pipeline for a request."""
    await stand.offered(**fields)
    return run(await stand.request())


async def stored(stand: Stand, one: PipelineRun, text: str, **metadata: Any) -> dict[str, Any]:
    """Keep a text in a ConfigMap, as a pod of the Job does; return its last word."""
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "pod-1", "namespace": one.parent.home, **metadata},
        "data": {"handover": text},
    }
    await stand.cluster.create(config_map)
    return {"stored": {"configMap": "pod-1", "digest": digest(text)}}


def owned_by(job: Manifest) -> dict[str, Any]:
    """Return metadata that says that an object goes with a Job."""
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
    }
    return {"ownerReferences": [owner], "labels": labels}


async def test_files_become_a_work_for_the_destinations_that_were_asked_for(
    stand: Stand,
) -> None:
    """K45."""
    one, dev = await configured(stand), {"environment": "dev"}
    files = {"a.yaml": b"a: 1", "baz/b.yaml": b"b: 2"}

    handover = handed_over(files=files, selectors=SELECTED)
    collected = await stand.pipelines.collect(one, handover, [dev])

    work = await stand.work()
    assert collected.problem == ""
    assert work["metadata"]["labels"] == {
        "kratix.io/promise-name": stand.name,
        "kratix.io/resource-name": "orders",
        "kratix.io/pipeline-name": "instance",
        "kratix.io/work-type": "resource",
    }
    assert groups(work) == {
        "baz": {"files": {"baz/b.yaml": "b: 2"}, "for": [("resource-workflow", {"zone": "b"})]},
        ".": {
            "files": {"a.yaml": "a: 1"},
            "for": [("resource-workflow", {"zone": "a"}), ("promise", {"environment": "dev"})],
        },
    }


async def test_a_second_run_replaces_what_is_in_the_work(stand: Stand) -> None:
    """K46."""
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1", "b.yaml": b"1"}))
    before = await stand.work()

    second = one.model_copy(update={"number": "2"})
    await stand.pipelines.collect(second, handed_over(files={"a.yaml": b"2"}))

    after = await stand.work()
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert groups(after)["."]["files"] == {"a.yaml": "2"}
    times = [Work.model_validate(it).spec.last_execution_timestamp for it in (before, after)]
    assert all(times)
    assert times[0] <= times[1]  # type: ignore[operator] # neither is None


async def test_a_work_that_an_earlier_controller_made_keeps_its_name(stand: Stand) -> None:
    """Destinations have its files under that name; and what others say of it stays."""
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1"}))
    work = await stand.work()
    await stand.cluster.delete(WORKS, (stand.namespace, work["metadata"]["name"]))
    known = {"namespace": stand.namespace, "labels": work["metadata"]["labels"]}
    held = {"finalizers": ["kratix.io/work-cleanup"], "annotations": {"a": "b"}}
    await stand.cluster.create({**work, "metadata": {"name": "orders-x7f2k", **known, **held}})

    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"2"}))

    kept = await stand.work()
    assert kept["metadata"]["name"] == "orders-x7f2k"
    assert kept["metadata"]["finalizers"] == ["kratix.io/work-cleanup"]
    assert kept["metadata"]["annotations"] == {"a": "b"}
    assert groups(kept)["."]["files"] == {"a.yaml": "2"}
    patch: Manifest = {"metadata": {"finalizers": []}}
    await stand.cluster.patch(WORKS, (stand.namespace, "orders-x7f2k"), patch)


async def test_which_of_several_works_is_meant_nobody_guesses(stand: Stand) -> None:
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over())
    work = await stand.work()
    known = {"namespace": stand.namespace, "labels": work["metadata"]["labels"]}
    await stand.cluster.create({**work, "metadata": {"name": "another", **known}})

    collected = await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"2"}))

    assert "in its place are another and" in collected.problem
    assert {frozenset(groups(it)) for it in await stand.listed(WORKS)} == {frozenset()}


async def test_a_work_of_somebody_else_with_its_name_is_left_alone(stand: Stand) -> None:
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1"}))
    work = await stand.work()
    name = (stand.namespace, work["metadata"]["name"])
    await stand.cluster.patch(WORKS, name, {"metadata": {"labels": {"kratix.io/work-type": "x"}}})

    collected = await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"2"}))

    assert "somebody else's has its name" in collected.problem
    assert groups(await stand.of(WORKS, *name))["."]["files"] == {"a.yaml": "1"}


async def test_what_puts_nothing_out_has_a_work_without_files(stand: Stand) -> None:
    """So that what was there before goes."""
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1"}))

    await stand.pipelines.collect(one, handed_over())

    assert groups(await stand.work()) == {}


@pytest.mark.parametrize("control", ["suspend: true", "retryAfter: 10s"])
async def test_a_pipeline_that_wants_to_run_again_writes_no_work(
    stand: Stand, control: str
) -> None:
    """K30: and one that is there stays as it is."""
    one = await configured(stand)
    files = {"a.yaml": b"2"}
    first = await stand.pipelines.collect(one, handed_over(files=files, control=control))
    assert first.control.holds
    assert await stand.names(WORKS) == []
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1"}))
    before = await stand.work()

    await stand.pipelines.collect(one, handed_over(files=files, control=control))

    assert await stand.work() == before


async def test_what_a_pipeline_says_of_its_parent_is_read(stand: Stand) -> None:
    """K47."""
    one = await configured(stand)
    text = "message: ready\nendpoint: {host: a}\n"

    collected = await stand.pipelines.collect(one, handed_over(status=text))

    assert collected.status == {"message": "ready", "endpoint": {"host": "a"}}
    assert collected.control == WorkflowControl()


async def test_everything_that_cannot_be_read_is_told_at_once(stand: Stand) -> None:
    """K31, K45 and K47: and nothing is written."""
    one = await configured(stand)
    wrong = {
        "status": "kratix: {}",
        "control": "retryAfter: 1d",
        "selectors": "- directory: a/b\n  matchLabels: {}\n",
        "files": {"a.yaml": b"1"},
    }

    collected = await stand.pipelines.collect(one, handed_over(**wrong))

    told = collected.problem.splitlines()
    assert [line.split(":")[0] for line in told] == [
        "workflow-control.yaml",
        "status.yaml",
        "destination-selectors.yaml",
        "destination-selectors.yaml",
    ]
    assert await stand.names(WORKS) == []


async def test_a_directory_without_files_fails_its_pipeline(stand: Stand) -> None:
    """K45."""
    one = await configured(stand)

    collected = await stand.pipelines.collect(one, handed_over(selectors=SELECTED))

    assert 'the directory "baz" does not exist' in collected.problem
    assert await stand.names(WORKS) == []


async def test_a_pod_that_hands_nothing_over_empties_no_work(stand: Stand) -> None:
    """It was none with our containers, or its evidence is gone."""
    one = await configured(stand)
    await stand.pipelines.collect(one, handed_over(files={"a.yaml": b"1"}))

    collected = await stand.pipelines.collect(one, {})

    assert collected.problem == "the pod handed nothing over"
    assert groups(await stand.work())["."]["files"] == {"a.yaml": "1"}


async def test_a_delete_pipeline_puts_nothing_out(stand: Stand) -> None:
    """What it says of its parent counts, and where its files should go does not."""
    await stand.offered()
    one = run(await stand.request(), action=DELETE)
    given = handed_over(status="message: bye", selectors="no list", files={"a": b"1"})

    collected = await stand.pipelines.collect(one, given)

    assert (collected.problem, collected.status) == ("", {"message": "bye"})
    assert await stand.names(WORKS) == []


async def test_a_promise_shows_its_message_alone(stand: Stand) -> None:
    one = run(await stand.offered())

    collected = await stand.pipelines.collect(one, handed_over(status="message: a\nb: 1\nc: 2"))

    assert collected.status == {"message": "a"}
    assert collected.warning == 'status.yaml: a Promise does not show "b" and "c"'
    (work,) = await stand.listed(WORKS)
    assert "kratix.io/resource-name" not in work["metadata"]["labels"]


async def test_requests_of_one_name_have_a_work_each(stand: Stand) -> None:
    """K60: also where the Promise has all of them in one namespace."""
    config = {"workflows": {"config": {"pipelineNamespace": stand.namespace}}}
    await stand.offered(**config)
    here, there = await stand.request(), await stand.request(namespace="default")

    for parent in (here, there):
        await stand.pipelines.collect(run(parent), handed_over())

    assert len(await stand.names(WORKS, stand.namespace)) == 2
    assert [len(await stand.pipelines.works(it)) for it in (here, there)] == [1, 1]


async def test_a_long_handover_is_read_where_it_was_stored(stand: Stand) -> None:
    one = await configured(stand)
    text = json.dumps(handed_over(files={"a.yaml": b"1"}))
    word = await stored(stand, one, text, **owned_by(await stand.job(one, "Complete")))

    collected = await stand.pipelines.collect(one, word)

    assert collected.problem == ""
    assert groups(await stand.work())["."]["files"] == {"a.yaml": "1"}


async def test_a_stored_handover_is_what_the_pod_said(stand: Stand) -> None:
    """Whoever may write ConfigMaps cannot put another one in its place."""
    one = await configured(stand)
    job = await stand.job(one, "Complete")
    word = await stored(stand, one, json.dumps(handed_over()), **owned_by(job))
    forged = {"data": {"handover": json.dumps(handed_over(files={"a.yaml": b"1"}))}}
    await stand.cluster.patch(CONFIG_MAPS, (stand.namespace, "pod-1"), forged)

    collected = await stand.pipelines.collect(one, word)

    assert "is not what the pod stored" in collected.problem
    assert await stand.names(WORKS) == []


async def test_a_handover_of_another_job_is_none(stand: Stand) -> None:
    one = await configured(stand)
    await stand.job(one, "Complete")
    other = await stand.job(one.model_copy(update={"number": "0"}), "Complete")
    word = await stored(stand, one, json.dumps(handed_over()), **owned_by(other))

    collected = await stand.pipelines.collect(one, word)

    assert "is not of the Job" in collected.problem


async def test_a_stored_handover_that_is_gone_is_a_problem(stand: Stand) -> None:
    one = await configured(stand)
    word = {"stored": {"configMap": "pod-1", "digest": digest("")}}

    collected = await stand.pipelines.collect(one, word)

    assert collected.problem == "the ConfigMap pod-1 that the pod stored is gone"


async def test_works_are_listed_without_what_is_in_them(stand: Stand) -> None:
    """And those of a Promise without those of its requests."""
    promise = await stand.offered()
    request = await stand.request()
    for parent in (promise, request):
        await stand.pipelines.collect(run(parent), handed_over(files={"a.yaml": b"1"}))

    for parent in (promise, request):
        (work,) = await stand.pipelines.works(parent)
        assert work.metadata.labels["kratix.io/work-type"] == parent.type
        assert [group.workloads for group in work.spec.workload_groups] == [()]
