"""What a run is told of a task that does not get on, and how often the Events are asked for."""

import asyncio
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.hindrances import Doubt, Hindrances
from adapters.kubernetes.resources import JOBS
from adapters.memory.completions import MemoryCompletions
from runwright.models.objects import Manifest
from runwright.models.tasks import Claim, TaskNote
from runwright.ports import Answer
from tests.unit.adapters_kubernetes.tries import KEY, job, pod, said
from tests.unit.adapters_kubernetes.watched_cluster import WatchedCluster
from tests.unit.rules.cluster_objects import condition, waiting

NO_TIME: Final = timedelta()
QUOTA: Final = said(job(), "FailedCreate", "forbidden: exceeded quota: few")
PULLING: Final[dict[str, Any]] = {
    "containerStatuses": [waiting("ImagePullBackOff", "no such image")]
}
UNHEARD_OF: Final = [condition("Ready", status="False"), condition("ContainersReady")]
STOPPED: Final = {identity.STOPPED: "2026-03-01T12:00:00+00:00"}


@dataclass
class Watch:
    """One task, and whoever looks after it."""

    cluster: WatchedCluster = field(default_factory=lambda: WatchedCluster(job(), QUOTA))
    completions: MemoryCompletions = field(default_factory=MemoryCompletions)
    doubt: Doubt = field(default_factory=Doubt)

    async def look(
        self, *pods: Manifest, first: timedelta = NO_TIME, of: Manifest | None = None
    ) -> float:
        """Look once; return when to look again."""
        hindrances = Hindrances(self.cluster, self.completions, first, timedelta(hours=1))
        return await hindrances.attend(of or job(), list(pods), self.doubt)

    @property
    def told(self) -> list[str | None]:
        """Return the categories of what the run was told."""
        diagnoses = [noted.note.diagnosis for noted in self.completions.notes]
        return [one.category if one else None for one in diagnoses]

    @property
    def is_marked(self) -> bool:
        """Return whether the Job says that its run shows something."""
        found = self.cluster.objects[JOBS.kind, KEY.namespace, KEY.name]
        return identity.DIAGNOSED in identity.annotations(found)


async def test_what_the_events_said_stands_until_they_are_asked_again() -> None:
    """Between two questions nothing has changed: a run must not be told that all is well."""
    watch = Watch()

    await watch.look()
    watch.doubt.due = math.inf
    await watch.look()
    await watch.look()

    assert watch.told == ["quota"]
    assert watch.cluster.asked["Event"] == 1


async def test_a_task_that_runs_has_no_hindrance() -> None:
    watch = Watch()

    await watch.look()
    await watch.look(pod("Running"))

    assert watch.told == ["quota", None]
    assert not watch.is_marked


async def test_what_was_found_of_a_job_is_nothing_of_its_pod() -> None:
    watch = Watch()

    await watch.look()
    await watch.look(pod("Pending"), first=timedelta(hours=1))

    assert watch.told == ["quota", None]


async def test_what_a_pod_says_itself_stands_while_it_says_nothing_else() -> None:
    watch = Watch()

    await watch.look(pod("Pending", **PULLING))
    watch.doubt.due = math.inf
    await watch.look(pod("Pending"))

    assert watch.told == ["image-pull"]


def pulling(reason: str, message: str) -> Manifest:
    """Return a pod that cannot have its image."""
    return pod("Pending", containerStatuses=[waiting(reason, message)])


async def test_what_a_pod_says_in_turns_is_told_once() -> None:
    """For days, it may be: each time would be some more events of a history that has an end."""
    watch, failed = Watch(), pulling("ErrImagePull", "no such image")
    waits = pulling("ImagePullBackOff", "back-off")

    for one in (failed, waits, failed, waits):
        await watch.look(one)
    assert watch.told == ["image-pull"] * 2

    await watch.look(pulling("ErrImagePull", "no such registry"))
    await watch.look(pod("Running"))
    await watch.look(failed)
    assert watch.told == [*["image-pull"] * 3, None, "image-pull"]


async def test_the_events_are_not_asked_for_where_the_pod_says_why() -> None:
    """Nor is there a reason to look again before it says something else."""
    watch = Watch()

    again = await watch.look(pod("Pending", **PULLING))

    assert again == math.inf
    assert watch.cluster.asked["Event"] == 0


async def test_the_events_are_asked_for_ever_more_seldom() -> None:
    watch = Watch(WatchedCluster(job()))
    first = timedelta(seconds=10)

    pauses = []
    for _ in range(3):
        again = await watch.look(first=first)
        pauses.append(round(again - asyncio.get_running_loop().time()))
        watch.doubt.due = 0.0

    assert pauses == [10, 10, 20]
    assert watch.cluster.asked["Event"] == 2


class KillingCompletions(MemoryCompletions):
    """Never comes to a note."""

    async def note(self, claim: Claim, note: TaskNote) -> Answer:
        """Die before it is told."""
        message = f"killed before {claim.activity_id} was told of {note.key.name}"
        raise InterruptedError(message)


async def test_a_pod_whose_init_containers_run_is_asked_about_when_its_node_may_be_lost() -> None:
    """Its phase is Pending all the time; what else could go wrong with it, it says itself."""
    watch = Watch()
    begun = pod("Pending", initContainerStatuses=[{"name": "a", "state": {"running": {"x": "y"}}}])

    await watch.look(pod("Pending"))
    assert watch.cluster.asked["Event"] == 1
    again = await watch.look(begun)

    assert watch.cluster.asked["Event"] == 1
    assert 59 < again - asyncio.get_running_loop().time() <= 60


async def test_a_job_is_marked_before_its_run_is_told() -> None:
    """A worker that dies in between leaves word that there may be something to take back."""
    watch = Watch(completions=KillingCompletions())

    with pytest.raises(InterruptedError, match="killed before web-build"):
        await watch.look()

    assert watch.is_marked


async def test_another_observer_takes_back_what_is_over() -> None:
    earlier = Watch()
    await earlier.look()
    marked = earlier.cluster.objects[JOBS.kind, KEY.namespace, KEY.name]

    later = Watch(earlier.cluster, doubt=Doubt(identity.annotations(marked)[identity.DIAGNOSED]))
    await later.look(pod("Running"), of=marked)
    await later.look(pod("Running"), of=marked)

    assert later.told == [None]
    assert not later.is_marked


async def test_another_observer_does_not_say_again_what_was_said() -> None:
    """After a restart thousands of runs would have to wake up for nothing."""
    earlier = Watch()
    await earlier.look()
    marked = earlier.cluster.objects[JOBS.kind, KEY.namespace, KEY.name]

    later = Watch(earlier.cluster, doubt=Doubt(identity.annotations(marked)[identity.DIAGNOSED]))
    await later.look(of=marked)

    assert (earlier.told, later.told) == (["quota"], [])


async def test_what_was_perhaps_not_said_is_said_again() -> None:
    killed = Watch(completions=KillingCompletions())
    with pytest.raises(InterruptedError, match="killed before web-build"):
        await killed.look()
    marked = killed.cluster.objects[JOBS.kind, KEY.namespace, KEY.name]

    later = Watch(killed.cluster, doubt=Doubt(identity.annotations(marked)[identity.DIAGNOSED]))
    await later.look(of=marked)

    assert later.told == ["quota"]


async def test_nothing_is_said_of_a_task_that_nobody_said_anything_of() -> None:
    """After a change of leader thousands of runs would have to wake up for nothing."""
    watch = Watch()

    await watch.look(pod("Running"))

    assert (watch.told, watch.is_marked) == ([], False)


async def test_what_a_task_waited_for_is_still_told_when_it_is_stopped() -> None:
    """At its deadline that is why it took so long."""
    watch = Watch()

    await watch.look(pod("Pending", **PULLING))
    await watch.look(pod("Pending"), of=job(annotations=STOPPED))

    assert watch.told == ["image-pull"]


@pytest.mark.parametrize(
    ("late", "conditions", "category"),
    [(61, [], "stuck-terminating"), (1, UNHEARD_OF, "node-lost"), (61, UNHEARD_OF, "node-lost")],
    ids=["it resists", "its node is away", "both"],
)
async def test_what_keeps_a_task_from_ending_is_told_when_it_is_stopped(
    late: int, conditions: list[dict[str, Any]], category: str
) -> None:
    watch = Watch()
    until = datetime.now(UTC) - timedelta(seconds=late)
    kept = pod("Running", conditions=conditions)
    resisting = {**kept, "metadata": {**kept["metadata"], "deletionTimestamp": until.isoformat()}}

    again = await watch.look(resisting, of=job(annotations=STOPPED))

    assert watch.told == [category]
    assert again < asyncio.get_running_loop().time() + 60
