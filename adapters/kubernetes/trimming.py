"""What an observer keeps of Jobs and pods: thousands of them are held in memory."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from runwright.models.metadata import LAST_APPLIED
from runwright.models.objects import Manifest
from runwright.rules.bubustack.intake import RUN_ID

_METADATA: Final = (
    *("name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"),
    *("deletionGracePeriodSeconds", "finalizers", "ownerReferences"),
)
_OURS: Final = "runwright.dev/"
_OF_THE_END: Final = (
    *("phase", "attempts", "finishedAt", "childrenCleanedAt"),
    "observedGeneration",
)
_OF_AN_OPEN_RUN: Final = (
    *("phase", "attempts", "message", "conditions", "startedAt", "active", "gates"),
    "observedGeneration",
)
_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
JOB_UID: Final = "batch.kubernetes.io/controller-uid"
"""The label of a pod that has the uid of its Job."""
_JOB_NAME: Final = "batch.kubernetes.io/job-name"
_JOB_OF_POD: Final = (JOB_UID, _JOB_NAME)


def trimmed_job(job: Manifest) -> Manifest:
    """Return a Job without the bulk of its pod template; of a command its first word is left."""
    template = job["spec"]["template"]
    first = template["spec"]["containers"][0]
    return {
        "metadata": _metadata(job, ()),
        "spec": {
            **_some(job["spec"], ("suspend", "activeDeadlineSeconds", "backoffLimit")),
            "template": {
                "metadata": _some(template.get("metadata") or {}, ("finalizers",)),
                "spec": {"containers": [{**_some(first, ("name", "image")), **_command(first)}]},
            },
        },
        "status": job.get("status") or {},
    }


def trimmed_pod(pod: Manifest) -> Manifest:
    """Return a pod without its spec, but for where it runs and who says that it is ready."""
    spec = pod["spec"]
    names = {
        kind: [_some(one, ("name", "image")) for one in spec.get(kind) or ()]
        for kind in _CONTAINERS
    }
    return {
        "metadata": _metadata(pod, _JOB_OF_POD),
        "spec": {**_some(spec, ("nodeName", "readinessGates")), **names},
        "status": pod.get("status") or {},
    }


def trimmed_story_run(run: Manifest) -> Manifest:
    """Return a StoryRun without what its run knows by itself: once it was started, its inputs.

    Of one that is over only what says when it may go, and how its gates were decided.
    """
    status: Manifest = run.get("status") or {}
    metadata = {name: value for name, value in run["metadata"].items() if name != "managedFields"}
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    metadata["annotations"] = {
        name: value for name, value in annotations.items() if name != LAST_APPLIED
    }
    known = {"apiVersion": run["apiVersion"], "kind": run["kind"], "metadata": metadata}
    spec: Manifest = run.get("spec") or {}
    if RUN_ID not in (metadata.get("annotations") or {}):
        return {**known, "spec": spec, "status": status}
    spec = _some(spec, ("storyRef", "cancelRequested"))
    steps: Mapping[str, Manifest] = status.get("stepStates") or {}
    phases = {name: _some(step, ("phase",)) for name, step in steps.items()}
    if not status.get("finishedAt"):
        kept = {**_some(status, _OF_AN_OPEN_RUN), "stepStates": phases}
    elif gates := status.get("gates"):
        kept = {**_some(status, (*_OF_THE_END, "gates")), "stepStates": _some(phases, gates)}
    else:
        kept = _some(status, _OF_THE_END)
    return {**known, "spec": spec, "status": kept}


def job_uid_of(pod: Manifest) -> str:
    """Return the uid of the Job that a pod belongs to; empty if it belongs to none."""
    return str(pod["metadata"]["labels"].get(JOB_UID, ""))


def job_name_of(pod: Manifest) -> tuple[str, str]:
    """Return namespace and name of the Job that a pod belongs to."""
    metadata = pod["metadata"]
    return metadata["namespace"], str(metadata["labels"].get(_JOB_NAME, ""))


def _metadata(manifest: Manifest, labels: Iterable[str]) -> Manifest:
    metadata = manifest["metadata"]
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    return {
        **_some(metadata, _METADATA),
        "labels": _some(metadata.get("labels") or {}, labels),
        "annotations": {name: text for name, text in annotations.items() if _OURS in name},
    }


def _command(container: Manifest) -> Manifest:
    words: Sequence[str] = container.get("command") or ()
    return {"command": list(words[:1])} if words else {}


def _some(given: Mapping[str, Any], names: Iterable[str]) -> Manifest:
    return {name: given[name] for name in names if name in given}
