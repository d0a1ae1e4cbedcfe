"""The Job of a task, as the API server takes it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import to_json

from adapters.kubernetes import identity
from adapters.kubernetes.hindrances import MAYBE
from runwright.errors import RefusedError
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, JobTemplate, Task, TaskKey

_TOMBSTONE: Final = "barred"
_MAYBE_REFUSED: Final = {identity.DIAGNOSED: MAYBE}
"""On a Job that was not created at once: its run may have been told why."""


def template_of(task: Task) -> JobTemplate:
    """Return what the task's system wants of its Job.

    Raises:
        RefusedError: the task was made for another backend.
    """
    if task.job is None:
        message = f"start {task.key.namespace}/{task.key.name}: it says nothing of a Job"
        raise RefusedError(message)
    return task.job


def job_of(task: Task, claim: Claim, owner: Manifest | None, cluster: str) -> Manifest:
    """Return the Job of one try: the system's template with identity, claim and environment."""
    template = template_of(task)
    known_by = identity.annotations_of(task.key)
    metadata: dict[str, Any] = {
        "name": task.key.name,
        "namespace": task.key.namespace,
        "labels": {**template.labels, **identity.labels_of(task.key, cluster)},
        "annotations": {
            **template.annotations,
            **known_by,
            **({} if claim.is_first else _MAYBE_REFUSED),
            identity.CLAIM: written_claim(claim),
            identity.MAX_OUTPUT: str(task.max_output),
        },
        "finalizers": [identity.EVIDENCE],
    }
    if owners := template.owners if owner is None else (reference_to(owner),):
        metadata["ownerReferences"] = list(owners)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {**template.spec, "template": _pod_of(task, template, metadata["labels"])},
    }


def _pod_of(task: Task, template: JobTemplate, labels: Mapping[str, str]) -> Manifest:
    pod: Manifest = template.spec["template"]
    given: Manifest = pod.get("metadata") or {}
    first, *others = pod["spec"]["containers"]
    environment = [*(first.get("env") or ()), *_variables(task)]
    return {
        "metadata": {
            "labels": {**labels, **(given.get("labels") or {})},
            "annotations": {
                **template.annotations,
                **identity.annotations_of(task.key),
                **(given.get("annotations") or {}),
            },
            "finalizers": [identity.EVIDENCE],
        },
        "spec": {**pod["spec"], "containers": [{**first, "env": environment}, *others]},
    }


def _variables(task: Task) -> list[dict[str, str]]:
    inputs = to_json(task.input).decode()
    variables = {**task.environment, **dict.fromkeys(task.input_variables, inputs)}
    # A dollar could begin a reference to another variable; twice it is one dollar.
    return [{"name": name, "value": value.replace("$", "$$")} for name, value in variables.items()]


def tombstone_of(key: TaskKey, cluster: str) -> Manifest:
    """Return the Job that takes the place of a try that must not start: it never has a pod."""
    container = {"name": _TOMBSTONE, "image": _TOMBSTONE}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "labels": identity.labels_of(key, cluster),
            "annotations": {
                **identity.annotations_of(key),
                identity.BARRED: "this try",
            },
        },
        "spec": {
            "suspend": True,
            "backoffLimit": 0,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }


def reference_to(owner: Manifest) -> dict[str, Any]:
    """Return the reference that makes an object depend on its owner."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def written_claim(claim: Claim) -> str:
    """Return a claim as its annotation has it."""
    return claim.model_dump_json(by_alias=True)
