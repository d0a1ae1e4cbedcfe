"""Runs that their objects want executed again: a cluster in memory, and a real Temporal."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import pytest
from temporalio.client import Client

from adapters.kubernetes.notes import Notes
from adapters.kubernetes.redriving import Redriving
from adapters.kubernetes.resources import STEP_RUNS, STORY_RUNS
from adapters.kubernetes.status import KubernetesStatus
from adapters.kubernetes.story_runs import read_story_run
from adapters.temporal.executions import TemporalExecutions
from adapters.temporal.launching import Place, TemporalLauncher
from runwright.errors import ConflictError
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.gates import DecideGate, Verdict
from runwright.models.runs import CancelRun
from runwright.models.story_run import StartStoryRun, StepReason, StoryRunState
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.jobs.labels import STORY_RUN, owners_of_run
from runwright.rules.bubustack.redrive import FROM_STEP, OBSERVED, REDRIVE, Redrive, redriven
from tests.integration.clusters import PlacedRun, object_of, placed, placed_run
from tests.integration.runs import engram, gate
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster
from workflows.story_attributes import attributes_of

SPEC: Final = {"steps": [engram("build"), gate("go", "build"), engram("deploy", "go")]}


class Death:
    """Comes after so many acts, and once only."""

    def __init__(self, after: int = 1000) -> None:
        self._left = after

    def strike(self) -> None:
        """Count an act that has just been done."""
        self._left -= 1
        if self._left == 0:
            raise KilledError


class KilledError(Exception):
    """Whoever acted is no more."""


class MortalNotes(Notes):
    """Notes of somebody who may die after each."""

    death: Death

    async def write(self, run: StoryRun, status: Mapping[str, Any]) -> None:
        """Write a status."""
        await super().write(run, status)
        self.death.strike()

    async def annotate(self, run: StoryRun, annotations: Mapping[str, str | None]) -> None:
        """Write annotations."""
        await super().annotate(run, annotations)
        self.death.strike()

    async def tell(self, run: StoryRun, reason: str, message: str) -> None:
        """Tell an Event."""
        await super().tell(run, reason, message)
        self.death.strike()


class MortalExecutions(TemporalExecutions):
    """Executions by somebody who may die after each call."""

    death: Death

    async def cancel(self, workflow_id: str, run_id: str, request: CancelRun) -> None:
        """Cancel an execution."""
        await super().cancel(workflow_id, run_id, request)
        self.death.strike()

    async def start_again(self, start: StartStoryRun) -> str:
        """Start another execution."""
        run_id = await super().start_again(start)
        self.death.strike()
        return run_id


class Redriver:
    """Somebody who looks at a StoryRun until nothing more is asked for."""

    def __init__(self, client: Client, task_queue: str, cluster: MemoryCluster) -> None:
        self._client = client
        self._place = Place(task_queue, "local")
        self._cluster = cluster

    def executions(self, death: Death | None = None) -> MortalExecutions:
        """Return the executions, for somebody who dies then."""
        executions = MortalExecutions(self._client, self._place, attributes_of)
        executions.death = death or Death()
        return executions

    async def redrive(self, name: str, death: Death | None = None) -> None:
        """Look at the StoryRun again and again."""
        notes = MortalNotes(self._cluster, KubernetesStatus(self._cluster, "test"))
        notes.death = death = death or Death()
        launcher = TemporalLauncher(self._client, self._place, attributes_of)
        redriving = Redriving(self._cluster, launcher, self.executions(death), notes)
        while await self._looked(redriving, name):
            await asyncio.sleep(0.02)

    async def _looked(self, redriving: Redriving, name: str) -> bool:
        run = read_story_run(self._cluster.objects["StoryRun", "default", name])
        assert isinstance(run, StoryRun)
        try:
            return await redriving.attend(run) is not None
        except ConflictError:
            return True


async def annotated(run: PlacedRun, **annotations: str) -> None:
    """Ask on the object of a run to execute it again."""
    names = {"whole": REDRIVE, "step": FROM_STEP}
    given = {names[key]: value for key, value in annotations.items()}
    name = "default", run.name
    await run.cluster.patch(STORY_RUNS, name, {"metadata": {"annotations": given}})


async def at_gate(run: PlacedRun, activation: int = 1) -> StoryRunState:
    """Return the state of a run once that execution of it waits at its gate, and shows that."""
    while True:
        shown = await run.shown()
        if shown.get("gates") and shown.get("attempts") == activation:
            return await run.state()
        await asyncio.sleep(0.02)


async def over(run: PlacedRun, phase: Phase = Phase.SUCCEEDED) -> None:
    """Approve the gate of a run, and return when its object says that it ended so."""
    decision = DecideGate(gate="go", verdict=Verdict.APPROVE, by="ada")
    await run.handle.signal("decide_gate", decision)
    while (await run.shown()).get("phase") != phase:
        await asyncio.sleep(0.02)
    while (await run.handle.describe()).close_time is None:
        await asyncio.sleep(0.02)


def annotations_of(run: PlacedRun) -> Mapping[str, str]:
    """Return what the object of a run is annotated with."""
    there: Mapping[str, str] = run.cluster.objects["StoryRun", "default", run.name]["metadata"][
        "annotations"
    ]
    return there


def steps_started(run: PlacedRun) -> list[str]:
    """Return the steps whose tasks were started, once for each execution."""
    return [name.removeprefix(f"default/{run.name}-") for name in run.tasks.started]


def cluster_of(start: StartStoryRun) -> MemoryCluster:
    """Return a cluster with the object of a run that was started."""
    return MemoryCluster(object_of(start, annotations={RUN_ID: "r1"}))


@pytest.mark.parametrize("death", range(1, 7), ids=lambda after: f"killed after act {after}")
async def test_a_token_is_executed_once_whenever_its_intake_is_killed(
    client: Client, task_queue: str, death: int
) -> None:
    """To cancel, to wipe the status, to start, to tell, to note: whatever is done is not lost."""
    start = placed(SPEC)
    cluster = cluster_of(start)
    redriver = Redriver(client, task_queue, cluster)

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        await annotated(run, whole="t1")
        try:
            await redriver.redrive(run.name, Death(death))
        except KilledError:
            await redriver.redrive(run.name)
        await at_gate(run, activation=2)
        await over(run)
        await redriver.redrive(run.name)
        state = await run.state()

    assert (state.activation, state.phase) == (2, Phase.SUCCEEDED)
    assert steps_started(run) == ["build", "build", "deploy"]
    assert annotations_of(run)[OBSERVED[REDRIVE]] == "t1"
    assert annotations_of(run)[RUN_ID] == (await run.handle.describe()).run_id


async def test_two_who_redrive_at_the_same_time_start_one_execution(
    client: Client, task_queue: str
) -> None:
    """As when a worker that has lost its Lease has not noticed yet."""
    start = placed(SPEC)
    cluster = cluster_of(start)
    redriver = Redriver(client, task_queue, cluster)

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        await annotated(run, whole="t1")
        await asyncio.gather(redriver.redrive(run.name), redriver.redrive(run.name))
        await at_gate(run, activation=2)
        await over(run)

    assert steps_started(run) == ["build", "build", "deploy"]


async def test_who_starts_what_was_started_and_is_over_finds_that(
    client: Client, task_queue: str
) -> None:
    """Somebody was away between the look at the last execution and the start of the next."""
    start = placed({"steps": [engram("build")]})
    cluster = cluster_of(start)
    executions = Redriver(client, task_queue, cluster).executions()
    again = redriven(start, None, Redrive(REDRIVE, "t1"))

    async with placed_run(client, task_queue, start, cluster) as run:
        await run.handle.result()
        first = await executions.start_again(again)
        await run.handle.result()
        second = await executions.start_again(again)

    assert first == second
    assert steps_started(run) == ["build", "build"]


async def test_an_execution_is_not_started_beside_one_that_is_open(
    client: Client, task_queue: str
) -> None:
    start = placed(SPEC)
    cluster = cluster_of(start)
    executions = Redriver(client, task_queue, cluster).executions()

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        with pytest.raises(ConflictError, match=f"run default/{run.name} again: another execution"):
            await executions.start_again(redriven(start, None, Redrive(REDRIVE, "t1")))
        await over(run)


async def test_from_a_step_what_does_not_depend_on_it_is_kept_with_who_decided_it(
    client: Client, task_queue: str
) -> None:
    """BubuStack conformance case 60, with a step that an Engram does."""
    start = placed(SPEC)
    cluster = cluster_of(start)
    redriver = Redriver(client, task_queue, cluster)

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        await over(run)
        await annotated(run, step="deploy:t1")
        await redriver.redrive(run.name)
        state = await run.handle.result()

    assert steps_started(run) == ["build", "deploy", "deploy"]
    assert state.steps["build"].reason is StepReason.KEPT
    assert state.gates["go"].decisions[0].by == "ada"
    assert annotations_of(run)[OBSERVED[FROM_STEP]] == "deploy:t1"


async def test_an_open_run_ends_before_it_goes_on_from_a_step(
    client: Client, task_queue: str
) -> None:
    """A run that was cancelled closes without its state: a worker tells it."""
    start = placed(SPEC)
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        await annotated(run, step="go:t1")
        await Redriver(client, task_queue, cluster).redrive(run.name)
        state = await at_gate(run, activation=2)
        await over(run)

    assert state.steps["build"].reason is StepReason.KEPT
    assert steps_started(run) == ["build", "deploy"]


async def test_a_redrive_of_the_whole_run_overtakes_one_from_a_step(
    client: Client, task_queue: str
) -> None:
    start = placed({"steps": [engram("build"), engram("deploy", "build")]})
    cluster = cluster_of(start)
    redriver = Redriver(client, task_queue, cluster)

    async with placed_run(client, task_queue, start, cluster) as run:
        await run.handle.result()
        await annotated(run, whole="t1", step="deploy:t1")
        await redriver.redrive(run.name)
        state = await run.handle.result()

    assert state.activation == 2
    assert steps_started(run) == ["build", "deploy"] * 2
    assert annotations_of(run)[OBSERVED[FROM_STEP]] == "deploy:t1"


@pytest.mark.parametrize(
    ("annotations", "reason", "message"),
    [
        ({"step": "nope:t1"}, "UnknownStep", "has no step nope to retry from; it has build, go"),
        ({"step": "build"}, "InvalidRedrive", 'must be STEP:TOKEN, not "build"'),
    ],
    ids=["unknown step", "no token"],
)
async def test_a_redrive_that_cannot_be_leaves_the_run_as_it_is_and_says_why(
    annotations: dict[str, str], reason: str, message: str, client: Client, task_queue: str
) -> None:
    """It would be worse to end a run that is open, and then to find that."""
    start = placed(SPEC)
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await at_gate(run)
        await annotated(run, **annotations)
        await Redriver(client, task_queue, cluster).redrive(run.name)
        said = {one["type"]: one for one in (await run.shown())["conditions"]}
        state = await run.state()
        await over(run)

    assert state.activation == 1
    assert state.cancelled is None
    assert said["RedriveRefused"]["reason"] == reason
    assert message in said["RedriveRefused"]["message"]
    assert annotations_of(run)[OBSERVED[FROM_STEP]] == annotations["step"]


async def test_a_run_that_temporal_has_forgotten_is_made_ready_to_be_taken_in_anew(
    client: Client, task_queue: str
) -> None:
    """Its StoryRun is kept for longer than its history; the count of executions goes on."""
    start = placed(SPEC)
    cluster = cluster_of(start)
    status = {"phase": "Failed", "attempts": 2, "finishedAt": "2026-01-01T00:00:00Z"}
    name = "default", start.name
    await cluster.patch(STORY_RUNS, name, {"status": status}, subresource="status")
    asked = {"metadata": {"annotations": {REDRIVE: "t1"}}}
    await cluster.patch(STORY_RUNS, name, asked)

    await Redriver(client, task_queue, cluster).redrive(start.name)

    there = cluster.objects["StoryRun", *name]
    assert RUN_ID not in there["metadata"]["annotations"]
    assert there["metadata"]["annotations"][OBSERVED[REDRIVE]] == "t1"
    assert there["status"] == {"attempts": 2}


async def test_what_is_left_of_the_last_execution_goes_before_the_next_begins(
    client: Client, task_queue: str
) -> None:
    """BubuStack conformance case 59; a StepRun of a step that is kept stays."""
    start = placed({"steps": [engram("build"), engram("deploy", "build")]})
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await run.handle.result()
        for step in ("build", "deploy"):
            await cluster.create(_step_run(start, step))
        await annotated(run, step="deploy:t1")
        await Redriver(client, task_queue, cluster).redrive(run.name)
        await run.handle.result()

    left = [name for kind, _, name in cluster.objects if kind == STEP_RUNS.kind]
    assert left == [f"{start.name}-build"]


def _step_run(start: StartStoryRun, step: str) -> dict[str, Any]:
    return {
        "apiVersion": STEP_RUNS.api_version,
        "kind": STEP_RUNS.kind,
        "metadata": {
            "name": f"{start.name}-{step}",
            "namespace": start.namespace,
            "labels": {STORY_RUN: start.name},
            "ownerReferences": owners_of_run(start),
        },
        "spec": {"stepId": step},
    }
