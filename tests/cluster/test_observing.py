"""What observers of Jobs do for each other, and for Jobs whose claims people lay hands on."""

import pytest

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS
from runwright.models.bubustack import Phase
from testbed.images.contents import BUSYBOX
from tests.cluster.hands import (
    ENDLESS,
    annotate,
    kubectl,
    messages_of,
    running_pod,
    watched_pods,
)
from tests.cluster.runs import Stage, is_ready, phase_of, retries, step

_UNTIL_TOLD = "while ! [ -e /tmp/go ]; do sleep 0.05; done"


@pytest.mark.parametrize("claim", [None, "{}"], ids=["removed", "garbled"])
async def test_a_try_whose_claim_cannot_be_read_ends_all_the_same(
    stage: Stage, claim: str | None
) -> None:
    """By the names of its run and its try: else the run would wait, and execute it again."""
    await stage.engram("work", _UNTIL_TOLD)
    await stage.story("release", step("build", execution=retries(2)))

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        pod = await running_pod(stage, "web-1-build")
        await annotate(stage, "web-1-build", {identity.CLAIM: claim}, JOBS)
        await kubectl(stage, "exec", pod, "--", "touch", "/tmp/go")  # noqa: S108 - of the pod
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert (phase_of(run), pods.tries("build")) == ("Succeeded", ["1.1"])


async def test_a_worker_takes_back_what_an_earlier_one_said(stage: Stage) -> None:
    """What is over must not be shown until the step ends."""
    await stage.engram("work", ENDLESS)
    await stage.story("release", step("build"))
    await kubectl(stage, "create", "quota", "few", "--hard=pods=0")

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await stage.until("web-1", lambda run: bool(messages_of(run).get("build")))
    await kubectl(stage, "delete", "quota", "few")
    await stage.until("web-1-build", is_ready, JOBS)
    async with stage.served():
        await stage.until("web-1", lambda run: not messages_of(run).get("build"))

    assert "exceeded quota: few" in messages_of(waiting)["build"]


async def test_a_job_that_is_made_by_hand_ends_no_step_of_another_run(stage: Stage) -> None:
    """Not even in the namespace of the run, unless it is the step's own Job."""
    await stage.engram("work", ENDLESS)
    await stage.story("release", step("build"))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-build")
        genuine = await stage.until("web-1-build", is_ready, JOBS)
        metadata = genuine["metadata"]
        forged = {
            "name": "forged",
            "namespace": stage.namespace,
            **{part: metadata[part] for part in ("labels", "annotations", "finalizers")},
        }
        container = {"name": "task", "image": BUSYBOX, "command": ["true"]}
        template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
        await stage.create("batch/v1", "Job", forged, {"template": template})
        await stage.until("forged", lambda job: not identity.has_evidence(job), JOBS)
        state = await stage.state(run)

    assert state.steps["build"].phase is Phase.RUNNING
