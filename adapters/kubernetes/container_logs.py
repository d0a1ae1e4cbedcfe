"""The logs of single containers: which run of one failed, and what the node still has of it."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import PODS
from runwright.errors import RefusedError
from runwright.models.objects import Manifest
from runwright.rules.kubernetes.fields import entries, field, text
from runwright.rules.wording import excerpt

_NOT_A_LOG: Final = (
    b"unable to retrieve container logs for ",
    b"failed to try resolving symlinks in path ",
    b"failed to open log file ",
)
"""How a kubelet begins its answer, with status 200, once it has removed a container."""
_LONGEST_REASON: Final = 256


class ContainerRun(NamedTuple):
    """One run of a container: in a pod that restarts it, the next one removes its log."""

    container: str
    id: str = ""
    """Another one for each run; empty for the newest, whichever that is."""
    is_previous: bool = False
    """Whether the container has begun once more since."""


async def read_log(
    cluster: Cluster,
    pod: tuple[str, str],
    run: ContainerRun,
    *,
    tail: int | None = None,
    follow: bool = False,
) -> AsyncIterator[bytes]:
    """Yield what a container wrote in that run, as the cluster does; nothing if it is gone.

    Raises:
        RefusedError: the API server refuses it, or the node has the log no more.
        ClusterUnavailableError: it could not be read now.
    """
    begun: bytes | None = b""
    previous = run.is_previous
    log = cluster.log(pod, run.container, tail=tail, follow=follow, previous=previous)
    async for chunk in log:
        begun = chunk if begun is None else begun + chunk
        if not _may_be_no_log(begun):
            yield begun
            begun = None
    if begun:
        _raise_if_no_log(pod, begun)
        yield begun


def _may_be_no_log(begun: bytes) -> bool:
    """Return whether an answer may turn out to be the kubelet's own: one line without an end."""
    return b"\n" not in begun and any(
        begun.startswith(words) or words.startswith(begun) for words in _NOT_A_LOG
    )


def _raise_if_no_log(pod: tuple[str, str], answer: bytes) -> None:
    if answer.startswith(_NOT_A_LOG):
        said = excerpt(answer.decode(errors="replace"), _LONGEST_REASON)
        message = f"read the log of {PODS.of(*pod)}: its node has it no more: {said}"
        raise RefusedError(message)


def failed_runs(pod: Manifest, *, is_killed: bool) -> list[ContainerRun]:
    """Return the runs of the container that tells of the task which failed, the more telling first.

    That is the last one; but not where the pod `is_killed` while that went on: how it would have
    ended is not known, and why the pod is killed is what the one before has to say.
    """
    container = container_of(pod)
    status = status_of(pod, container)
    found = [
        ContainerRun(container, _id_of(terminated), is_previous=is_previous)
        for state, is_previous in (("state", False), ("lastState", _has_begun_anew(status)))
        if field(terminated := field(status, state, "terminated"), "exitCode")
    ]
    return found[::-1] if is_killed else found


def _has_begun_anew(status: object) -> bool:
    """Return whether a log that is asked for is that of a later run than the one that ended last.

    Of a container that waits for its next run a kubelet tells what the last one wrote.
    """
    return field(status, "state", "waiting") is None


def _id_of(terminated: object) -> str:
    return text(terminated, "containerID") or text(terminated, "finishedAt")


def container_of(pod: Manifest) -> str:
    """Return the name of the container that tells of the task: its own, once that has begun.

    Before, and if it never does, that is the last of those that come before it.
    """
    own = text(next(iter(entries(pod, "spec", "containers")), None), "name")
    before = [text(one, "name") for one in entries(pod, "spec", "initContainers")]
    begun = [name for name in before if has_begun(pod, name)]
    return own if has_begun(pod, own) or not begun else begun[-1]


def status_of(pod: Manifest, container: str) -> object:
    """Return the status of a container; None if it has none yet."""
    statuses = (
        *entries(pod, "status", "initContainerStatuses"),
        *entries(pod, "status", "containerStatuses"),
    )
    return next((one for one in statuses if text(one, "name") == container), None)


def has_begun(pod: Manifest, container: str) -> bool:
    """Return whether a container ever ran: before that there is no log of it."""
    status = status_of(pod, container)
    states = (("state", "running"), ("state", "terminated"), ("lastState", "terminated"))
    return any(field(status, *path) for path in states)
