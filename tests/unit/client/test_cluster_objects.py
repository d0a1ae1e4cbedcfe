"""What a start creates in a cluster, and what it leaves alone."""

import pytest

from adapters.kubernetes.resources import Resource
from runwright.client.cluster import ClusterObjects
from runwright.errors import (
    ConflictError,
    ExistsError,
    InvalidManifestError,
    NotFoundError,
    RefusedError,
)
from runwright.models.objects import Manifest
from runwright.rules.bubustack.starting import Overrides
from runwright.rules.bubustack.submission import Submission
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from tests.unit.rules.test_starting import STORY
from tests.unit.rules.test_submission import ENGRAM, PARTS, RUN, TEMPLATE, read

pytestmark = pytest.mark.timeout(20)  # the client library takes seconds to import
NOBODY = Overrides()


async def prepared(cluster: MemoryCluster, *documents: str) -> Submission:
    return await ClusterObjects(cluster).prepare(read(*documents), NOBODY)


async def submitted(cluster: MemoryCluster, *documents: str) -> str:
    """Return the uid of the run."""
    submission = await prepared(cluster, *documents)
    return (await ClusterObjects(cluster).submit(submission)).metadata.uid


def kinds(cluster: MemoryCluster) -> list[str]:
    return [kind for kind, _, _ in cluster.objects]


async def test_the_run_is_created_last() -> None:
    """Until everything is there it would only wait."""
    cluster = MemoryCluster()

    uid = await submitted(cluster, *PARTS, RUN)

    assert kinds(cluster) == ["Story", "Engram", "EngramTemplate", "StoryRun"]
    assert cluster.objects["StoryRun", "team", "release-1"]["metadata"]["uid"] == uid


async def test_what_the_manifests_lack_is_looked_up_along_the_references() -> None:
    cluster = MemoryCluster()
    await submitted(cluster, *PARTS, RUN)

    submission = await prepared(cluster, RUN.replace("release-1", "release-2"))

    assert (submission.parts, submission.warnings) == ((), ())


async def test_nothing_is_created_before_it_is_all_known() -> None:
    cluster = MemoryCluster()
    await submitted(cluster, STORY, ENGRAM, TEMPLATE, RUN)
    other = TEMPLATE.replace("shell:1", "shell:2")

    with pytest.raises(InvalidManifestError, match="the cluster has another EngramTemplate"):
        await submitted(cluster, STORY, ENGRAM, other, RUN.replace("release-1", "release-2"))

    assert kinds(cluster).count("StoryRun") == 1


async def test_a_name_that_is_taken_creates_nothing_else_either() -> None:
    cluster = MemoryCluster()
    await submitted(cluster, RUN)

    with pytest.raises(ExistsError, match=r"start run team/release-1: a run of that name exists"):
        await submitted(cluster, *PARTS, RUN)

    assert kinds(cluster) == ["StoryRun"]


async def test_what_somebody_else_created_just_now_is_there_if_it_is_the_same() -> None:
    cluster = MemoryCluster()
    submission = await prepared(cluster, *PARTS, RUN)
    await cluster.create(submission.parts[0])

    await ClusterObjects(cluster).submit(submission)

    assert kinds(cluster).count("Story") == 1


async def test_what_somebody_else_created_otherwise_just_now_stops_the_start() -> None:
    cluster = MemoryCluster()
    submission = await prepared(cluster, *PARTS, RUN)
    (other,) = (await prepared(cluster, STORY.replace("check", "test"), RUN)).parts
    await cluster.create(other)

    with pytest.raises(RefusedError, match="create story team/release: another one was created"):
        await ClusterObjects(cluster).submit(submission)

    assert "StoryRun" not in kinds(cluster)


async def test_a_run_that_has_not_started_is_asked_to_be_cancelled() -> None:
    cluster = MemoryCluster()
    await submitted(cluster, RUN)
    objects = ClusterObjects(cluster)
    found = await objects.find("team", "release-1")
    assert found is not None

    await objects.request_cancel(found)

    again = await objects.find("team", "release-1")
    assert again is not None
    assert again.spec.cancel_requested


async def test_a_run_that_went_meanwhile_cannot_be_cancelled() -> None:
    cluster = MemoryCluster()
    await submitted(cluster, RUN)
    objects = ClusterObjects(cluster)
    found = await objects.find("team", "release-1")
    assert found is not None
    cluster.objects.clear()

    with pytest.raises(NotFoundError, match="there is no run team/release-1"):
        await objects.request_cancel(found)


async def test_a_cluster_that_does_not_know_our_kinds_is_told_how_to_learn_them() -> None:
    class Bare(MemoryCluster):
        async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
            message = f"get {resource.of(namespace, name)}: HTTP 404 404 page not found"
            raise RefusedError(message)

    with pytest.raises(RefusedError, match=r"`runwright crds \| kubectl apply -f -`"):
        await prepared(Bare(), RUN)


async def test_a_run_that_was_created_at_the_same_moment_exists() -> None:
    class Racing(MemoryCluster):
        async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
            if manifest["kind"] == "StoryRun":
                message = "create storyrun team/release-1: HTTP 409"
                raise ConflictError(message)
            return await super().create(manifest, resource)

    with pytest.raises(ExistsError, match="a run of that name exists"):
        await submitted(Racing(), *PARTS, RUN)
