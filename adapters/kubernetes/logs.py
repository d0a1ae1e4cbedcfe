"""What the tasks of a cluster wrote: from their pods, and what was kept when those went."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.container_logs import (
    ContainerRun,
    container_of,
    has_begun,
    read_log,
    status_of,
)
from adapters.kubernetes.evidence import name_of
from adapters.kubernetes.identity import Position
from adapters.kubernetes.resources import CONFIG_MAPS, PODS
from adapters.kubernetes.trimming import job_name_of
from runwright.errors import ConflictError, RefusedError, RunwrightError, TransientError
from runwright.models.objects import Manifest
from runwright.rules.kubernetes.fields import field
from runwright.rules.wording import excerpt

_LOG: Final = logging.getLogger(__name__)
_ENDING: Final = "-log"
_KEY: Final = "try-"
MOST_OF_A_TRY: Final = 64 * 1024
"""Bytes of one try's log that are kept: the last."""
MOST_OF_A_TASK: Final = 512 * 1024
"""Bytes of all tries' logs of one task that are kept, newest first: an object may have 1 MiB."""
_TAIL: Final = 8192
"""Lines that are asked for, to have the last bytes without reading a log of any length."""
_CUT: Final = "[only the end of this log was kept]\n"
_MOST_WRITES: Final = 5
_LONGEST_REASON: Final = 256
_LOOK_EVERY: Final = timedelta(milliseconds=300)


class KeptLogs:
    """Logs of tries, in a ConfigMap for each task: `NAME-log`, with a key for each try.

    It goes with the object that stands for the step, and is there when the pods are not any more.
    """

    def __init__(self, cluster: Cluster, cluster_name: str) -> None:
        self._cluster = cluster
        self._name = cluster_name

    async def keep(self, job: Manifest, pod: Manifest, run: ContainerRun | None = None) -> bool:
        """Keep the end of what the task of a Job wrote in this pod of it; idempotent.

        It is what that `run` of a container wrote; return whether that is kept. Without one it is
        the newest: that it cannot be read is noted where nothing was kept before. Nothing that goes
        wrong is an error: what cannot be written is told in the worker's log.
        """
        if identity.key_of(job) is None or not job["metadata"].get("ownerReferences"):
            return False  # nobody would find it, or nothing would ever remove it
        newest = run or ContainerRun(container_of(pod))
        if not has_begun(pod, newest.container):
            return False
        said, why_not = await self._end_of(pod, newest)
        try:
            if said or run is None:
                await self._write(job, said or why_not, replaces=bool(said))
        except RunwrightError as error:
            self._complain(job, error)
        return bool(said)

    async def drop(self, job: Manifest) -> None:
        """Have what was kept of the try of a Job gone: it has succeeded after all; idempotent."""
        key, name = _key_of(job), _name_of(job)
        try:
            there = await self._cluster.get(CONFIG_MAPS, *name)
            if there is None or not _is_of_run(there, job):
                return
            kept: Mapping[str, str] = there.get("data") or {}
            if kept.keys() <= {key}:
                await self._cluster.delete(CONFIG_MAPS, name, uid=there["metadata"]["uid"])
            else:
                await self._cluster.patch(CONFIG_MAPS, name, {"data": {key: None}})
        except RunwrightError as error:
            self._complain(job, error)

    async def remove(self, job: Manifest) -> None:
        """Have all gone that was kept of the task of a Job that goes, too; idempotent."""
        name = _name_of(job)
        there = await self._cluster.get(CONFIG_MAPS, *name)
        if there is not None and _is_of_run(there, job):
            await self._cluster.delete(CONFIG_MAPS, name, uid=there["metadata"]["uid"])

    def _complain(self, job: Manifest, error: RunwrightError) -> None:
        extra = {"action": "log_not_kept", "job": "/".join(name_of(job))}
        _LOG.warning("log not kept: %s", error, extra=extra)

    async def read(self, namespace: str, workflow_id: str) -> list["LoggedTry"]:
        """Return what was kept of a run, by activation, task and try."""
        selection = _of_run(namespace, workflow_id)
        found = (await self._cluster.list(CONFIG_MAPS, selection)).items
        return sorted(one for kept in found for one in _tries_in(kept))

    async def _end_of(self, pod: Manifest, run: ContainerRun) -> tuple[str, str]:
        """Return the end of a log, or else why it cannot be read."""
        chunks: deque[bytes] = deque()
        size, is_cut = 0, False
        try:
            async for chunk in read_log(self._cluster, name_of(pod), run, tail=_TAIL):
                chunks.append(chunk)
                size += len(chunk)
                while size - len(chunks[0]) >= MOST_OF_A_TRY:
                    size -= len(chunks.popleft())
                    is_cut = True
        except RunwrightError as error:
            return "", f"[this log could not be read: {excerpt(str(error), _LONGEST_REASON)}]\n"
        log = b"".join(chunks)
        return ending(log, is_cut=is_cut or log.count(b"\n") >= _TAIL), ""

    async def _write(self, job: Manifest, said: str, *, replaces: bool) -> None:
        """Write it; what was kept of that try before stays, unless it `replaces` that."""
        name, key = _name_of(job), _key_of(job)
        wanted = _config_map(job, self._name, {key: said})
        for _ in range(_MOST_WRITES):
            try:
                there = await self._cluster.get(CONFIG_MAPS, *name)
                if there is None:
                    await self._cluster.create(wanted)
                elif await self._gave_way(there, wanted):
                    return
                elif replaces or key not in (there.get("data") or {}):
                    await self._add(there, wanted)
            except ConflictError:
                continue
            else:
                return
        message = f"keep the log of job {'/'.join(name_of(job))}: somebody else writes it"
        raise ConflictError(message)

    async def _gave_way(self, there: Manifest, wanted: Manifest) -> bool:
        """Return whether what had the name was another run's, and has been told to go.

        Raises:
            ConflictError: it was, and has to be looked at again.
        """
        ours, theirs = identity.annotations(wanted), identity.annotations(there)
        if theirs.get(identity.WORKFLOW) == ours[identity.WORKFLOW]:
            return False
        named = CONFIG_MAPS.of(*name_of(there))
        if identity.WORKFLOW not in theirs:
            _LOG.warning("%s is not ours", named, extra={"action": "log_not_kept"})
            return True
        await self._cluster.delete(CONFIG_MAPS, name_of(there), uid=there["metadata"]["uid"])
        message = f"keep a log in {named}: another run's was there"
        raise ConflictError(message)

    async def _add(self, there: Manifest, wanted: Manifest) -> None:
        old: Mapping[str, str] = there.get("data") or {}
        new = fitting({**old, **wanted["data"]})
        gone = dict.fromkeys(old.keys() - new.keys())
        patch = {
            "metadata": {
                "resourceVersion": there["metadata"]["resourceVersion"],
                "ownerReferences": wanted["metadata"]["ownerReferences"],
            },
            "data": {**new, **gone},
        }
        await self._cluster.patch(CONFIG_MAPS, name_of(there), patch)


class LoggedTry(NamedTuple):
    """One try that has a log; in a list by activation, task and try."""

    activation: int
    task: str
    """The name of its Job."""
    try_number: int
    kept: str = ""
    """Its end, as far as it was kept."""
    pod: str = ""
    """The pod that has it; empty once that is gone."""
    container: str = ""


class TaskLogs:
    """The logs of one run's tasks, from their pods as long as those are there."""

    def __init__(self, cluster: Cluster, namespace: str, workflow_id: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._workflow_id = workflow_id
        self._kept = KeptLogs(cluster, "")

    async def tries(self) -> list[LoggedTry]:
        """Return the tries that have a log, by activation, task and try."""
        found = {one[:3]: one for one in await self._kept.read(self._namespace, self._workflow_id)}
        selection = _of_run(self._namespace, self._workflow_id)
        pods = (await self._cluster.list(PODS, selection)).items
        for pod in sorted(pods, key=_age):  # of several for one try the newest has it
            container = container_of(pod)
            if has_begun(pod, container):
                one = _of_pod(pod, container)
                kept = found.get(one[:3])
                found[one[:3]] = one._replace(kept=kept.kept if kept else "")
        return sorted(found.values())

    async def read(self, one: LoggedTry) -> AsyncIterator[bytes]:
        """Yield the log of a try as it is now; what was kept where its pod cannot tell any more.

        Raises:
            RefusedError: neither can.
        """
        is_told = False
        if one.pod:
            async for chunk in self._of_pod_or_kept(one):
                is_told = True
                yield chunk
        if not is_told:
            yield one.kept.encode()

    async def follow(self, one: LoggedTry) -> AsyncIterator[bytes]:
        """Yield the log of a try from its beginning, and go on until its container has ended.

        When the connection breaks it is read anew, without what was yielded before.

        Raises:
            RefusedError: its pod cannot tell it any more, and it was not kept.
        """
        if not one.pod:
            yield one.kept.encode()
            return
        told = 0
        while True:
            read = 0
            is_over = await self._has_ended(one)  # asked before reading: then that is all
            try:
                async for chunk in self._of_pod_or_kept(one, follow=True):
                    read += len(chunk)
                    if read > told:
                        yield chunk[max(0, len(chunk) - (read - told)) :]
                        told = read
            except TransientError:
                is_over = False
            if is_over:
                return
            await asyncio.sleep(_LOOK_EVERY.total_seconds())

    async def _of_pod_or_kept(
        self, one: LoggedTry, *, follow: bool = False
    ) -> AsyncIterator[bytes]:
        pod, run = (self._namespace, one.pod), ContainerRun(one.container)
        try:
            async for chunk in read_log(self._cluster, pod, run, follow=follow):
                yield chunk
        except RefusedError:
            if not one.kept:
                raise
            yield one.kept.encode()

    async def _has_ended(self, one: LoggedTry) -> bool:
        try:
            pod = await self._cluster.get(PODS, self._namespace, one.pod)
        except TransientError:
            return False
        return pod is None or field(status_of(pod, one.container), "state", "running") is None


def ending(log: bytes, *, is_cut: bool = False) -> str:
    """Return the end of a log as text that is no longer than what is kept of a try."""
    said = log.decode(errors="replace").encode()
    if len(said) <= MOST_OF_A_TRY and not is_cut:
        return said.decode()
    room = MOST_OF_A_TRY - len(_CUT)
    return _CUT + said[-room:].decode(errors="ignore")


def fitting(logs: Mapping[str, str]) -> dict[str, str]:
    """Return the newest tries whose logs together are no longer than what is kept of a task."""
    kept: dict[str, str] = {}
    room = MOST_OF_A_TASK
    for key in sorted(logs, key=_position_of, reverse=True):
        room -= len(logs[key].encode())
        if room < 0:
            break
        kept[key] = logs[key]
    return kept


def _key_of(job: Manifest) -> str:
    return f"{_KEY}{identity.annotations(job)[identity.TRY]}"


def _name_of(job: Manifest) -> tuple[str, str]:
    namespace, name = name_of(job)
    return namespace, f"{name}{_ENDING}"


def _is_of_run(kept: Manifest, job: Manifest) -> bool:
    run = identity.annotations(kept).get(identity.WORKFLOW)
    return run is not None and run == identity.annotations(job).get(identity.WORKFLOW)


def _position_of(key: str) -> Position:
    return Position.parse(key.removeprefix(_KEY))


def _of_run(namespace: str, workflow_id: str) -> Selection:
    return Selection(namespace, f"{identity.RUN}={identity.run_digest(workflow_id)}")


def _config_map(job: Manifest, cluster: str, logs: Mapping[str, str]) -> Manifest:
    said, metadata = identity.annotations(job), job["metadata"]
    owned_by = [
        {field: owner[field] for field in ("apiVersion", "kind", "name", "uid")}
        for owner in metadata["ownerReferences"]
    ]
    return {
        "apiVersion": CONFIG_MAPS.api_version,
        "kind": CONFIG_MAPS.kind,
        "metadata": {
            "name": f"{metadata['name']}{_ENDING}",
            "namespace": metadata["namespace"],
            "labels": {
                identity.CLUSTER: cluster,
                identity.RUN: identity.run_digest(said[identity.WORKFLOW]),
            },
            "annotations": {identity.WORKFLOW: said[identity.WORKFLOW]},
            "ownerReferences": owned_by,
        },
        "data": dict(logs),
    }


def _tries_in(kept: Manifest) -> list[LoggedTry]:
    task = str(kept["metadata"]["name"]).removesuffix(_ENDING)
    logs: Mapping[str, str] = kept.get("data") or {}
    tries = [(_position_of(key), said) for key, said in logs.items()]
    return [LoggedTry(at.activation, task, at.try_number, said) for at, said in tries if all(at)]


def _of_pod(pod: Manifest, container: str) -> LoggedTry:
    at = Position.parse(identity.annotations(pod).get(identity.TRY, ""))
    _, task = job_name_of(pod)
    return LoggedTry(at.activation, task, at.try_number, "", pod["metadata"]["name"], container)


def _age(pod: Manifest) -> str:
    return str(pod["metadata"]["creationTimestamp"])
