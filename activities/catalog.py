"""What does the work of steps, looked up in the cluster that a worker serves."""

from typing import Final

from temporalio import activity

from activities.heartbeats import beating
from runwright.errors import InvalidManifestError
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.models.catalog import FindWorkers, FoundWorkers, UnreadableWorker
from runwright.ports import Catalog
from runwright.rules.bubustack.intake import bare

_ROOM: Final = 1024 * 1024
"""Bytes of JSON after which an answer takes no more: Temporal keeps 2 MiB of one at most."""


class CatalogActivities:
    """Activities over the Engrams and templates of a cluster."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @activity.defn
    async def find_workers(self, request: FindWorkers) -> FoundWorkers:
        """Return which of these Engrams are there, each with its template if that is.

        Idempotent: it only looks.
        """
        answer = _Answer()
        async with beating():
            for name in request.engrams:
                if answer.is_full:
                    answer.left.append(name)
                else:
                    await self._look(request.namespace, name, answer)
        return answer.told()

    async def _look(self, namespace: str, name: str, answer: "_Answer") -> None:
        try:
            engram = await self._catalog.engram(namespace, name)
            wanted = engram.spec.template_ref.name if engram else ""
            template = await self._catalog.template(wanted) if wanted else None
        except InvalidManifestError as error:
            said = "; ".join(map(str, error.problems))
            answer.unreadable.append(UnreadableWorker(engram=name, message=said))
            return
        if engram is not None:
            answer.add(engram, template)


class _Answer:
    """What was found so far; a template that several Engrams name is in it once."""

    def __init__(self) -> None:
        self.unreadable: list[UnreadableWorker] = []
        self.left: list[str] = []
        self._engrams: list[Engram] = []
        self._templates: dict[str, EngramTemplate] = {}
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no room for more."""
        return self._size >= _ROOM

    def add(self, engram: Engram, template: EngramTemplate | None) -> None:
        """Take an Engram in, and its template if it is there."""
        self._engrams.append(bare(engram))
        self._size += _size_of(engram)
        if template is not None and template.metadata.name not in self._templates:
            self._templates[template.metadata.name] = bare(template)
            self._size += _size_of(template)

    def told(self) -> FoundWorkers:
        """Return it as a message."""
        return FoundWorkers(
            engrams=tuple(self._engrams),
            templates=tuple(self._templates.values()),
            unreadable=tuple(self.unreadable),
            left=tuple(self.left),
        )


def _size_of(one: Engram | EngramTemplate) -> int:
    return len(one.model_dump_json(exclude_none=True))
