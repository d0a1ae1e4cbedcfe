"""What a failed pod comes to: what is said of it, and whether it is tried again."""

import asyncio
import os
import signal
from typing import NamedTuple

import psutil

from adapters.kubernetes.resources import JOBS, PODS, STEP_RUNS
from runwright.models.bubustack import ExitClass
from tests.cluster.hands import (
    ENDLESS_ONCE,
    at_rest,
    is_over,
    kubectl,
    messages_of,
    running_pod,
    strip_finalizers,
    told,
    watched_pods,
    worker,
)
from tests.cluster.runs import Stage, phase_of, retries, step


class Failure(NamedTuple):
    """A step that fails, and what is said of it in the end."""

    script: str
    exit_class: ExitClass
    exit_code: int | None
    category: str
    advice: str
    tries: int


FAILURES = {
    "memory": Failure(
        "tail /dev/zero",
        *(ExitClass.RETRY, 137, "memory", "used more memory than its limit"),
        tries=2,
    ),
    "command": Failure(
        '["/no/such/command"]',
        *(ExitClass.TERMINAL, None, "command", "the container could not be started"),
        tries=1,
    ),
    "code": Failure(
        "echo no disk >/dev/termination-log; exit 3",
        *(ExitClass.TERMINAL, 3, "exit", "the container failed"),
        tries=1,
    ),
}


async def test_a_failed_pod_says_why_and_is_tried_again_if_that_may_help(stage: Stage) -> None:
    """Its exit class decides: what is killed may fare better, what does not exist will not."""
    for name, failure in FAILURES.items():
        await worker(stage, name, failure.script, memoryLimit="16Mi")
    steps = [step(name, name, execution=retries(1), allowFailure=True) for name in FAILURES]
    await stage.story("release", *steps)

    async with watched_pods(stage) as pods, stage.served():
        run = await stage.run("web-1", "release")
        over = await stage.until_phase("web-1", "Succeeded")
        await stage.until_event("StoryRunSucceeded", "web-1")
        state, events = await stage.state(run), await told(stage, "web-1")

    for name, failure in FAILURES.items():
        seen = state.steps[name]
        assert seen.diagnosis
        assert (seen.exit_class, seen.exit_code, seen.diagnosis.category) == failure[1:4]
        record = await stage.until(f"web-1-{name}", is_over, STEP_RUNS)
        assert record["status"]["error"]["details"]["category"] == failure.category
        assert record["status"]["lastFailureMsg"] == messages_of(over)[name] == seen.message
        (event,) = [said for said in events["StepFailed"] if said.startswith(f"Step {name} ")]
        assert failure.advice in event
        assert len(pods.tries(name)) == failure.tries
    assert messages_of(over)["code"] == "exit code 3: no disk"


async def test_a_pod_that_is_killed_on_its_node_is_tried_again(stage: Stage) -> None:
    """With 137, as whatever kills from outside ends it."""
    await stage.engram("work", f": {stage.namespace}; {ENDLESS_ONCE}")
    await stage.story("release", step("build", execution=retries(1)))

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        os.kill(await _process(f": {stage.namespace};"), signal.SIGKILL)
        await stage.until_phase("web-1", "Succeeded", "Failed")
        record = await stage.until("web-1-build", is_over, STEP_RUNS)

    assert (phase_of(record), pods.tries("build")) == ("Succeeded", ["1.1", "1.2"])
    assert "exit code 137" in (await told(stage, "web-1"))["StepRetryScheduled"][0]


async def test_a_pod_that_is_gone_before_its_end_was_read_is_lost(stage: Stage) -> None:
    """It may have succeeded; that is no success. Nobody knows, so it is tried again."""
    await stage.engram("work", 'test "$RUNWRIGHT_TRY" = 2 || sleep 10')
    await stage.story("release", step("build", execution=retries(1)))

    async with watched_pods(stage) as pods:
        async with stage.served():
            run = await stage.run("web-1", "release")
            pod = await running_pod(stage, "web-1-build")
            await at_rest(stage, run)
        await stage.until("web-1-build", lambda job: bool(job["status"].get("succeeded")), JOBS)
        await strip_finalizers(stage, PODS, pod)
        await kubectl(stage, "delete", "pod", pod, "--force", "--grace-period=0")
        async with stage.served():
            await stage.until_phase("web-1", "Succeeded", "Failed")
            record = await stage.until("web-1-build", is_over, STEP_RUNS)

    assert (phase_of(record), pods.tries("build")) == ("Succeeded", ["1.1", "1.2"])
    assert (
        "its pod is gone with all that it said"
        in ((await told(stage, "web-1"))["StepRetryScheduled"][0])
    )


async def _process(words: str) -> int:
    """Return the first process of this machine whose command has these words."""
    while True:
        for process in psutil.process_iter(["cmdline"]):
            if any(words in word for word in process.info["cmdline"] or ()):
                return int(process.pid)
        await asyncio.sleep(0.05)
