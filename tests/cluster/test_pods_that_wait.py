"""What is said of a step whose pod cannot start, and how its run gets on or ends."""

from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS
from runwright.models.objects import Manifest
from tests.cluster.hands import (
    cancel,
    details_of,
    is_over,
    kubectl,
    messages_of,
    told,
    watched_pods,
    worker,
)
from tests.cluster.runs import Stage, condition, phase_of, retries, step

WAITS = {
    "image": ("image-pull", "the image cannot be pulled: ", "testbed.local/no-such-image:1"),
    "room": ("unschedulable", "no node takes the pod: ", "Insufficient cpu"),
    "secret": ("config", "the container cannot be configured: ", '"no-such-secret" not found'),
}
"""By step: the category, how the message begins, and what else it tells."""


async def test_what_keeps_a_pod_from_starting_is_said_wherever_one_looks(stage: Stage) -> None:
    """In StoryRun and StepRun, in an Event, in Temporal. The run is cancelled as any other."""
    await worker(stage, "image", image="testbed.local/no-such-image:1")
    await worker(stage, "room", cpuRequest="1000", cpuLimit="1000")
    await stage.engram("secret", secretSchema={"token": {"required": True}})
    secret = step("secret", "secret", secrets={"token": "no-such-secret"})
    await stage.story("release", step("image", "image"), step("room", "room"), secret)

    async with stage.served():
        run = await stage.run("web-1", "release")
        waiting = await stage.until("web-1", _says_all)
        records = {name: await stage.until(f"web-1-{name}", _says_why, STEP_RUNS) for name in WAITS}
        state, details = await stage.state(run), await details_of(stage, run)
        for name in WAITS:
            await stage.until_event("StepStalled", "web-1", f"Step {name} does not get on: ")
        events = await told(stage, "web-1")
        await cancel(stage, "web-1")
        await stage.until_phase("web-1", "Finished")
        await stage.until_none(PODS)

    for name, (category, summary, more) in WAITS.items():
        diagnosis = state.steps[name].diagnosis
        assert diagnosis
        assert diagnosis.category == category
        said = messages_of(waiting)[name]
        assert said.startswith(summary)
        assert more in said
        assert condition(records[name], "Progressing")["message"].startswith(summary)
        assert any(f"Step {name} does not get on: {summary}" in it for it in events["StepStalled"])
        assert f"| {name} | 🔵 Running | 1 of 4 | {summary}" in details


async def test_a_pod_that_cannot_start_has_no_longer_than_its_step(stage: Stage) -> None:
    """At its deadline it says what it was waiting for: that is why it took so long."""
    await worker(stage, "work", image="testbed.local/no-such-image:1")
    await stage.story("release", step("build", execution={"timeout": "15s", **retries(0)}))

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)
        await stage.until_event("StepFailed", "web-1")

    assert run["status"]["stepStates"]["build"]["phase"] == phase_of(record) == "Timeout"
    assert record["status"]["error"]["details"]["category"] == "image-pull"
    assert "the image cannot be pulled" in (await told(stage, "web-1"))["StepFailed"][0]


async def test_a_pod_beyond_the_quota_is_created_when_there_is_room(stage: Stage) -> None:
    """The Job's controller tries again by itself, and so nothing fails."""
    await stage.engram("work")
    await stage.story("release", step("build"))
    await kubectl(stage, "create", "quota", "few", "--hard=pods=0")

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until("web-1", lambda run: bool(messages_of(run).get("build")))
        await kubectl(stage, "delete", "quota", "few")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert messages_of(waiting)["build"].startswith("the quota of the namespace is used up: ")
    assert "exceeded quota: few" in messages_of(waiting)["build"]
    assert phase_of(run) == "Succeeded"
    assert not messages_of(run)["build"]


async def test_a_job_beyond_the_quota_is_created_when_there_is_room(stage: Stage) -> None:
    """Here it is Runwright that is refused; the refusal is shown, and is no failure."""
    await stage.engram("work")
    await stage.story("release", step("build"))
    await kubectl(stage, "create", "quota", "few", "--hard=count/jobs.batch=0")

    async with stage.served(), watched_pods(stage) as pods:
        await stage.run("web-1", "release")
        waiting = await stage.until("web-1", lambda run: bool(messages_of(run).get("build")))
        await stage.until_event("StepStalled", "web-1")
        record = await stage.until("web-1-build", _says_why, STEP_RUNS)
        assert await stage.all(JOBS) == []
        await kubectl(stage, "delete", "quota", "few")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert "exceeded quota: few" in messages_of(waiting)["build"]
    assert "exceeded quota: few" in condition(record, "Progressing")["message"]
    assert (phase_of(run), pods.tries("build")) == ("Succeeded", ["1.1"])


async def test_pods_are_admitted_where_only_restricted_ones_are(stage: Stage) -> None:
    """Pod Security: what is not said of a container is said as strictly as any policy wants it."""
    level = "pod-security.kubernetes.io/enforce=restricted"
    await kubectl(stage, "label", "namespace", stage.namespace, level)
    await stage.engram("work", secretSchema={"token": {"mountType": "both"}})
    await kubectl(stage, "create", "secret", "generic", "web", "--from-literal=word=open")
    await stage.story("release", step("build", secrets={"token": "web"}))

    async with stage.served():
        await stage.run("web-1", "release")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(run) == "Succeeded"


def _says_all(run: Manifest) -> bool:
    said = messages_of(run)
    return all(more in said.get(name, "") for name, (_, _, more) in WAITS.items())


def _says_why(record: Manifest) -> bool:
    return bool(condition(record, "Progressing").get("message"))
