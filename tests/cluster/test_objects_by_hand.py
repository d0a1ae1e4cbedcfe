"""What becomes of a run whose Jobs, pods and StepRuns people lay hands on."""

import pytest

from adapters.kubernetes.resources import JOBS, STEP_RUNS
from runwright.models.objects import Manifest
from testbed.images.contents import BUSYBOX
from tests.cluster.hands import (
    ENDLESS_ONCE,
    KUBECTL_PROPAGATION,
    delete,
    is_over,
    kubectl,
    running_pod,
    strip_finalizers,
    told,
    watched_pods,
)
from tests.cluster.runs import RUNS, Stage, gate, phase_of, retries, step

UNTOUCHED = {"resourceVersion": "any", "managedFields": [], "generation": 1}
"""What the Job's controller changes of a Job that waits."""
RETRIED = step("build", execution=retries(2))


@pytest.mark.parametrize("cascade", KUBECTL_PROPAGATION)
async def test_a_job_that_is_deleted_is_a_try_that_failed(stage: Stage, cascade: str) -> None:
    """However it is deleted: its pod is ended first, and the next try begins when it is over."""
    await stage.engram("work", ENDLESS_ONCE)
    await stage.story("release", RETRIED)

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await delete(stage, "job", "web-1-build", f"--cascade={cascade}")
        await stage.until_phase("web-1", "Succeeded", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)

    events = await told(stage, "web-1")
    assert (phase_of(record), record["status"]["retries"]) == ("Succeeded", 1)
    assert "somebody deleted the Job or its pod" in events["StepRetryScheduled"][0]
    assert (pods.tries("build"), pods.together) == (["1.1", "1.2"], [])


@pytest.mark.parametrize("options", [(), ("--grace-period=0", "--force")], ids=["gently", "force"])
async def test_a_pod_that_is_deleted_is_a_try_that_failed(
    stage: Stage, options: tuple[str, ...]
) -> None:
    await stage.engram("work", ENDLESS_ONCE)
    await stage.story("release", RETRIED)

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        pod = await running_pod(stage, "web-1-build")
        await delete(stage, "pod", pod, *options)
        await stage.until_phase("web-1", "Succeeded", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)

    events = await told(stage, "web-1")
    assert (phase_of(record), record["status"]["retries"]) == ("Succeeded", 1)
    assert "the pod was deleted while it ran" in events["StepRetryScheduled"][0]
    assert (pods.tries("build"), pods.together) == (["1.1", "1.2"], [])


@pytest.mark.parametrize("cascade", KUBECTL_PROPAGATION)
async def test_a_step_run_that_is_deleted_is_made_again(stage: Stage, cascade: str) -> None:
    """With it goes its Job; the run goes on with the next try, under a StepRun of the same name."""
    await stage.engram("work", ENDLESS_ONCE)
    await stage.story("release", RETRIED)

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await delete(stage, "steprun", "web-1-build", f"--cascade={cascade}")
        if cascade == "orphan":
            await stage.until_gone("web-1-build", STEP_RUNS)
            await delete(stage, "job", "web-1-build")
        await stage.until_phase("web-1", "Succeeded", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)

    assert (phase_of(record), record["status"]["retries"]) == ("Succeeded", 1)
    assert (pods.tries("build"), pods.together) == (["1.1", "1.2"], [])


async def test_a_job_without_its_finalizers_takes_its_pod_along(stage: Stage) -> None:
    """Its evidence is gone, so nobody says it succeeded; its pod is waited for all the same."""
    await stage.engram("work", ENDLESS_ONCE)
    await stage.story("release", RETRIED)

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        await strip_finalizers(stage, JOBS, "web-1-build")
        await delete(stage, "job", "web-1-build", "--cascade=orphan")
        await stage.until_phase("web-1", "Succeeded", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)

    assert (phase_of(record), record["status"]["retries"]) == ("Succeeded", 1)
    assert (pods.tries("build"), pods.together) == (["1.1", "1.2"], [])


async def test_a_job_of_its_name_that_is_not_ours_is_left_alone(stage: Stage) -> None:
    """A step that cannot have its name fails with a message that says whose fault it is."""
    await stage.engram("work")
    await stage.story("release", RETRIED)
    foreign = await stage.cluster.create(_foreign_job(stage, "web-1-build"))

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Failed")
        await stage.until_event("StepFailed", "web-1")

    said = run["status"]["stepStates"]["build"]["message"]
    assert f"start {stage.namespace}/web-1-build: a Job of that name is not ours" in said
    assert said in (await told(stage, "web-1"))["StepFailed"][0]
    there = await stage.cluster.get(JOBS, stage.namespace, "web-1-build")
    assert there
    assert there["metadata"] | UNTOUCHED == foreign["metadata"] | UNTOUCHED
    record = await stage.until("web-1-build", is_over, STEP_RUNS)
    assert record["status"]["conditions"][0]["message"] == said


async def test_a_step_run_of_its_name_that_is_not_ours_is_left_alone(stage: Stage) -> None:
    await stage.engram("work")
    await stage.story("release", RETRIED)
    spec = {"storyRunRef": {"name": "other"}, "stepId": "build"}
    metadata = {"name": "web-1-build", "namespace": stage.namespace}
    foreign = await stage.create(RUNS, "StepRun", metadata, spec)

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Failed")
        await stage.until_event("StepFailed", "web-1")

    said = run["status"]["stepStates"]["build"]["message"]
    assert "one exists that does not belong to StoryRun web-1" in said
    assert said in (await told(stage, "web-1"))["StepFailed"][0]
    assert await stage.cluster.get(STEP_RUNS, stage.namespace, "web-1-build") == foreign
    assert await stage.all(JOBS) == []


async def test_a_service_account_of_the_runs_name_that_is_not_ours_is_not_used(
    stage: Stage,
) -> None:
    """Whoever makes one beforehand would decide what the pods of the run may do."""
    await stage.engram("work")
    await stage.story("release", step("build"))
    await kubectl(stage, "create", "serviceaccount", "web-1-engram-runner")

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Failed")
        await stage.until_event("StoryRunFailed", "web-1")

    assert "web-1-engram-runner: one exists that is not this run's" in run["status"]["message"]
    assert "StoryRunFailed" in await told(stage, "web-1")
    assert await stage.all(JOBS) == []


async def test_an_account_that_somebody_deletes_is_made_again(stage: Stage) -> None:
    """The next pod waits for it, and until then for the Job's controller to try once more."""
    await stage.engram("work")
    await stage.story("release", step("build"), gate("go", "build"), step("deploy", "work", "go"))

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1", lambda run: "go" in run.get("status", {}).get("gates", {}))
        for kind in ("serviceaccount", "role", "rolebinding"):
            await delete(stage, kind, "web-1-engram-runner")
        await stage.approve("web-1", "go")
        await stage.until_phase("web-1", "Succeeded", "Failed")

    assert pods.tries("deploy") == ["1.1"]


def _foreign_job(stage: Stage, name: str) -> Manifest:
    container = {"name": "other", "image": BUSYBOX}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": stage.namespace},
        "spec": {
            "suspend": True,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }
