"""Engrams and templates, asked of the API server."""

from typing import Any

import pytest

from adapters.kubernetes.catalog import KubernetesCatalog
from adapters.kubernetes.resources import ENGRAM_TEMPLATES, ENGRAMS, Resource
from runwright.errors import InvalidManifestError
from runwright.models.objects import Manifest
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

ENGRAM = {
    "apiVersion": ENGRAMS.api_version,
    "kind": ENGRAMS.kind,
    "metadata": {"name": "worker", "namespace": "team"},
    "spec": {"templateRef": {"name": "image"}},
}


def image(**spec: Any) -> dict[str, Any]:
    """Return the template `image`."""
    return {
        "apiVersion": ENGRAM_TEMPLATES.api_version,
        "kind": ENGRAM_TEMPLATES.kind,
        "metadata": {"name": "image"},
        "spec": {"version": "1", "supportedModes": ["job"], **spec},
    }


async def test_what_is_there_is_found_by_its_name() -> None:
    catalog = KubernetesCatalog(MemoryCluster(ENGRAM, image()))

    engram, template = await catalog.engram("team", "worker"), await catalog.template("image")

    assert engram
    assert engram.spec.template_ref.name == "image"
    assert template
    assert template.spec.version == "1"


async def test_what_is_not_there_is_nothing() -> None:
    """Nor is it an error: it may come."""
    catalog = KubernetesCatalog(MemoryCluster(ENGRAM))

    assert await catalog.engram("other", "worker") is None
    assert await catalog.template("image") is None


async def test_what_cannot_be_read_says_why() -> None:
    catalog = KubernetesCatalog(MemoryCluster(image(version=7)))

    with pytest.raises(InvalidManifestError, match=r"EngramTemplate/image: spec\.version: must be"):
        await catalog.template("image")


class _AsksNothing(MemoryCluster):
    """A cluster that may not be asked."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Manifest | None:
        """Fail the test."""
        message = f"{resource.of(namespace, name)}: there can be no such object"
        raise AssertionError(message)


@pytest.mark.parametrize("name", ["", "../../secrets/key", "a/b", "A", "-a", "a?watch=true"])
async def test_a_name_that_no_object_can_have_is_not_asked_for(name: str) -> None:
    """A reference to a template may be any text, and would be a part of a path."""
    catalog = KubernetesCatalog(_AsksNothing())

    assert await catalog.template(name) is None
    assert await catalog.engram("team", name) is None
