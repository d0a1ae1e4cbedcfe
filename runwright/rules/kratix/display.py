"""What a Promise shows besides its workflows: whether it can fulfil requests, and what it lacks.

Source: Kratix, Promise status.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from runwright.models.kratix import (
    Availability,
    ConditionType,
    Installed,
    ParentState,
    Requirers,
    WorkflowType,
)
from runwright.models.objects import StatusPatch, StatusUpdate
from runwright.rules.bubustack.status.patches import merge_patch
from runwright.rules.kratix.availability import in_one_word
from runwright.rules.kratix.events import unplanned
from runwright.rules.kratix.parents import object_key
from runwright.rules.kratix.updates import Shown, answered_for, update_of

_UNKNOWN: Final = object()
_OURS: Final = ("status", "lastAvailableTime", "version", "kind", "apiVersion")


class Display(NamedTuple):
    """All that is shown of a parent."""

    state: ParentState
    installed: Installed = Installed()
    """What a Promise offers, and the Promises that it requires, as they were found."""
    requirers: Requirers | None = None
    """Who requires a Promise; None: nobody said, and what is shown stays."""
    unplanned: str = ""
    """Why nothing starts, where what is to be run cannot be read; the message says it, too."""


def display_update(shown: Shown, before: Display | None, now: Display) -> StatusUpdate:
    """Return the patch and the Events that lead from what was shown to what there is."""
    update = update_of(shown, before.state if before else None, now.state)
    known = before.unplanned if before else ""
    if update.patches and now.unplanned not in {"", known}:
        events = (*update.events, unplanned(shown.parent, now.unplanned))
        update = update.model_copy(update={"events": events})
    if shown.parent.type is WorkflowType.RESOURCE:
        return update
    there = _unknown() if before is None else _promise_fields(before)
    added = merge_patch(there, _promise_fields(now))
    if not added:
        return update
    patch: dict[str, Any] = update.patches[0].status if update.patches else {}
    kratix: dict[str, Any] = patch.get("kratix") or {}
    status = {**patch, **added, "kratix": {**kratix, **added.get("kratix", {})}}
    about, ours = object_key(shown.parent), answered_for(now.state)
    patches = (StatusPatch(object=about, status=status, answers_for=ours),)
    return update.model_copy(update={"patches": patches})


def _unknown() -> dict[str, Any]:
    ours = dict.fromkeys(_OURS, _UNKNOWN)
    return {**ours, "requiredPromises": _UNKNOWN, "kratix": dict(ours)}


def _promise_fields(display: Display) -> dict[str, Any]:
    state, word = display.state, in_one_word(display.state)
    offer = {
        "version": state.promise_version,
        "kind": display.installed.kind,
        "apiVersion": display.installed.api_version,
    }
    fields = {"status": word.value, **{name: one for name, one in offer.items() if one}}
    since = _available_since(state)
    if word is Availability.AVAILABLE and since is not None:
        fields["lastAvailableTime"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
    around = {"requiredPromises": _dumped(display.installed.required)}
    if display.requirers is not None:
        around["requiredBy"] = _dumped(display.requirers.promises)
    return {**fields, **around, "kratix": dict(fields)}


def _dumped(models: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json", exclude_none=True) for one in models]


def _available_since(state: ParentState) -> datetime | None:
    found = state.condition(ConditionType.AVAILABLE)
    return found.last_transition_time if found else None
