"""A try as a cluster has it: its Job, its pod, and what is said of them."""

from datetime import UTC, datetime
from typing import Any, Final

from adapters.kubernetes import identity
from adapters.kubernetes.manifests import written_claim
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend, Claim, TaskKey
from tests.unit.rules.cluster_objects import condition, ended

KEY: Final = TaskKey(
    backend=Backend.KUBERNETES,
    namespace="ns",
    name="web-build",
    workflow_id="storyrun/ns/web/7f3a",
    execution="first",
    activation=1,
    try_number=1,
)
CLAIM: Final = Claim(
    workflow_id=KEY.workflow_id,
    run_id="first",
    activity_id="web-build/1/1/1",
    since=datetime(2026, 3, 1, tzinfo=UTC),
)
_MADE: Final = "2026-03-01T12:00:00Z"
COMPLETE: Final = {"conditions": [condition("Complete")]}


def job(
    claim: Claim | None = CLAIM,
    *,
    name: str = KEY.name,
    workflow_id: str = KEY.workflow_id,
    annotations: dict[str, str] | None = None,
    **parts: Any,
) -> Manifest:
    """Return the Job of the try; `parts` are further metadata and the status."""
    key = KEY.model_copy(update={"workflow_id": workflow_id})
    held = {} if claim is None else {identity.CLAIM: written_claim(claim)}
    known_by = {**identity.annotations_of(key), **held, **(annotations or {})}
    container = {"name": "engram", "image": "web"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "uid": f"uid-of-{name}",
            "creationTimestamp": _MADE,
            "finalizers": [identity.EVIDENCE],
            "annotations": known_by,
            "labels": {identity.CLUSTER: "prod"},
            **parts.get("metadata", {}),
        },
        "spec": {
            "template": {
                "metadata": {"finalizers": [identity.EVIDENCE]},
                "spec": {"containers": [container]},
            }
        },
        "status": parts.get("status", {}),
    }


def pod(phase: str, *, job: str = KEY.name, name: str = "p1", **parts: Any) -> Manifest:
    """Return the pod of a Job; `parts` are further metadata, and fields of its status."""
    containers = {
        "Pending": [],
        "Running": [{"name": "engram", "state": {"running": {}}}],
        "Succeeded": [ended(0)],
        "Failed": [ended(1)],
    }
    labels = {
        "batch.kubernetes.io/controller-uid": f"uid-of-{job}",
        "batch.kubernetes.io/job-name": job,
        identity.CLUSTER: "prod",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "ns",
            "uid": f"uid-of-{name}",
            "creationTimestamp": _MADE,
            "finalizers": [identity.EVIDENCE],
            "labels": labels,
            **parts.pop("metadata", {}),
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "engram"}]},
        "status": {"phase": phase, "containerStatuses": containers[phase], **parts},
    }


def said(about: Manifest, reason: str, message: str) -> Manifest:
    """Return an Event about an object."""
    metadata = about["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{reason}", "namespace": "ns"},
        "involvedObject": {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]},
        "reason": reason,
        "message": message,
        "lastTimestamp": _MADE,
    }
