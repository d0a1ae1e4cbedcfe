"""What each kind of trouble in a cluster is called, and what would mend it."""

from enum import StrEnum
from typing import Final, NamedTuple


class Category(StrEnum):
    """What kind of trouble it is: stable words, to be counted and alerted upon."""

    IMAGE_PULL = "image-pull"
    MEMORY = "memory"
    UNSCHEDULABLE = "unschedulable"
    QUOTA = "quota"
    ADMISSION = "admission"
    EVICTED = "evicted"
    DEADLINE = "deadline"
    CONFIG = "config"
    VOLUME = "volume"
    NETWORK = "network"
    COMMAND = "command"
    EXIT = "exit"
    KILLED = "killed"
    NODE_LOST = "node-lost"
    STUCK = "stuck-terminating"
    LOST = "lost"
    DELETED = "deleted"
    OUTPUT = "output"
    UNKNOWN = "unknown"


class Advice(NamedTuple):
    """What to tell of one kind of trouble."""

    category: Category
    summary: str
    resolution: str = ""


_LOG: Final = "read the log of this try"
IMAGE: Final = Advice(
    Category.IMAGE_PULL,
    "the image cannot be pulled",
    "see that the image exists under this name, that the node reaches its registry, and that the "
    "pod may pull it; a run keeps the image of its start, so a wrong name is mended in the "
    "template for a new run",
)
IMAGE_ABSENT: Final = Advice(
    Category.IMAGE_PULL,
    "the image is not on the node, and the pull policy Never forbids to pull it",
    "load the image on the node, or use the pull policy IfNotPresent",
)
IMAGE_NAME: Final = Advice(
    Category.IMAGE_PULL, "the image's name cannot be read", "correct it where it is written"
)
CONFIG: Final = Advice(
    Category.CONFIG,
    "the container cannot be configured",
    "create the Secret or ConfigMap or the key that it names, or correct its security context",
)
# By their words, and the cluster's, a run knows that it lacks its account: open runs hold to them.
ACCOUNT: Final = Advice(
    Category.CONFIG,
    "the pod's ServiceAccount does not exist",
    "create it, or name another one; the pod follows within minutes",
)
COMMAND: Final = Advice(
    Category.COMMAND,
    "the container could not be started",
    "see that the image has the command and that the user of the container may execute it",
)
VOLUME: Final = Advice(
    Category.VOLUME,
    "a volume of the pod cannot be mounted",
    "create the Secret, the ConfigMap or the claim that it names; the pod follows within minutes",
)
NETWORK: Final = Advice(
    Category.NETWORK,
    "the node cannot set the pod up",
    "see to the network and the container runtime of the node",
)
UNSCHEDULABLE: Final = Advice(
    Category.UNSCHEDULABLE,
    "no node takes the pod",
    "add a node, or lower the pod's requests, or correct its placement",
)
GATED: Final = Advice(
    Category.UNSCHEDULABLE,
    "the pod is held back by a scheduling gate",
    "see to whoever put the gate there; the pod is scheduled once it is removed",
)
QUOTA: Final = Advice(
    Category.QUOTA,
    "the quota of the namespace is used up",
    "raise the quota, or let other pods end; the pod is created once there is room",
)
ADMISSION: Final = Advice(
    Category.ADMISSION,
    "the cluster refuses the pod",
    "change the pod, or the policy that refuses it",
)
ENDING_NAMESPACE: Final = Advice(Category.ADMISSION, "the pod's namespace is being deleted")
NOT_CREATED: Final = Advice(
    Category.ADMISSION,
    "the cluster does not create the pod",
    "see to the API server and its webhooks; the Job's controller tries again",
)
MEMORY: Final = Advice(
    Category.MEMORY,
    "the container used more memory than its limit",
    "raise the memory limit, or give the task less to do at once",
)
EVICTED: Final = Advice(
    Category.EVICTED,
    "the pod was evicted from its node",
    "run it again; when it happens again, raise the pod's requests to what it really uses",
)
PREEMPTED: Final = Advice(
    Category.EVICTED,
    "the pod had to make room for one of higher priority",
    "run it again, or give its pods a higher priority",
)
REJECTED: Final = Advice(
    Category.UNSCHEDULABLE,
    "the node did not take the pod that was placed there",
    "run it again; when it happens again, see to the node",
)
NODE_LOST: Final = Advice(
    Category.NODE_LOST,
    "the pod's node does not answer",
    "see to the node; nobody knows whether the task still runs there",
)
NODE_DOWN: Final = Advice(
    Category.NODE_LOST, "the pod's node was shut down or removed", "run it again"
)
DEADLINE: Final = Advice(
    Category.DEADLINE,
    "the task took longer than it may",
    "raise its timeout, or see in the log what it was waiting for",
)
STUCK: Final = Advice(
    Category.STUCK,
    "the pod was told to end and does not",
    "see to its node, and to who else holds the pod by a finalizer",
)
EXIT: Final = Advice(Category.EXIT, "the container failed", _LOG)
RESTARTED: Final = Advice(
    Category.EXIT, "the container failed, and is run again after a pause", _LOG
)
KILLED: Final = Advice(
    Category.KILLED,
    "the container was killed from outside, or ended as if it had been",
    "see the events of the pod and of its node; on a node that is short of memory the kernel "
    "kills too; if nobody did, see in the log what ended with that exit code",
)
DELETED: Final = Advice(
    Category.KILLED, "the pod was deleted while it ran", "find out who deletes it; run it again"
)
LOST: Final = Advice(
    Category.LOST,
    "the pod is gone, so nobody can say how it ended",
    "find out who removes pods and their finalizers; run it again if it may run twice",
)
JOB_DELETED: Final = Advice(
    Category.DELETED,
    "somebody deleted the Job or its pod while the task ran",
    "see the audit log of the cluster for who it was",
)
EVIDENCE_DELETED: Final = JOB_DELETED._replace(category=Category.LOST)
UNKNOWN: Final = Advice(
    Category.UNKNOWN, "the pod failed, and nobody says why", "see the events of the pod"
)
OUTPUT: Final = Advice(
    Category.OUTPUT,
    "the container succeeded but what it wrote is no output",
    "write one JSON object of at most 4,096 bytes to /dev/termination-log",
)
OUTPUT_SIZE: Final = Advice(
    Category.OUTPUT,
    "the container succeeded but wrote more output than a run may carry",
    "write less, or write it elsewhere and put only a reference into the output",
)

NODE_AWAY: Final = frozenset({"NodeLost", "DeletionByTaintManager"})
"""Why the control plane gives a pod up whose node it does not hear of."""
_WAITING: Final = {
    "ErrImagePull": IMAGE,
    "ImagePullBackOff": IMAGE,
    "RegistryUnavailable": IMAGE,
    "SignatureValidationFailed": IMAGE,
    "ImageInspectError": IMAGE,
    "ErrImageNeverPull": IMAGE_ABSENT,
    "InvalidImageName": IMAGE_NAME,
    "CreateContainerConfigError": CONFIG,
    "CreateContainerError": COMMAND,
    "RunContainerError": COMMAND,
    "StartError": COMMAND,
    "CrashLoopBackOff": RESTARTED,
}
_EVENTS: Final = {
    "FailedMount": VOLUME,
    "FailedAttachVolume": VOLUME,
    "FailedMapVolume": VOLUME,
    "FailedCreatePodSandBox": NETWORK,
    "FailedCreatePodContainer": NETWORK,
    "NetworkNotReady": NETWORK,
}
_DISRUPTIONS: Final = {
    "Evicted": EVICTED,
    "EvictionByEvictionAPI": EVICTED,
    "TerminationByKubelet": EVICTED,
    "Preempting": PREEMPTED,
    "PreemptionByScheduler": PREEMPTED,
    "NodeLost": NODE_LOST,
    "DeletionByTaintManager": NODE_LOST,
    "DeletionByPodGC": NODE_DOWN,
    "NodeShutdown": NODE_DOWN,
    "Shutdown": NODE_DOWN,
    "Terminated": NODE_DOWN,
    "DeadlineExceeded": DEADLINE,
}
ROOM_LATER: Final = ("exceeded quota", "status unknown for quota")
"""What is said of a quota that is used up, and of one of which nobody has counted what is used."""
_REFUSALS: Final = (
    *((words, QUOTA) for words in ROOM_LATER),
    ("failed quota", QUOTA),
    ("error looking up service account", ACCOUNT),
    ("because it is being terminated", ENDING_NAMESPACE),
    ("forbidden", ADMISSION),
    ("denied the request", ADMISSION),
    ("is invalid", ADMISSION),
)
"""In the order of their weight: a quota is told as a forbidden pod, too."""
_RUNTIMES: Final = frozenset({"StartError", "ContainerCannotRun", "ContainerStatusUnknown"})


def of_refusal(answer: str) -> Advice:
    """Return what keeps a Job's controller from creating a pod, by the answer it got."""
    return next((found for words, found in _REFUSALS if words in answer), NOT_CREATED)


def of_waiting(reason: str) -> Advice | None:
    """Return what a container waits for, by the kubelet's reason; None for what passes."""
    return _WAITING.get(reason)


def of_event(reason: str) -> Advice | None:
    """Return what an Event on a pod says of its not starting; None if it does not."""
    return _EVENTS.get(reason)


def of_placement(reason: str) -> Advice:
    """Return why a pod has no node."""
    return GATED if reason == "SchedulingGated" else UNSCHEDULABLE


def of_disruption(reason: str) -> Advice:
    """Return who ended a pod, or did not even begin it; the node, if nobody else is known."""
    return _DISRUPTIONS.get(reason, REJECTED)


def is_runtimes(reason: str) -> bool:
    """Return whether a container's message is of the runtime, not of the task."""
    return reason in _RUNTIMES


def of_exit(reason: str, code: int | None, *, is_deleted: bool) -> Advice:
    """Return what an ended container says; `is_deleted` tells of its pod."""
    if reason == "OOMKilled":
        return MEMORY
    if reason in {"StartError", "ContainerCannotRun"}:
        return COMMAND
    if code not in {None, 137, 143}:
        return EXIT
    return DELETED if is_deleted else KILLED
