"""What StoryRuns refer to, as the cluster has it now: Stories, Engrams and their templates."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.informer import Informer, Name, all_synced, keep_up
from adapters.kubernetes.resources import ENGRAM_TEMPLATES, ENGRAMS, STORIES
from runwright.models.base import WireModel
from runwright.models.bubustack import Engram, EngramTemplate, Story
from runwright.models.objects import Manifest
from runwright.rules.bubustack.intake import Lookups
from runwright.rules.translation import read_object

M = TypeVar("M", bound=WireModel)


class Library:
    """The objects that StoryRuns refer to.

    `changed` is called whenever one of them is another, with its namespace.
    """

    def __init__(
        self,
        cluster: Cluster,
        changed: Callable[[str], None],
        *,
        namespace: str = "",
        resync: timedelta = timedelta(minutes=5),
    ) -> None:
        here = Selection(namespace)
        self.stories = Informer(cluster, STORIES, _bare, selection=here, resync=resync)
        self.engrams = Informer(cluster, ENGRAMS, _bare, selection=here, resync=resync)
        self.templates = Informer(cluster, ENGRAM_TEMPLATES, _bare, resync=resync)
        self._changed = changed
        for informer in self.informers:
            informer.listen(self._heard)

    @property
    def informers(self) -> tuple[Informer[Manifest], ...]:
        """Return what has to be synced before the library is complete."""
        return self.stories, self.engrams, self.templates

    @property
    def lookups(self) -> Lookups:
        """Return how a run's references are followed.

        A lookup raises InvalidManifestError for an object that is there and cannot be read.
        """
        return Lookups(story=self._story, engram=self._engram, template=self._template)

    async def run(self) -> None:
        """Keep up with the cluster until cancelled."""
        await keep_up(self.informers)

    async def synced(self) -> None:
        """Return once everything was listed."""
        await all_synced(self.informers)

    def _story(self, namespace: str, name: str) -> Story | None:
        return _read(Story, self.stories.get((namespace, name)))

    def _engram(self, namespace: str, name: str) -> Engram | None:
        return _read(Engram, self.engrams.get((namespace, name)))

    def _template(self, name: str) -> EngramTemplate | None:
        return _read(EngramTemplate, self.templates.get(("", name)))

    def _heard(self, name: Name, before: Manifest | None, now: Manifest | None) -> None:
        if before != now:
            self._changed(name[0])


def _bare(manifest: Manifest) -> Manifest:
    """Return an object without what changes all the time and no run needs."""
    metadata = {
        name: value
        for name, value in manifest["metadata"].items()
        if name not in {"managedFields", "resourceVersion"}
    }
    return {**manifest, "metadata": metadata, "status": None}


def _read(model: type[M], manifest: Manifest | None) -> M | None:
    return read_object(model, manifest) if manifest else None
