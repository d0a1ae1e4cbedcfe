"""What says on a Job whose it is: labels to find it by, annotations to know it by."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, Claim, TaskKey
from runwright.rules.kubernetes import outcomes

EVIDENCE: Final = outcomes.EVIDENCE
"""The finalizer that keeps a Job and its pod until their outcome is recorded."""
CLUSTER: Final = "runwright.dev/cluster"
"""The label that all our objects have: which cluster's workers look after them."""
RUN: Final = "runwright.dev/run"
"""The label that tells the run, as a digest of its workflow's id."""
WORKFLOW: Final = "runwright.dev/workflow-id"
EXECUTION: Final = "runwright.dev/execution"
TRY: Final = "runwright.dev/try"
"""Activation and try, as `1.2`."""
CLAIM: Final = "runwright.dev/claim"
"""Who is to be told how the task ended, as JSON."""
MAX_OUTPUT: Final = "runwright.dev/max-output"
STOPPED: Final = "runwright.dev/stopped-at"
"""When the task was told to stop; its end after that is no end of its own."""
DIAGNOSED: Final = "runwright.dev/diagnosed"
"""The run may show why its task does not get on: whoever observes it next has to take that back.

The value is a digest of what it shows, once it was told.
"""
BARRED: Final = "runwright.dev/barred"
"""A try that must not start any more: on the tombstone in its place, or on an older one."""


class Position(NamedTuple):
    """Which try of a step: later ones are greater."""

    activation: int
    try_number: int

    def __str__(self) -> str:
        return f"{self.activation}.{self.try_number}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Return the position that is written so; before all others if it is none."""
        activation, _, number = text.partition(".")
        if activation.isdecimal() and number.isdecimal():
            return cls(int(activation), int(number))
        return cls(0, 0)


def run_digest(workflow_id: str) -> str:
    """Return the run as the value of a label."""
    return hashlib.sha256(workflow_id.encode()).hexdigest()[:32]


def labels_of(key: TaskKey, cluster: str) -> dict[str, str]:
    """Return the labels by which a task's objects are found."""
    return {CLUSTER: cluster, RUN: run_digest(key.workflow_id)}


def annotations_of(key: TaskKey) -> dict[str, str]:
    """Return the annotations that identify a try."""
    return {
        WORKFLOW: key.workflow_id,
        EXECUTION: key.execution,
        TRY: str(Position(*key.order)),
    }


def annotations(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what an object is annotated with."""
    found: Mapping[str, str] = manifest["metadata"].get("annotations") or {}
    return found


def claim_of(job: Manifest) -> Claim | None:
    """Return the claim on a Job; None if nobody holds it, or it is not one on this very try.

    Nothing else is proof of who wrote it: whoever may make Jobs in a namespace speaks for the tasks
    of its runs, and for no others.
    """
    key = key_of(job)
    with suppress(ValidationError):
        claim = Claim.model_validate_json(annotations(job).get(CLAIM, ""))
        if key is not None and claim.is_on(key):
            return claim
    return None


def awaited_by(job: Manifest) -> Claim | None:
    """Return who is to be told of a Job: its claim, or else whoever has one on its try.

    None: the Job is none of ours.
    """
    key = key_of(job)
    return None if key is None else claim_of(job) or Claim.unread(key)


def key_of(job: Manifest) -> TaskKey | None:
    """Return which try a Job is; None if it is none of ours.

    It is none if it names a run of another namespace.
    """
    said, metadata = annotations(job), job["metadata"]
    position = Position.parse(said.get(TRY, ""))
    if not all(position) or namespace_of(said.get(WORKFLOW, "")) != metadata["namespace"]:
        return None
    return TaskKey(
        backend=Backend.KUBERNETES,
        namespace=metadata["namespace"],
        name=metadata["name"],
        workflow_id=said[WORKFLOW],
        execution=said.get(EXECUTION, ""),
        activation=position.activation,
        try_number=position.try_number,
    )


def namespace_of(workflow_id: str) -> str:
    """Return the namespace of the Jobs of a run: the third part from the end of its id.

    Such ids end with namespace, name and uid. Of a pipeline of Kratix, whose Jobs may be elsewhere
    than the object that it is run for, they end with namespace, action and number. Either way it is
    the run's own id that says where its Jobs are, and nothing on a Job: a Job that names the run of
    another namespace is nobody's, and one that names an id made up to fit finds no such run.
    """
    parts = workflow_id.split("/")
    return parts[-3] if len(parts) > 3 else ""


def is_of(manifest: Mapping[str, Any], key: TaskKey) -> bool:
    """Return whether an object is that of this very try."""
    return annotations_of(key).items() <= annotations(manifest).items()


def has_evidence(manifest: Mapping[str, Any]) -> bool:
    """Return whether an object is kept by our finalizer."""
    return EVIDENCE in (manifest["metadata"].get("finalizers") or ())
