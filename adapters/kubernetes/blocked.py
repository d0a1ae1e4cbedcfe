"""Open runs whose steps wait for Engrams or templates, and are told when these come."""

import logging
from collections.abc import Callable
from typing import Final

from adapters.kubernetes.informer import Name
from adapters.kubernetes.story_runs import is_open, workflow_of
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest
from runwright.models.runs import LookAgain
from runwright.ports import Launcher
from runwright.rules.bubustack import hints
from runwright.rules.bubustack.conditions import BLOCKED
from runwright.rules.bubustack.intake import Lookups

_LOG: Final = logging.getLogger(__name__)
_TRUE: Final = "True"
_MOST_HINTS: Final = 100
"""To one run, while one worker leads; a run that gets no more of them looks by itself."""
_Seen = tuple[str, int, tuple[str, ...]]
"""The uid of a StoryRun, an execution of its run, and what was there for that."""


class BlockedRuns:
    """Tells runs to look again: level-triggered, and once for what there is.

    Hints have a bound of their own, so that no decision of a person is kept back by them.
    """

    def __init__(self, launcher: Launcher, lookups: Callable[[], Lookups]) -> None:
        self._launcher = launcher
        self._lookups = lookups
        self._names: dict[Name, None] = {}
        """Those that show that they are blocked."""
        self._told: dict[Name, list[_Seen]] = {}

    def note(self, name: Name, manifest: Manifest | None) -> None:
        """Take in how a StoryRun is now; None: it is gone."""
        if manifest is None or not is_open(manifest):
            self._told.pop(name, None)
        elif _shows_that_it_is_blocked(manifest):
            self._names[name] = None
            return
        self._names.pop(name, None)

    def within(self, namespace: str) -> tuple[Name, ...]:
        """Return which runs of a namespace are blocked; of all if it is none."""
        return tuple(name for name in self._names if namespace in {"", name[0]})

    async def attend(self, run: StoryRun) -> None:
        """Tell a run to look again, if something is there that it was not told of.

        Raises:
            TemporalUnavailableError: Temporal could not be asked.
        """
        come = hints.come(run, self._lookups())
        if not come:
            return
        metadata, attempts = run.metadata, run.status.attempts if run.status else None
        seen = metadata.uid, attempts or 0, come
        told = self._told.setdefault((metadata.namespace, metadata.name), [])
        if seen in told or len(told) >= _MOST_HINTS:
            return
        await self._launcher.tell(workflow_of(run), LookAgain())
        told.append(seen)
        extra = {"action": "run_told_to_look", "run": f"{metadata.namespace}/{metadata.name}"}
        _LOG.debug("run told to look again", extra=extra)


def _shows_that_it_is_blocked(run: Manifest) -> bool:
    status: Manifest = run.get("status") or {}
    conditions: list[Manifest] = status.get("conditions") or []
    return any(one.get("type") == BLOCKED and one.get("status") == _TRUE for one in conditions)
