"""What the Temporal UI shows of a run: its details, and attributes to search for."""

from typing import Any, Final, NamedTuple

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

KIND: Final = SearchAttributeKey.for_keyword("RunwrightKind")
NAMESPACE: Final = SearchAttributeKey.for_keyword("RunwrightNamespace")
NAME: Final = SearchAttributeKey.for_keyword("RunwrightName")
PHASE: Final = SearchAttributeKey.for_keyword("RunwrightPhase")
TEMPLATE: Final = SearchAttributeKey.for_keyword("RunwrightTemplate")
CLUSTER: Final = SearchAttributeKey.for_keyword("RunwrightCluster")
PENDING_GATE: Final = SearchAttributeKey.for_keyword_list("RunwrightPendingGate")

_OF_IDENTITY: Final = (KIND, NAMESPACE, NAME, TEMPLATE, CLUSTER)
SEARCH_ATTRIBUTES: Final = (*_OF_IDENTITY, PHASE, PENDING_GATE)
"""All that a Temporal namespace must know before a run can start in it."""


class Identity(NamedTuple):
    """The attributes of a run that never change, in the order of their keys above."""

    kind: str
    namespace: str
    name: str
    template: str
    cluster: str

    def attributes(self, phase: str) -> TypedSearchAttributes:
        """Return what the run can be found by in that phase."""
        named = zip(_OF_IDENTITY, self, strict=True)
        pairs = [SearchAttributePair(key, value) for key, value in named]
        return TypedSearchAttributes([*pairs, SearchAttributePair(PHASE, phase)])


class Presentation:
    """Shows a run; an attribute is written only when it changed, for each write costs an event."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._pending: tuple[str, ...] = ()
        self._phase = ""

    def show(self, details: str, phase: str, pending_gates: tuple[str, ...]) -> None:
        """Show these details, that phase, and the gates that wait for somebody."""
        workflow.set_current_details(details)
        updates: list[SearchAttributeUpdate[Any]] = []
        if not self._phase:
            updates += self._what_the_starter_left_out(phase)
        elif phase != self._phase:
            updates.append(PHASE.value_set(phase))
        if pending_gates != self._pending:
            updates.append(PENDING_GATE.value_set(list(pending_gates)))
        self._phase, self._pending = phase, pending_gates
        if updates:
            workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType] # untyped in part

    def _what_the_starter_left_out(self, phase: str) -> list[SearchAttributeUpdate[Any]]:
        given = workflow.info().typed_search_attributes
        wanted = zip(_OF_IDENTITY, self._identity, strict=True)
        updates: list[SearchAttributeUpdate[Any]] = [
            key.value_set(value) for key, value in wanted if given.get(key) != value
        ]
        return updates if given.get(PHASE) == phase else [*updates, PHASE.value_set(phase)]
