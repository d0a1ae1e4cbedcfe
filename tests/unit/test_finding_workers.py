"""What a run is answered that looks for Engrams and their templates."""

from typing import Final

import pytest
from temporalio.testing import ActivityEnvironment

from activities import catalog
from activities.catalog import CatalogActivities
from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.models.catalog import FindWorkers, FoundWorkers
from runwright.models.metadata import LAST_APPLIED
from tests.unit.rules.resources import placed_engram
from tests.unit.rules.states import template

NAMES: Final = ("worker", "other")


class _Catalog:
    """A cluster that has these, and in which one template cannot be read."""

    def __init__(self, *engrams: Engram, templates: tuple[EngramTemplate, ...] = ()) -> None:
        self._engrams = {one.metadata.name: one for one in engrams}
        self._templates = {one.metadata.name: one for one in templates}

    async def engram(self, namespace: str, name: str) -> Engram | None:
        """Return the Engram."""
        assert namespace == "team"
        return self._engrams.get(name)

    async def template(self, name: str) -> EngramTemplate | None:
        """Return the template."""
        if name == "broken":
            raise InvalidManifestError([Problem("spec", "is required", object=name)] * 2)
        return self._templates.get(name)


async def found(catalog: _Catalog, *names: str) -> FoundWorkers:
    """Return the answer to a run of the namespace `team`."""
    request = FindWorkers(namespace="team", engrams=names)
    answer: FoundWorkers = await ActivityEnvironment().run(
        CatalogActivities(catalog).find_workers, request
    )
    return answer


async def test_each_engram_comes_with_its_template() -> None:
    there = _Catalog(placed_engram(), placed_engram("other"), templates=(template(),))

    answer = await found(there, *NAMES)

    assert [one.metadata.name for one in answer.engrams] == ["worker", "other"]
    assert [one.metadata.name for one in answer.templates] == ["image"]
    assert (answer.unreadable, answer.left) == ((), ())


async def test_what_is_missing_is_in_no_list() -> None:
    answer = await found(_Catalog(placed_engram()), *NAMES)

    assert [one.metadata.name for one in answer.engrams] == ["worker"]
    assert answer.templates == ()


async def test_what_cannot_be_read_keeps_nothing_else_back() -> None:
    there = _Catalog(placed_engram(image="broken"), placed_engram("other"))

    answer = await found(there, *NAMES)

    assert [(one.engram, one.message) for one in answer.unreadable] == [
        ("worker", "broken: spec: is required; broken: spec: is required")
    ]
    assert [one.metadata.name for one in answer.engrams] == ["other"]


async def test_an_answer_that_is_full_names_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal keeps no answer beyond its limit, and none of it would be known."""
    monkeypatch.setattr(catalog, "_ROOM", 10)

    answer = await found(_Catalog(placed_engram(), placed_engram("other")), *NAMES)

    assert [one.metadata.name for one in answer.engrams] == ["worker"]
    assert answer.left == ("other",)


async def test_objects_come_as_a_run_takes_them_along() -> None:
    """Without what changes all the time, and without a copy of themselves."""
    metadata = {"annotations": {LAST_APPLIED: "{…}"}, "resource_version": "9"}
    engram = placed_engram()
    engram = engram.model_copy(update={"metadata": engram.metadata.model_copy(update=metadata)})

    (kept,) = (await found(_Catalog(engram), "worker")).engrams

    assert kept.metadata == placed_engram().metadata
