"""Who leads, by a Lease of a real API server: one at a time, whatever their clocks say."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import pytest

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.lease import Candidate, Lease
from adapters.kubernetes.resources import LEASES
from runwright.errors import ConflictError, RefusedError
from runwright.models.objects import Manifest
from tests.cluster.account import Account
from tests.cluster.proxy import Proxy

_DURATION: Final = timedelta(seconds=2)
_LEASES: Final = r"/leases/"
_LONGER: Final = timedelta(seconds=15)
_LONG: Final = pytest.mark.parametrize("contest", [_LONGER], indirect=True, ids=[""])
"""For tests in which nobody may lose it because an answer takes a second."""


class Contender:
    """A candidate that leads whenever it may, and tells when it did."""

    def __init__(
        self,
        cluster: Cluster,
        account: Account,
        name: str,
        identity: str,
        duration: timedelta = _DURATION,
    ) -> None:
        candidate = Candidate(account.namespace, name, identity, duration)
        self._lease = Lease(cluster, candidate)
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.leads = False
        self.times = 0
        """How often it began to lead."""

    async def _work(self) -> None:
        self.times += 1
        try:
            await self._set(leads=True)
            await asyncio.Event().wait()
        finally:
            await self._set(leads=False)

    async def _set(self, *, leads: bool) -> None:
        async with self._changed:
            self.leads = leads
            self._changed.notify_all()

    async def until(self, *, leads: bool) -> float:
        """Return the time once it leads, or does not."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.leads is leads)
        return asyncio.get_running_loop().time()

    async def failed(self) -> None:
        """Raise what ended it."""
        assert self._task is not None
        await self._task

    async def leave(self) -> None:
        """Have it end as a worker does that is told to."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, RefusedError):
                await self._task

    def enter(self) -> None:
        """Have it want to lead."""
        self._task = asyncio.create_task(self._lease.lead(self._work))


class Contest:
    """One Lease of its own, and those who want it: through a proxy, or straight."""

    def __init__(self, account: Account, proxy: Proxy, name: str, duration: timedelta) -> None:
        self.name = name
        self._account = account
        self.straight = Cluster({"KUBECONFIG": str(account.testbed.kubeconfig)})
        self._through = Cluster(proxy.environ)
        self.first = Contender(self._through, account, name, "first", duration)
        self.second = Contender(self.straight, account, name, "second", duration)

    async def lease(self) -> Manifest:
        """Return the Lease as it is."""
        found = await self.straight.get(LEASES, self._account.namespace, self.name)
        assert found is not None
        return found

    async def until(self, reached: Callable[[Manifest], bool]) -> Manifest:
        """Return the Lease once it is so."""
        while not reached(lease := await self.lease()):
            await asyncio.sleep(0.02)
        return lease

    async def write(self, **spec: object) -> None:
        """Write into the Lease as anybody may, whatever its holder writes meanwhile."""
        where = self._account.namespace, self.name
        await self.straight.patch(LEASES, where, {"spec": spec})

    async def held_by_another(self, **spec: object) -> None:
        """Make the Lease one that somebody else holds, who is never heard of again."""
        await self.straight.create(
            {
                "apiVersion": LEASES.api_version,
                "kind": LEASES.kind,
                "metadata": {"namespace": self._account.namespace, "name": self.name},
                "spec": {"holderIdentity": "another", "leaseDurationSeconds": 2, **spec},
            }
        )

    async def close(self) -> None:
        """End both, and remove the Lease."""
        for one in (self.first, self.second):
            await one.leave()
        await self.straight.delete(LEASES, (self._account.namespace, self.name))
        for cluster in (self.straight, self._through):
            await cluster.close()


@pytest.fixture
async def contest(
    request: pytest.FixtureRequest, account: Account, proxy: Proxy, task_queue: str
) -> AsyncGenerator[Contest]:
    """A Lease of two seconds, or of what the test says."""
    ours = Contest(account, proxy, task_queue, getattr(request, "param", _DURATION))
    yield ours
    await ours.close()


@asynccontextmanager
async def first_leads(contest: Contest) -> AsyncGenerator[None]:
    """Have the first lead and the second wait, who has seen that."""
    contest.first.enter()
    await contest.first.until(leads=True)
    contest.second.enter()
    yield


async def renew(cluster: Cluster, namespace: str, name: str) -> None:
    """Write a Lease once more as it is, for whoever holds it."""
    written = None
    while written is None:
        lease = await cluster.get(LEASES, namespace, name)
        assert lease
        lease["spec"]["renewTime"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        with suppress(ConflictError):
            written = await cluster.replace(lease)


@pytest.mark.parametrize("renews", [False, True], ids=["at rest", "in the middle of a renewal"])
async def test_one_who_leaves_is_followed_at_once(
    account: Account, task_queue: str, *, renews: bool
) -> None:
    """It lets go of the Lease: nobody waits the hour until that runs out.

    A renewal whose answer it did not wait for left the Lease in a version that it does not know.
    """
    async with account.cluster() as cluster:
        first, second = (
            Contender(cluster, account, task_queue, name, timedelta(hours=1))
            for name in ("first", "second")
        )
        first.enter()
        await first.until(leads=True)
        if renews:
            await renew(cluster, account.namespace, task_queue)
        await first.leave()
        second.enter()
        await second.until(leads=True)
        lease = await cluster.get(LEASES, account.namespace, task_queue)
        await second.leave()

    assert lease
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("second", 1)


@pytest.mark.parametrize("is_silent", [False, True], ids=["breaks off", "does not answer"])
async def test_one_who_cannot_renew_stops_before_another_begins(
    contest: Contest, proxy: Proxy, *, is_silent: bool
) -> None:
    """Each would do what the other does, for as long as both believe to lead."""
    async with first_leads(contest):
        proxy.is_away = not is_silent
        if is_silent:
            proxy.hold(_LEASES)
        stopped_at = await contest.first.until(leads=False)
        followed_at = await contest.second.until(leads=True)

    assert stopped_at < followed_at


@pytest.mark.parametrize("renewed", ["2000-01-01T00:00:00.000000Z", "2100-01-01T00:00:00.000000Z"])
async def test_a_lease_runs_out_by_our_own_clock(contest: Contest, renewed: str) -> None:
    """The clock of its holder may be years away; what counts is how long it has not changed."""
    await contest.held_by_another(renewTime=renewed, acquireTime=renewed)

    contest.second.enter()
    begun_at = asyncio.get_running_loop().time()
    followed_at = await contest.second.until(leads=True)

    lasted = followed_at - begun_at
    assert lasted >= _DURATION.total_seconds()


@_LONG
async def test_a_lease_that_is_renewed_is_waited_for(contest: Contest) -> None:
    async with first_leads(contest):
        renewals = {(await contest.lease())["spec"]["renewTime"]}
        while len(renewals) < 4:
            renewals.add((await contest.lease())["spec"]["renewTime"])
            await asyncio.sleep(0.1)

    assert contest.second.times == 0
    assert contest.first.times == 1


@_LONG
async def test_a_renewal_tells_when_and_not_that_it_was_acquired_anew(contest: Contest) -> None:
    """`kubectl get lease` shows since when who leads."""
    contest.first.enter()
    await contest.first.until(leads=True)
    before = (await contest.lease())["spec"]
    after = (await contest.until(lambda one: one["spec"]["renewTime"] != before["renewTime"]))[
        "spec"
    ]

    assert after["holderIdentity"] == "first"
    assert after["leaseDurationSeconds"] == _LONGER.total_seconds()
    assert (after["acquireTime"], after["leaseTransitions"]) == (before["acquireTime"], 0)
    assert datetime.fromisoformat(after["renewTime"]) > datetime.fromisoformat(before["renewTime"])


@_LONG
async def test_a_lease_that_somebody_takes_by_hand_is_lost(contest: Contest) -> None:
    async with first_leads(contest):
        await contest.write(holderIdentity="somebody")
        await contest.first.until(leads=False)

    assert contest.first.times == 1


@_LONG
async def test_a_lease_that_is_deleted_by_hand_is_written_again(contest: Contest) -> None:
    contest.first.enter()
    await contest.first.until(leads=True)
    before = await contest.lease()

    name = before["metadata"]["namespace"], before["metadata"]["name"]
    await contest.straight.delete(LEASES, name)
    while await contest.straight.get(LEASES, *name) is None:
        await asyncio.sleep(0.02)

    after = await contest.lease()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["holderIdentity"] == "first"
    assert contest.first.times == 1
    assert contest.first.leads


@_LONG
async def test_one_who_is_forbidden_the_lease_once_goes_on(contest: Contest, proxy: Proxy) -> None:
    """One of several API servers has just come up, and forbids everything for a moment."""
    async with first_leads(contest):
        before = (await contest.lease())["spec"]["renewTime"]
        proxy.answer(_LEASES, HTTPStatus.FORBIDDEN)
        while proxy.interferes:
            await asyncio.sleep(0.02)
        await contest.until(lambda one: one["spec"]["renewTime"] > before)

    assert (contest.first.times, contest.second.times) == (1, 0)


async def test_one_who_is_forbidden_the_lease_does_not_wait_for_ever(
    contest: Contest, proxy: Proxy
) -> None:
    """Its rights are missing: somebody has to be told."""
    proxy.answer(_LEASES, HTTPStatus.FORBIDDEN)

    contest.first.enter()

    with pytest.raises(RefusedError, match="HTTP 403"):
        await contest.first.failed()
