"""What a run needs beside its tasks is made for a StoryRun that is there, and for no other."""

from typing import Any

import pytest

from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.resources import SERVICE_ACCOUNTS, STORY_RUNS, Resource
from runwright.errors import (
    ConflictError,
    NotFoundError,
    NotOursError,
    RefusedError,
    StillRunningError,
)
from runwright.models.objects import Manifest, ObjectKey
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

RUNS = "runs.bubustack.io/v1alpha1"
GOING = {"deletionTimestamp": "2026-03-01T12:00:00Z"}


class _Contended(MemoryCluster):
    """A cluster in which somebody else changes an object just before each of so many patches."""

    def __init__(self, *objects: Manifest, times: int) -> None:
        super().__init__(*objects)
        self.times = times

    async def patch(
        self,
        resource: Resource,
        name: tuple[str, str],
        patch: object,
        *,
        subresource: str = "",
    ) -> Manifest | None:
        """Patch the object, or find another version of it."""
        if self.times:
            self.times -= 1
            labels = {"metadata": {"labels": {"seen": str(self.times)}}}
            await super().patch(resource, name, labels)
        return await super().patch(resource, name, patch, subresource=subresource)


def story_run(uid: str = "new", **metadata: Any) -> Manifest:
    """Return the StoryRun `web-1`."""
    known = {"name": "web-1", "namespace": "shop", "uid": uid}
    return {"apiVersion": RUNS, "kind": "StoryRun", "metadata": {**known, **metadata}}


def account(*owners: str, name: str = "web-1", **metadata: Any) -> Manifest:
    """Return the ServiceAccount of a StoryRun of that name, by its uids."""
    known = {"name": "web-1-engram-runner", "namespace": "shop"}
    references = [
        {"apiVersion": RUNS, "kind": "StoryRun", "name": name, "uid": uid} for uid in owners
    ]
    return {
        "apiVersion": SERVICE_ACCOUNTS.api_version,
        "kind": SERVICE_ACCOUNTS.kind,
        "metadata": {**known, "ownerReferences": references, **metadata},
    }


def key(uid: str = "new") -> ObjectKey:
    """Return which StoryRun is meant."""
    return ObjectKey(api_version=RUNS, kind="StoryRun", namespace="shop", name="web-1", uid=uid)


async def test_what_is_there_and_has_the_same_owner_is_left_as_it_is() -> None:
    cluster = MemoryCluster(story_run(), account("new"))
    before = dict(cluster.objects)

    await KubernetesObjects(cluster).ensure([account("new")], key())

    assert cluster.objects == before


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((), "the one that the run was started for is gone"),
        ((story_run("later"),), "the one that the run was started for is gone"),
        ((story_run(**GOING),), "it is being deleted"),
    ],
    ids=["none", "another of its name", "being deleted"],
)
async def test_nothing_is_made_for_a_story_run_that_does_not_stay(
    there: tuple[Manifest, ...], why: str
) -> None:
    """Whoever may start workflows would get pods by the uid of a StoryRun that never was."""
    cluster = MemoryCluster(*there)

    with pytest.raises(NotFoundError, match=f"find storyrun shop/web-1: {why}"):
        await KubernetesObjects(cluster).ensure([account("new")], key())

    assert await cluster.get(SERVICE_ACCOUNTS, "shop", "web-1-engram-runner") is None


async def test_nothing_is_made_in_a_namespace_that_is_not_served() -> None:
    """The worker's rights may reach further than what it was told to serve."""
    objects = KubernetesObjects(MemoryCluster(story_run()), served="office")

    with pytest.raises(RefusedError, match="this worker serves the namespace office alone"):
        await objects.ensure([account("new")], key())


async def test_what_goes_with_a_story_run_is_made_again_while_that_is_known() -> None:
    cluster = MemoryCluster(story_run(**GOING))

    await KubernetesObjects(cluster).ensure([account("new")], key(), is_deleted=True)

    assert await cluster.get(SERVICE_ACCOUNTS, "shop", "web-1-engram-runner")


async def test_what_lost_its_owner_by_a_deletion_is_still_used() -> None:
    """So it is after `kubectl delete --cascade=orphan`; else it is nobody's of ours."""
    objects = KubernetesObjects(MemoryCluster(story_run(**GOING), account()))

    await objects.ensure([account("new")], key(), is_deleted=True)

    with pytest.raises(NotOursError, match="one exists that is not this run's"):
        await objects.ensure([account("new")])


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (account("old"), "that of an earlier run of this name has not gone yet"),
        (account("new", **GOING), "the one that was deleted has not gone yet"),
    ],
    ids=["an earlier owner's", "going"],
)
async def test_what_is_about_to_go_is_waited_for(there: Manifest, why: str) -> None:
    """Kubernetes removes what an object owned some time after it; the name is free then."""
    objects = KubernetesObjects(MemoryCluster(story_run(), there))

    with pytest.raises(StillRunningError, match=why):
        await objects.ensure([account("new")], key())


@pytest.mark.parametrize(
    "there", [account(), account("old", name="web-2")], ids=["nobody's", "another run's"]
)
async def test_what_is_not_the_runs_is_not_used(there: Manifest) -> None:
    objects = KubernetesObjects(MemoryCluster(story_run(), there))

    with pytest.raises(NotOursError, match="one exists that is not this run's"):
        await objects.ensure([account("new")], key())


async def test_a_finalizer_is_taken_although_others_change_the_object() -> None:
    """A deletion in the foreground is ended before it takes more: not an attempt later."""
    cluster = _Contended(story_run(finalizers=["theirs", "ours"], **GOING), times=3)

    await KubernetesObjects(cluster).release(key(), "ours")

    there = await cluster.get(STORY_RUNS, "shop", "web-1")
    assert there
    assert there["metadata"]["finalizers"] == ["theirs"]


async def test_a_finalizer_of_an_object_that_never_rests_is_another_attempts_to_take() -> None:
    cluster = _Contended(story_run(finalizers=["ours"]), times=1000)

    with pytest.raises(ConflictError, match="storyrun shop/web-1"):
        await KubernetesObjects(cluster).release(key(), "ours")
