"""What is to be told of a parent in its cluster after a change.

Source: Kratix, status of a resource request; Promise status; Events.
"""

from typing import Any, Final, NamedTuple

from runwright.models.kratix import (
    Compat,
    ConditionType,
    Parent,
    ParentState,
    ResourceRequestStatus,
    WorkflowsStatus,
    WorkflowStatus,
    WorkflowType,
)
from runwright.models.objects import StatusPatch, StatusUpdate
from runwright.rules.bubustack.status.patches import merge_patch, names_of
from runwright.rules.kratix.events import events_of
from runwright.rules.kratix.parents import object_key
from runwright.rules.kratix.status import OF_A_PROMISE, OF_A_REQUEST, shown_fields

_UNKNOWN: Final = object()
"""In the place of a value that may be there: it equals no other."""


class Shown(NamedTuple):
    """Whose status is written, in which layout, and what was told of it before."""

    parent: Parent
    compat: Compat
    told: ParentState
    """Events are told of what changed since, as long as this execution has shown nothing."""


def update_of(shown: Shown, before: ParentState | None, now: ParentState) -> StatusUpdate:
    """Return the patch and the Events that lead from what was shown to the state of a parent.

    `before` is the state that was shown last; None: this execution showed none yet. Then every
    field of ours is written, also those that are to go: nobody knows what is there.
    """
    type_, compat = shown.parent.type, shown.compat
    known = _unknown(type_) if before is None else shown_fields(type_, before, compat)
    patch = merge_patch(known, shown_fields(type_, now, compat))
    about = object_key(shown.parent)
    ours = answered_for(now)
    written = StatusPatch(object=about, status=patch, brief=_brief(patch), answers_for=ours)
    patches = (written,) if patch else ()
    events = events_of(shown.parent, shown.told if before is None else before, now)
    return StatusUpdate(patches=patches, events=events)


def answered_for(state: ParentState) -> tuple[str, ...]:
    """Return the types of conditions of a parent that are Kratix's, or its pipelines'."""
    return tuple(sorted({*ConditionType, *(one.type for one in state.conditions)}))


def _brief(patch: dict[str, Any]) -> dict[str, Any] | None:
    """Return a patch without what pipelines wrote, which their Promise's API may have otherwise.

    Else nothing would be shown any more of a request whose pipeline wrote such a field. None: there
    is nothing else in it, or no such field.
    """
    own = {name: one for name, one in patch.items() if name in OF_A_REQUEST}
    return own if own and own != patch else None


def _unknown(type_: WorkflowType) -> dict[str, Any]:
    """Return a status that differs in everything of ours that may be there, in either layout."""
    is_request = type_ is WorkflowType.RESOURCE
    fields = names_of(ResourceRequestStatus) if is_request else OF_A_PROMISE
    by_action = dict.fromkeys(sorted(names_of(WorkflowStatus)), _UNKNOWN)
    workflows = dict.fromkeys(sorted(names_of(WorkflowsStatus)), _UNKNOWN)
    workflows |= {"configure": by_action, "delete": by_action}
    return {**dict.fromkeys(sorted(fields), _UNKNOWN), "kratix": {"workflows": workflows}}
