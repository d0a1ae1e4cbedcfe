"""Runs that are objects of a cluster, as the client finds them beside a real Temporal."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import Client

from adapters.temporal.launching import Place, TemporalLauncher
from runwright.client import Run, RunwrightClient
from runwright.errors import ExistsError, NotFoundError, NoWorkerError, RefusedError
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.starting import Overrides
from runwright.rules.bubustack.submission import Submission, submission_of
from runwright.rules.manifests import Bundle, Source, read_manifests
from runwright.worker import worker_of
from tests.integration.runs import gate, start_of
from workflows.story_attributes import attributes_of

STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec: {steps: [{name: ask, type: gate}]}
"""


@dataclass
class MemoryObjects:
    """The StoryRuns of a cluster in which nothing happens by itself."""

    runs: dict[tuple[str, str], StoryRun] = field(default_factory=dict)

    async def find(self, namespace: str, name: str) -> StoryRun | None:
        """Return the StoryRun of that name."""
        return self.runs.get((namespace, name))

    async def prepare(self, bundle: Bundle, overrides: Overrides) -> Submission:
        """Return what to create in an empty cluster."""
        return submission_of(bundle, Bundle(), overrides)

    async def submit(self, submission: Submission) -> StoryRun:
        """Create the StoryRun alone."""
        metadata = submission.story_run["metadata"]
        name = metadata.get("name") or f"{metadata['generateName']}{uuid.uuid4().hex[:5]}"
        if (metadata["namespace"], name) in self.runs:
            message = f"start run {metadata['namespace']}/{name}: a run of that name exists"
            raise ExistsError(message)
        return self.put(name, spec=submission.story_run["spec"])

    async def request_cancel(self, run: StoryRun) -> None:
        """Write down that it is to be cancelled."""
        spec = run.spec.model_copy(update={"cancel_requested": True})
        changed = run.model_copy(update={"spec": spec})
        self.runs[run.metadata.namespace, run.metadata.name] = changed

    def put(self, name: str, **fields: Any) -> StoryRun:
        """Keep a StoryRun of the default namespace, in place of the one that has the name."""
        given: dict[str, Any] = fields.pop("metadata", {})
        metadata = {"name": name, "namespace": "default", "uid": str(uuid.uuid4()), **given}
        metadata.setdefault("creationTimestamp", datetime.now(UTC))
        document = {"metadata": metadata, "spec": {"storyRef": {"name": "release"}}, **fields}
        self.runs["default", name] = StoryRun.model_validate(document)
        return self.runs["default", name]


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def cluster() -> str:
    """The name of a cluster that no other test uses."""
    return f"c-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def runwright(client: Client, cluster: str, objects: MemoryObjects) -> RunwrightClient:
    return RunwrightClient(client, f"runwright-{cluster}", cluster, objects=objects)


def unique() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


async def taken_in(client: Client, cluster: str, run: StoryRun) -> StartStoryRun:
    """Start the workflow of a run, as intake does; its only step is a gate."""
    start = start_of(
        {"steps": [gate("ask")]},
        name=run.metadata.name,
        uid=run.metadata.uid,
        cluster=cluster,
    )
    await TemporalLauncher(client, Place(f"runwright-{cluster}", cluster), attributes_of).start(
        start
    )
    return start


async def created(runwright: RunwrightClient) -> Run:
    bundle = read_manifests([Source("story.yaml", STORY)])
    return await runwright.start_manifests(bundle, Overrides(name=unique(), author="ada"))


async def test_a_start_creates_an_object_and_no_workflow(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    """There is one path from an object to its run, and intake goes it."""
    run = await created(runwright)

    found = objects.runs["default", run.name]
    state = await run.state()

    assert run.workflow_id == f"storyrun/default/{run.name}/{found.metadata.uid}"
    assert (state.phase, state.has_started) == (Phase.PENDING, False)
    assert await runwright.runs() == []


async def test_a_start_without_a_name_gets_one(runwright: RunwrightClient) -> None:
    bundle = read_manifests([Source("story.yaml", STORY)])

    run = await runwright.start_manifests(bundle, Overrides())

    assert run.name.startswith("release-")


async def test_a_start_of_a_snapshot_is_one_of_the_manifests_it_came_from(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    start = start_of({"steps": [gate("ask")]}, inputs={"tag": "v1"})

    run = await runwright.start(start)

    assert objects.runs["default", run.name].spec.inputs == {"tag": "v1"}


async def test_a_run_waits_for_what_its_object_says(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    name = unique()
    condition = {"type": "Ready", "status": "False", "reason": "StoryNotFound"}
    status = {"phase": "Pending", "message": "there is no Story", "conditions": [condition]}
    objects.put(name, status=status)

    state = await runwright.run(name).state()

    assert (state.reason, state.message) == ("StoryNotFound", "there is no Story")


async def test_a_run_that_has_not_started_cannot_be_told_anything_but_to_be_cancelled(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    run = await created(runwright)
    reason = r"has not started yet; say so again when it has, or cancel it"

    with pytest.raises(RefusedError, match=f"decide a gate of run default/{run.name}: it {reason}"):
        await run.approve("ask", by="ada")
    with pytest.raises(RefusedError, match=reason):
        await run.pause()
    cancelled = await run.cancel(by="ada", reason="enough")

    assert cancelled is not None
    assert (cancelled.by, cancelled.reason) == ("ada", "enough")
    assert objects.runs["default", run.name].spec.cancel_requested


async def test_a_run_that_ended_before_it_started_is_over(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    status = {"phase": "Failed", "message": "bad", "finishedAt": "2026-03-01T12:00:00Z"}
    run = runwright.run(objects.put(unique(), status=status).metadata.name)

    assert (await run.wait()).phase is Phase.FAILED
    with pytest.raises(RefusedError, match="it is over"):
        await run.cancel()
    with pytest.raises(RefusedError, match="it never started; start it anew"):
        await run.retry()


async def test_a_run_that_temporal_lost_is_not_waited_for(
    runwright: RunwrightClient, objects: MemoryObjects
) -> None:
    marked = {"annotations": {RUN_ID: "r-1"}}
    found = objects.put(unique(), metadata=marked, status={"phase": "Running"})

    with pytest.raises(RefusedError, match="Temporal knows nothing of this run"):
        await runwright.run(found.metadata.name).wait()


async def test_a_run_is_the_one_that_its_object_is_now(
    client: Client, runwright: RunwrightClient, objects: MemoryObjects, cluster: str
) -> None:
    """An object of that name that was deleted had another run."""
    name = unique()
    await taken_in(client, cluster, objects.put(name))
    now = objects.put(name)

    run = runwright.run(name)
    state = await run.state()

    assert run.workflow_id.endswith(now.metadata.uid)
    assert not state.has_started


async def test_without_its_object_a_run_is_the_newest_that_temporal_has(
    client: Client, runwright: RunwrightClient, objects: MemoryObjects, cluster: str
) -> None:
    name = unique()
    await taken_in(client, cluster, objects.put(name))
    last = await taken_in(client, cluster, objects.put(name))
    objects.runs.clear()
    await listed(runwright, 2)

    run = runwright.run(name)
    with pytest.raises(NoWorkerError, match="no worker answers"):
        await run.state()

    assert run.workflow_id.endswith(last.uid)


async def test_a_run_of_another_cluster_is_none_of_this_one(
    client: Client, runwright: RunwrightClient, objects: MemoryObjects, cluster: str
) -> None:
    name = unique()
    await taken_in(client, f"{cluster}-2", objects.put(name))
    await taken_in(client, cluster, objects.put(unique()))
    objects.runs.clear()

    (listed_run,) = await listed(runwright, 1)

    assert listed_run.name != name
    with pytest.raises(NotFoundError, match=f"there is no run default/{name}"):
        await runwright.run(name).state()


@pytest.mark.parametrize("name", ["it's", "a b", "a?b", "No"])
async def test_what_can_be_no_name_is_the_name_of_no_run(
    name: str, runwright: RunwrightClient
) -> None:
    with pytest.raises(NotFoundError, match="there is no run"):
        await runwright.run(name).state()


async def test_a_run_that_is_over_goes_on_where_its_object_is_shown(
    client: Client, objects: MemoryObjects, cluster: str
) -> None:
    """The queue is that of the run's cluster, whichever name the client has for its own."""
    found = objects.put(unique())
    elsewhere = RunwrightClient(client, "runwright-local", "local", objects=objects)
    run = elsewhere.run(found.metadata.name)
    async with worker_of(client, f"runwright-{cluster}", {}):
        start = await taken_in(client, cluster, found)
        await run.reject("ask")
        await run.wait()

        again = await run.retry(by="ada")
        state = await again.state()
        await again.cancel()
        await again.wait()

    assert (again.workflow_id, state.activation) == (run.workflow_id, 2)
    assert (await again.started_with()).cluster == start.cluster


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (None, "its StoryRun is gone; start it anew"),
        ({"metadata": {"deletionTimestamp": "2026-03-01T12:00:00Z"}}, "is being deleted"),
        ({"spec": {"storyRef": {"name": "release"}, "cancelRequested": True}}, "asks to be cancel"),
    ],
    ids=["gone", "being deleted", "cancelled by its object"],
)
async def test_a_run_does_not_go_on_where_nothing_would_show_it(
    change: dict[str, Any] | None, why: str, client: Client, objects: MemoryObjects, cluster: str
) -> None:
    runwright = RunwrightClient(client, f"runwright-{cluster}", cluster, objects=objects)
    found = objects.put(unique())
    name, uid = found.metadata.name, found.metadata.uid
    run = runwright.run(name)
    async with worker_of(client, f"runwright-{cluster}", {}):
        await taken_in(client, cluster, found)
        await run.reject("ask")
        await run.wait()
    objects.runs.clear()
    if change is not None:
        objects.put(name, **{**change, "metadata": {"uid": uid, **change.get("metadata", {})}})

    with pytest.raises(RefusedError, match=why):
        await run.retry()


async def listed(runwright: RunwrightClient, count: int) -> list[Any]:
    """Return the runs once Temporal lists so many; its list is a moment late."""
    while len(found := await runwright.runs()) < count:
        await asyncio.sleep(0.05)
    return found
