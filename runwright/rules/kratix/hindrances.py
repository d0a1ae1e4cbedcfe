"""What keeps the Job of a pipeline from starting, in the words of whoever wrote the pipeline."""

from typing import Final

from runwright.models.kratix import Parent, WorkflowType
from runwright.models.tasks import Diagnosis
from runwright.rules.kubernetes.advice import Category

_NOTHING_RUNS: Final = frozenset(
    {
        Category.IMAGE_PULL,
        Category.CONFIG,
        Category.VOLUME,
        Category.UNSCHEDULABLE,
        Category.QUOTA,
        Category.ADMISSION,
    }
)
"""The troubles of a pod that waits: what is ended with it is no work of a step."""


def cannot_start(diagnosis: Diagnosis | None) -> bool:
    """Return whether a Job waits for what it may never get, so that nothing of it runs."""
    return diagnosis is not None and diagnosis.category in _NOTHING_RUNS


def advised(diagnosis: Diagnosis, parent: Parent) -> Diagnosis:
    """Return a diagnosis with what mends it in a pipeline, where that is not what mends any task.

    A run keeps its pipelines as they were at its start; they are written in a Promise.
    """
    if diagnosis.category != Category.IMAGE_PULL:
        return diagnosis
    resolution = (
        "have the image there under this name, for this node and this pod; or correct the pipeline "
        "in its Promise, and the next run takes the place of this one; "
        f"`runwright cancel {_address_of(parent)}` ends it"
    )
    return diagnosis.model_copy(update={"resolution": resolution})


def _address_of(parent: Parent) -> str:
    """Return how a command calls a parent: `Database/shop/orders`, `promise/database`."""
    if parent.type is WorkflowType.PROMISE:
        return f"promise/{parent.name}"
    return f"{parent.kind}/{parent.namespace}/{parent.name}"
