"""Who of several workers observes: the one that holds the cluster's Lease."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, NoReturn

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import LEASES
from runwright.errors import ConflictError, PermanentError, RunwrightError, TransientError
from runwright.models.objects import Manifest

_LOG: Final = logging.getLogger(__name__)
_RELEASED_WITHIN: Final = 5.0
_SHORTEST_PAUSE: Final = 0.5


class Candidate(NamedTuple):
    """Who wants to lead, and for which Lease."""

    namespace: str
    name: str
    """Of the Lease."""
    identity: str
    duration: timedelta = timedelta(seconds=15)
    """How long a leader that is not heard of is waited for."""


class Lease:
    """A Lease that one candidate at a time holds.

    Whether another's has run out is judged by the time since it was last seen to change, on our
    own clock: clocks of machines differ. A leader that cannot renew stops before others begin.
    """

    def __init__(self, cluster: Cluster, candidate: Candidate) -> None:
        self._cluster = cluster
        self._candidate = candidate
        self._duration = candidate.duration.total_seconds()
        self._seen: Manifest = {}
        self._seen_at = 0.0
        self._renewed_at = 0.0

    async def lead(self, work: Callable[[], Awaitable[None]]) -> NoReturn:
        """Do the work whenever we lead, until cancelled; then let the Lease go at once.

        Raises:
            PermanentError: what the work raised, or the cluster forbids the Lease to one who does
                not hold it, or not any more.
        """
        while True:
            await self._acquire()
            extra = {"action": "leading", "instance": self._candidate.identity}
            _LOG.info("leading", extra=extra)
            try:
                await self._work(work)
            finally:
                await asyncio.shield(self._release())
            _LOG.warning("not leading any more", extra={**extra, "action": "leadership_lost"})

    async def _acquire(self) -> None:
        while not await self._renewed():
            runs_out_in = max(self._seen_at + self._lasts(self._seen) - _now(), _SHORTEST_PAUSE)
            await asyncio.sleep(min(self._duration / 5, runs_out_in))

    async def _work(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work until the Lease is lost, or the work ends with an error."""
        working = asyncio.ensure_future(work())
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.wait([working, keeping], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            if keeping.done():
                keeping.result()
        finally:
            for task in (working, keeping):
                task.cancel()
            await asyncio.gather(working, keeping, return_exceptions=True)

    async def _keep(self) -> None:
        """Renew the Lease, and return when it is lost, a while before others may take it.

        Also an answer that does not come is not awaited any longer than that.
        """
        while (left := self._renewed_at + self._duration * 2 / 3 - _now()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    pause = self._duration / 3 if await self._kept() else _SHORTEST_PAUSE
                    await asyncio.sleep(pause)

    async def _kept(self) -> bool:
        """Renew the Lease that we hold; a refusal counts once it has lasted.

        An API server that has just come up forbids everything.
        """
        try:
            return await self._renewed()
        except PermanentError as error:
            _LOG.warning("lease put off: %s", error, extra={"action": "lease_put_off"})
            return False

    async def _renewed(self) -> bool:
        """Write ourselves into the Lease if it is ours, free, or has run out."""
        try:
            asked_at = _now()
            if not await self._written():
                return False
        except ConflictError:
            self._seen = {}
            return False
        except TransientError as error:
            _LOG.warning("lease put off: %s", error, extra={"action": "lease_put_off"})
            return False
        self._renewed_at = asked_at
        return True

    async def _written(self) -> bool:
        lease = self._seen if self._is_ours(self._seen) else await self._looked()
        if lease is None:
            self._seen = await self._cluster.create(self._manifest({}))
            return True
        if not self._is_ours(lease) and not self._has_run_out(lease):
            return False
        written = await self._cluster.replace(self._manifest(lease))
        self._seen = written or {}
        return written is not None

    async def _looked(self) -> Manifest | None:
        name = self._candidate.namespace, self._candidate.name
        lease = await self._cluster.get(LEASES, *name)
        if lease is not None and lease != self._seen:
            self._seen, self._seen_at = lease, _now()
        return lease

    def _is_ours(self, lease: Manifest) -> bool:
        return bool(lease) and _spec(lease).get("holderIdentity") == self._candidate.identity

    def _has_run_out(self, lease: Manifest) -> bool:
        is_free = not _spec(lease).get("holderIdentity")
        return is_free or _now() - self._seen_at > self._lasts(lease)

    def _lasts(self, lease: Manifest) -> float:
        return float(_spec(lease).get("leaseDurationSeconds") or self._duration)

    def _manifest(self, lease: Manifest) -> Manifest:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = _spec(lease)
        is_ours = self._is_ours(lease)
        transitions = int(spec.get("leaseTransitions") or 0)
        metadata = {"namespace": self._candidate.namespace, "name": self._candidate.name}
        return {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": lease.get("metadata") or metadata,
            "spec": {
                "holderIdentity": self._candidate.identity,
                "leaseDurationSeconds": max(1, round(self._duration)),
                "acquireTime": (is_ours and spec.get("acquireTime")) or now,
                "renewTime": now,
                "leaseTransitions": transitions if is_ours or not lease else transitions + 1,
            },
        }

    async def _release(self) -> None:
        """Leave the Lease to whoever wants it; if that fails, it runs out."""
        self._renewed_at = 0.0
        with suppress(RunwrightError, TimeoutError):
            async with asyncio.timeout(_RELEASED_WITHIN):
                await self._let_go()
        self._seen = {}

    async def _let_go(self) -> None:
        """Write ourselves out; a renewal that was broken off may have been written all the same."""
        while self._is_ours(self._seen):
            spec = {**self._seen["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
            try:
                await self._cluster.replace({**self._seen, "spec": spec})
            except ConflictError:
                self._seen = await self._looked() or {}
            else:
                return


def _spec(lease: Manifest) -> dict[str, Any]:
    return lease.get("spec") or {}


def _now() -> float:
    return asyncio.get_running_loop().time()
