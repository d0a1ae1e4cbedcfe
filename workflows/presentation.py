"""What the Temporal UI shows of a run: its details, and attributes to search for."""

from typing import Any, Final, NamedTuple

from temporalio import workflow
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from runwright.models.bubustack import Phase
from runwright.models.kratix import Standing, StartParent
from runwright.models.story_run import StartStoryRun

KIND: Final = SearchAttributeKey.for_keyword("RunwrightKind")
NAMESPACE: Final = SearchAttributeKey.for_keyword("RunwrightNamespace")
NAME: Final = SearchAttributeKey.for_keyword("RunwrightName")
PHASE: Final = SearchAttributeKey.for_keyword("RunwrightPhase")
TEMPLATE: Final = SearchAttributeKey.for_keyword("RunwrightTemplate")
CLUSTER: Final = SearchAttributeKey.for_keyword("RunwrightCluster")
PENDING_GATE: Final = SearchAttributeKey.for_keyword_list("RunwrightPendingGate")

SEARCH_ATTRIBUTES: Final = (KIND, NAMESPACE, NAME, PHASE, TEMPLATE, CLUSTER, PENDING_GATE)
"""All that a Temporal namespace must know before a run can start in it."""


def attributes_of(start: StartStoryRun) -> TypedSearchAttributes:
    """Return what a run can be found by from its start."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(KIND, "StoryRun"),
            SearchAttributePair(NAMESPACE, start.namespace),
            SearchAttributePair(NAME, start.name),
            SearchAttributePair(TEMPLATE, start.story.metadata.name),
            SearchAttributePair(CLUSTER, start.cluster),
            SearchAttributePair(PHASE, str(Phase.RUNNING)),
        ]
    )


def attributes_of_parent(start: StartParent) -> TypedSearchAttributes:
    """Return what the entity of a Promise, or of a request for one, can be found by."""
    parent = start.parent
    return TypedSearchAttributes(
        [
            SearchAttributePair(KIND, parent.kind),
            SearchAttributePair(NAMESPACE, parent.namespace),
            SearchAttributePair(NAME, parent.name),
            SearchAttributePair(TEMPLATE, parent.promise),
            SearchAttributePair(CLUSTER, start.cluster),
            SearchAttributePair(PHASE, Standing.STARTING.value),
        ]
    )


class Identity(NamedTuple):
    """The attributes of a run that never change."""

    kind: str
    namespace: str
    name: str
    template: str
    cluster: str


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
        wanted = zip((KIND, NAMESPACE, NAME, TEMPLATE, CLUSTER), self._identity, strict=True)
        updates: list[SearchAttributeUpdate[Any]] = [
            key.value_set(value) for key, value in wanted if given.get(key) != value
        ]
        return updates if given.get(PHASE) == phase else [*updates, PHASE.value_set(phase)]
