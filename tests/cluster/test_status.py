"""The status of objects that others change at the same time, or make anew under their names."""

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import STEP_RUNS, STORY_RUNS, Resource
from adapters.kubernetes.status import KubernetesStatus
from runwright.models.objects import Manifest, ObjectKey, StatusPatch, StatusUpdate
from tests.cluster.runs import RUNS, Stage


async def test_a_status_is_written_whoever_changed_the_object_meanwhile(stage: Stage) -> None:
    """And what they wrote stays: a decision on a gate, say."""
    run = await stage.run("web-1", "release")
    status = KubernetesStatus(stage.cluster, "test")
    await status.show(_update(_key(run), phase="Running"))
    await stage.approve("web-1", "go")

    await status.show(_update(_key(run), phase="Succeeded"))

    written = await _status(stage, "web-1")
    assert written["phase"] == "Succeeded"
    assert written["gates"]["go"]["state"] == "Approved"


async def test_an_object_of_that_name_that_is_another_one_is_passed_over(stage: Stage) -> None:
    """The API server itself heeds no uid in the patch of a status."""
    first = await stage.run("web-1", "release")
    status = KubernetesStatus(stage.cluster, "test")
    await status.show(_update(_key(first), phase="Running"))
    await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-1"))
    await stage.until_gone("web-1")
    await stage.run("web-1", "release")

    await status.show(_update(_key(first), phase="Failed"))

    assert await _status(stage, "web-1") == {}


async def test_an_object_that_belongs_to_somebody_else_is_passed_over(stage: Stage) -> None:
    ours, other = await stage.run("web-1", "release"), await stage.run("web-2", "release")
    await stage.cluster.create(_step_run(stage, owner=other))
    key = _key(ours, kind="StepRun", name="build", owner=ours["metadata"]["uid"])

    await KubernetesStatus(stage.cluster, "test").show(_update(key, phase="Failed", retries=0))

    found = await stage.cluster.get(STEP_RUNS, stage.namespace, "build")
    assert found
    assert "status" not in found


async def test_an_object_that_is_gone_is_passed_over(stage: Stage) -> None:
    run = await stage.run("web-1", "release")
    await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-1"))
    await stage.until_gone("web-1")

    await KubernetesStatus(stage.cluster, "test").show(_update(_key(run), phase="Failed"))

    assert await stage.story_run("web-1") is None


async def test_one_look_is_enough_for_many_writes(stage: Stage) -> None:
    """What a write returns tells the version for the next one."""
    run = await stage.run("web-1", "release")
    cluster = Counting({"KUBECONFIG": str(stage.testbed.kubeconfig)})
    status = KubernetesStatus(cluster, "test")

    for number in range(5):
        await status.show(_update(_key(run), message=str(number)))
    await cluster.close()

    assert cluster.looks == 1


class Counting(Cluster):
    """A cluster that counts how often it is asked for an object."""

    looks = 0

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Return the object, and count."""
        self.looks += 1
        return await super().get(resource, namespace, name)


def _update(key: ObjectKey, **status: object) -> StatusUpdate:
    return StatusUpdate(patches=(StatusPatch(object=key, status=status),))


def _key(run: Manifest, **fields: str) -> ObjectKey:
    metadata = run["metadata"]
    given = {"kind": "StoryRun", "name": metadata["name"], **fields}
    uid = "" if "owner" in fields else metadata["uid"]
    return ObjectKey(api_version=RUNS, namespace=metadata["namespace"], uid=uid, **given)


def _step_run(stage: Stage, owner: Manifest) -> Manifest:
    metadata = owner["metadata"]
    reference = {"apiVersion": RUNS, "kind": "StoryRun"}
    reference |= {"name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": RUNS,
        "kind": "StepRun",
        "metadata": {
            "name": "build",
            "namespace": stage.namespace,
            "ownerReferences": [reference],
        },
        "spec": {"storyRunRef": {"name": metadata["name"]}, "stepId": "build"},
    }


async def _status(stage: Stage, name: str) -> Manifest:
    found = await stage.story_run(name)
    assert found
    status: Manifest = found.get("status") or {}
    return status
