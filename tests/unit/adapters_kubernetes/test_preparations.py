"""What pods of pipelines need is prepared once in a moment, unless something has changed."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pytest

from adapters.kubernetes.kratix.preparations import Preparations
from runwright.models.objects import Manifest


def manifest(kind: str, name: str, **content: Any) -> Manifest:
    """Return an object that pods need."""
    version = "v1" if kind in {"ServiceAccount", "ConfigMap"} else "rbac.authorization.k8s.io/v1"
    metadata = {"name": name, "namespace": "" if kind.startswith("Cluster") else "shop"}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


ACCOUNT: Final = manifest("ServiceAccount", "a")
ROLE: Final = manifest("ClusterRole", "a", rules=[{"verbs": ["get"]}])
SHARED: Final = manifest("ConfigMap", "of-the-promise", data={"x": "1"})
NEEDED: Final = (ACCOUNT, ROLE, SHARED)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


class Prepared:
    """Pipelines, and how often each was prepared."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.preparations = Preparations(self.clock)
        self.times: list[str] = []

    async def prepare(
        self, pipeline: str, wanted: Sequence[Manifest] = NEEDED, *, unless_recent: bool = True
    ) -> None:
        """Prepare a pipeline if that is due."""
        preparing = self.preparations.preparing(pipeline, wanted, unless_recent=unless_recent)
        async with preparing as is_due:
            if is_due:
                await asyncio.sleep(0)
                self.times.append(pipeline)


async def test_what_was_prepared_just_now_is_not_prepared_again() -> None:
    prepared = Prepared()
    await prepared.prepare("a")
    await prepared.prepare("a")
    assert prepared.times == ["a"]


async def test_of_several_at_once_one_prepares_for_all() -> None:
    prepared = Prepared()
    await asyncio.gather(*(prepared.prepare("a") for _ in range(20)))
    assert prepared.times == ["a"]


async def test_what_a_pod_lacks_is_prepared_however_recent() -> None:
    prepared = Prepared()
    await prepared.prepare("a")
    await prepared.prepare("a", unless_recent=False)
    assert prepared.times == ["a", "a"]


async def test_a_moment_later_it_is_prepared_again() -> None:
    prepared = Prepared()
    await prepared.prepare("a")
    prepared.clock.now += 5
    await prepared.prepare("a")
    assert prepared.times == ["a", "a"]


@pytest.mark.parametrize("other", [(ACCOUNT,), (ACCOUNT, {**ROLE, "rules": []}, SHARED)])
async def test_what_was_wanted_before_the_last_is_prepared_again(other: Sequence[Manifest]) -> None:
    """A right that was taken back and granted again; one that another version does not ask for."""
    prepared = Prepared()
    for wanted in (NEEDED, other, NEEDED):
        await prepared.prepare("a", wanted)
    assert prepared.times == ["a", "a", "a"]


async def test_what_another_pipeline_wrote_otherwise_is_prepared_again() -> None:
    """All pipelines of a Promise read one ConfigMap."""
    prepared = Prepared()
    await prepared.prepare("a")
    await prepared.prepare("b", ({**SHARED, "data": {"x": "2"}},))
    await prepared.prepare("a")
    assert prepared.times == ["a", "b", "a"]


async def test_what_failed_is_prepared_again() -> None:
    prepared = Prepared()
    await prepared.prepare("a")
    with pytest.raises(OSError, match="away"):
        async with prepared.preparations.preparing("a", NEEDED, unless_recent=False):
            raise OSError("away")  # noqa: EM101 - any error
    await prepared.prepare("a")
    assert prepared.times == ["a", "a"]
