"""Shows how runs are going: in the status of their objects, and as Events."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from adapters.kubernetes.answers import is_terminating
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import resource_meant
from runwright.errors import ConflictError, RefusedError, TransientError
from runwright.models.metrics import STATUS_WRITES
from runwright.models.objects import Manifest, ObjectEvent, ObjectKey, StatusPatch, StatusUpdate
from runwright.ports import Metrics, Unmeasured
from runwright.rules.kubernetes.conditions import beside_others
from runwright.rules.kubernetes.fields import Object, entries

_LOG: Final = logging.getLogger(__name__)
_UNMEASURED: Final = Unmeasured()
_REPORTER: Final = "runwright"
_LONGEST_MESSAGE: Final = 1024
_CORE: Final = "v1"
_OF_NONE: Final = "default"
"""The namespace of Events about what belongs to none."""
_MOST_LOOKS: Final = 5
"""At an object that others change at the same time."""
_MOST_KNOWN: Final = 10_000
"""Of objects that were written lately."""


class _Known(NamedTuple):
    """An object, as it was seen last."""

    version: str
    conditions: Sequence[Object] = ()
    """What it said then."""


class KubernetesStatus:
    """The port StatusMirror, over one cluster.

    A patch carries only what changed, and only fields of a run's own: what people and pods write
    beside it stays. `instance` names who reports, such as a pod.
    """

    def __init__(self, cluster: Cluster, instance: str, metrics: Metrics = _UNMEASURED) -> None:
        self._cluster = cluster
        self._instance = instance
        self._metrics = metrics
        self._known: dict[ObjectKey, _Known] = {}

    async def show(self, update: StatusUpdate) -> None:
        """Write the patches in their order, then the Events.

        Raises:
            ClusterUnavailableError: the cluster could not be asked.
            RefusedError: it said no for good to a patch; the others are written all the same.
        """
        refusals: list[RefusedError] = []
        for patch in update.patches:
            try:
                self._metrics.count(STATUS_WRITES, outcome=await self._written(patch))
            except RefusedError as refusal:
                refusals.append(refusal)
        for event in update.events:
            await self._tell(event)
        if refusals:
            raise refusals[0]

    async def _written(self, patch: StatusPatch) -> str:
        """Write a patch, and return what became of it."""
        try:
            return "written" if await self._write_or_brief(patch) else "passed_over"
        except (RefusedError, TransientError) as error:
            outcome = "refused" if isinstance(error, RefusedError) else "put_off"
            self._metrics.count(STATUS_WRITES, outcome=outcome)
            raise

    async def _write_or_brief(self, patch: StatusPatch) -> bool:
        """Write a patch; where that is refused for good, the smaller one if there is one."""
        try:
            return await self._write(patch)
        except RefusedError as refusal:
            if patch.brief is None:
                raise
            name = f"{patch.object.namespace}/{patch.object.name}"
            extra = {"action": "status_shortened", "object": name}
            _LOG.warning("status shortened: %s", refusal, extra=extra)
            return await self._write(patch.model_copy(update={"status": patch.brief}))

    async def _write(self, patch: StatusPatch) -> bool:
        """Write a patch into the object that is meant; return whether there is one.

        The API server heeds no uid in the patch of a status. So the patch names the version that
        the object had when it was seen last: another object of that name never had it.
        """
        key = patch.object
        resource, name = resource_meant(key), (key.namespace, key.name)
        known = _Known(patch.version) if patch.version else self._known.get(key)
        for _ in range(_MOST_LOOKS):
            known = known or await self._looked(key)
            if known is None:
                break
            status = beside_others(patch.status, known.conditions, patch.answers_for)
            body = {"metadata": {"resourceVersion": known.version}, "status": status}
            try:
                written = await self._cluster.patch(resource, name, body, subresource="status")
            except ConflictError:
                known = None  # it was changed since, or is another one: look
                continue
            self._remember(key, written)
            return written is not None
        else:
            message = f"patch status of {resource.of(*name)}: it changes all the time"
            raise ConflictError(message)
        extra = {"action": "status_passed_over", "object": resource.of(*name)}
        _LOG.info("status passed over: the object is gone, or another one", extra=extra)
        return False

    async def _looked(self, key: ObjectKey) -> _Known | None:
        """Return the object that is meant; None if it is not there."""
        resource = resource_meant(key)
        found = await self._cluster.get(resource, key.namespace, key.name)
        if found is None:
            return None
        metadata: Manifest = found["metadata"]
        owners: list[Manifest] = metadata.get("ownerReferences") or []
        is_owned = not key.owner or any(owner["uid"] == key.owner for owner in owners)
        is_meant = is_owned and key.uid in {"", metadata["uid"]}
        return _known(found) if is_meant else None

    def _remember(self, key: ObjectKey, written: Manifest | None) -> None:
        """Keep how an object is now: the next patch of it need not look."""
        self._known.pop(key, None)
        if written is not None:
            self._known[key] = _known(written)
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _tell(self, event: ObjectEvent) -> None:
        """Create an Event; one that was told already, or that nobody may tell, is let be."""
        try:
            await self._cluster.create(self._manifest_of(event))
        except ConflictError:
            return
        except RefusedError as error:
            if not is_terminating(error):
                extra = {"action": "event_refused", "reason": event.reason}
                _LOG.warning("event refused: %s", error, extra=extra)

    def _manifest_of(self, event: ObjectEvent) -> Manifest:
        key, now = event.object, datetime.now(UTC)
        at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        about: dict[str, Any] = {
            "apiVersion": key.api_version,
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
        }
        if key.uid:
            about["uid"] = key.uid
        return {
            "apiVersion": _CORE,
            "kind": "Event",
            "metadata": {"name": _name(event, now), "namespace": key.namespace or _OF_NONE},
            "involvedObject": about,
            "type": event.type.value,
            "reason": event.reason,
            "message": event.message[:_LONGEST_MESSAGE],
            "source": {"component": _REPORTER},
            "reportingComponent": _REPORTER,
            "reportingInstance": self._instance[:128],
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }


def _known(found: Manifest) -> _Known:
    conditions = tuple(entries(found, "status", "conditions"))
    return _Known(str(found["metadata"]["resourceVersion"]), conditions)


def _name(event: ObjectEvent, now: datetime) -> str:
    """Return a name that the same Event has again when it is told twice within a minute."""
    minute = now.strftime("%Y%m%d%H%M")
    text = f"{event.object.uid}/{event.reason}/{event.message}/{minute}"
    return f"{event.object.name[:200]}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"
