"""What the entity of a Promise, or of a request for one, can be found by in Temporal.

The runs of its pipelines are found by the same, under a kind of their own.
"""

from temporalio.common import TypedSearchAttributes

from runwright.models.kratix import Parent, Standing, StartParent
from workflows.presentation import Identity


def identity_of(parent: Parent, cluster: str) -> Identity:
    """Return what never changes of it; the template is its Promise."""
    return Identity(
        kind=parent.kind,
        namespace=parent.namespace,
        name=parent.name,
        template=parent.promise,
        cluster=cluster,
    )


def attributes_of(start: StartParent) -> TypedSearchAttributes:
    """Return what an entity can be found by from its start."""
    return identity_of(start.parent, start.cluster).attributes(Standing.STARTING.value)
