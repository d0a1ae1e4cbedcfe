"""What is written into the status of objects, and what becomes of it where that is refused."""

import pytest

from adapters.kubernetes.resources import STORY_RUNS, Resource
from adapters.kubernetes.status import KubernetesStatus
from runwright.errors import RefusedError
from runwright.models.objects import Manifest, ObjectKey, StatusPatch, StatusUpdate
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

RUN = ObjectKey(
    api_version=STORY_RUNS.api_version,
    kind=STORY_RUNS.kind,
    namespace="shop",
    name="web-1",
    uid="7f3a",
)
MANIFEST: Manifest = {
    "apiVersion": STORY_RUNS.api_version,
    "kind": STORY_RUNS.kind,
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "7f3a"},
}
FULL = {"phase": "Succeeded", "output": {"page": "long"}}


class _Narrow(MemoryCluster):
    """An API server that has no room for an output."""

    async def patch(
        self, resource: Resource, name: tuple[str, str], patch: object, *, subresource: str = ""
    ) -> Manifest | None:
        """Merge the patch into the object, or say that it is too large."""
        if isinstance(patch, dict) and "output" in patch["status"]:
            message = "patch status of storyrun shop/web-1: HTTP 500 request is too large"
            raise RefusedError(message)
        return await super().patch(resource, name, patch, subresource=subresource)


async def test_a_status_that_is_refused_for_good_is_written_in_its_smaller_form() -> None:
    """Else the object of a run that is over would say for ever that it runs."""
    cluster = _Narrow(MANIFEST)
    patch = StatusPatch(object=RUN, status=FULL, brief={"phase": "Succeeded"})

    await KubernetesStatus(cluster, "worker-0").show(StatusUpdate(patches=(patch,)))

    found = await cluster.get(STORY_RUNS, "shop", "web-1")
    assert found
    assert found["status"] == {"phase": "Succeeded"}


async def test_a_status_without_a_smaller_form_is_refused() -> None:
    status = KubernetesStatus(_Narrow(MANIFEST), "worker-0")
    patch = StatusPatch(object=RUN, status=FULL)

    with pytest.raises(RefusedError, match="request is too large"):
        await status.show(StatusUpdate(patches=(patch,)))


def said(type_: str, status: str = "True") -> dict[str, str]:
    """Return a condition."""
    return {"type": type_, "status": status}


async def test_conditions_of_others_stay_as_they_are() -> None:
    """A patch replaces the list as a whole: whoever else writes there would lose what it wrote."""
    cluster = MemoryCluster({**MANIFEST, "status": {"conditions": [said("Synced"), said("Old")]}})
    status = KubernetesStatus(cluster, "worker-0")

    async def write(*conditions: dict[str, str]) -> list[dict[str, str]]:
        patch = StatusPatch(
            object=RUN, status={"conditions": list(conditions)}, answers_for=("Ready", "Old")
        )
        await status.show(StatusUpdate(patches=(patch,)))
        found = await cluster.get(STORY_RUNS, "shop", "web-1")
        assert found
        shown: list[dict[str, str]] = found["status"]["conditions"]
        return shown

    first = await write(said("Ready", "False"))
    second = await write(said("Ready"))
    other = {"status": {"conditions": [*second[:1], said("Synced", "False")]}}
    await cluster.patch(STORY_RUNS, ("shop", "web-1"), other)
    third = await write(said("Ready", "False"))

    assert first == [said("Ready", "False"), said("Synced")]
    assert second == [said("Ready"), said("Synced")]
    assert third == [said("Ready", "False"), said("Synced", "False")]


async def test_who_answers_for_all_conditions_writes_all() -> None:
    cluster = MemoryCluster({**MANIFEST, "status": {"conditions": [said("Old")]}})
    patch = StatusPatch(object=RUN, status={"conditions": [said("Ready")]})

    await KubernetesStatus(cluster, "worker-0").show(StatusUpdate(patches=(patch,)))

    found = await cluster.get(STORY_RUNS, "shop", "web-1")
    assert found
    assert found["status"]["conditions"] == [said("Ready")]
