"""Jobs, pods and Events in a few words, in the shapes that a Kubernetes 1.36 gave them."""

from typing import Any

from runwright.rules.kubernetes.outcomes import EVIDENCE

Fields = dict[str, Any]
STARTED = "2026-03-01T12:00:02Z"
FINISHED = "2026-03-01T12:00:09Z"


def job(*conditions: Fields, finalizers: tuple[str, ...] = (EVIDENCE,), **spec: Any) -> Fields:
    """Return the Job `web-build`, with these conditions."""
    return {
        "metadata": {"name": "web-build", "namespace": "ns"},
        "spec": {
            "activeDeadlineSeconds": 60,
            "template": {"metadata": {"finalizers": list(finalizers)}},
            **spec,
        },
        "status": {"startTime": "2026-03-01T12:00:00Z", "conditions": list(conditions)},
    }


def condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> Fields:
    """Return a condition of a Job or a pod."""
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-03-01T12:01:00Z",
    }


COMPLETE = (
    condition("SuccessCriteriaMet", "CompletionsReached"),
    condition("Complete", "CompletionsReached"),
)
OVERDUE = (
    condition("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline"),
)
EXHAUSTED = (
    condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
)


def pod(phase: str, *containers: Fields, deleted: bool = False, **status: Any) -> Fields:
    """Return the pod of the Job; `init...` are its init containers."""
    inits = [one for one in containers if one["name"].startswith("init")]
    mains = [one for one in containers if one not in inits]
    metadata: Fields = {"name": "web-build-x7k2p", "namespace": "ns"}
    if deleted:
        metadata |= {"deletionTimestamp": "2026-03-01T12:01:00Z", "deletionGracePeriodSeconds": 0}
    return {
        "metadata": metadata,
        "spec": {
            "nodeName": "n1",
            "initContainers": [{"name": one["name"]} for one in inits],
            "containers": [{"name": one["name"]} for one in mains] or [{"name": "engram"}],
        },
        "status": {
            "phase": phase,
            "initContainerStatuses": inits,
            "containerStatuses": mains,
            **status,
        },
    }


def ended(code: int, message: str = "", reason: str = "", name: str = "engram") -> Fields:
    """Return the status of a container that ended."""
    terminated: Fields = {
        "exitCode": code,
        "reason": reason or ("Error" if code else "Completed"),
        "startedAt": STARTED,
        "finishedAt": FINISHED,
    }
    if message:
        terminated["message"] = message
    return {"name": name, "state": {"terminated": terminated}, "lastState": {}}


def waiting(reason: str, message: str = "", name: str = "engram") -> Fields:
    """Return the status of a container that has not started."""
    return {"name": name, "state": {"waiting": {"reason": reason, "message": message}}}


def running(name: str = "engram") -> Fields:
    """Return the status of a container that runs."""
    return {"name": name, "state": {"running": {"startedAt": STARTED}}}


def event(reason: str, message: str = "", *, on_pod: bool = False, minute: int = 0) -> Fields:
    """Return an Event on the Job, or on its pod."""
    kind, name = ("Pod", "web-build-x7k2p") if on_pod else ("Job", "web-build")
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "involvedObject": {"kind": kind, "name": name, "namespace": "ns"},
        "lastTimestamp": f"2026-03-01T12:{minute:02}:00Z",
    }
