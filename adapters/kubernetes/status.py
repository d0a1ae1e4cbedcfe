"""Shows how runs are going: in the status of their objects, and as Events."""

import hashlib
import logging
from datetime import UTC, datetime
from typing import Any, Final

from adapters.kubernetes.answers import is_terminating
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import KNOWN
from runwright.errors import ConflictError, RefusedError
from runwright.models.objects import Manifest, ObjectEvent, StatusPatch, StatusUpdate

_LOG: Final = logging.getLogger(__name__)
_REPORTER: Final = "runwright"
_LONGEST_MESSAGE: Final = 1024
_CORE: Final = "v1"


class KubernetesStatus:
    """The port StatusMirror, over one cluster.

    A patch carries only what changed, and only fields of a run's own: what people and pods write
    beside it stays. `instance` names who reports, such as a pod.
    """

    def __init__(self, cluster: Cluster, instance: str) -> None:
        self._cluster = cluster
        self._instance = instance

    async def show(self, update: StatusUpdate) -> None:
        """Write the patches in their order, then the Events.

        Raises:
            ClusterUnavailableError: the cluster could not be asked.
            RefusedError: it said no for good to a patch.
        """
        for patch in update.patches:
            await self._write(patch)
        for event in update.events:
            await self._tell(event)

    async def _write(self, patch: StatusPatch) -> None:
        key = patch.object
        body: Manifest = {"status": patch.status}
        if key.uid:  # then another object of that name answers with a conflict
            body["metadata"] = {"uid": key.uid}
        resource, name = KNOWN[key.api_version, key.kind], (key.namespace, key.name)
        try:
            await self._cluster.patch(resource, name, body, subresource="status")
        except ConflictError:
            extra = {"action": "status_passed_over", "object": resource.of(*name)}
            _LOG.info("status passed over: the object is another one", extra=extra)

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
            "metadata": {"name": _name(event, now), "namespace": key.namespace},
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


def _name(event: ObjectEvent, now: datetime) -> str:
    """Return a name that the same Event has again when it is told twice within a minute."""
    minute = now.strftime("%Y%m%d%H%M")
    text = f"{event.object.uid}/{event.reason}/{event.message}/{minute}"
    return f"{event.object.name[:200]}.{hashlib.sha256(text.encode()).hexdigest()[:16]}"
