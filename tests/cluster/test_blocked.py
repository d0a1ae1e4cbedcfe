"""Steps whose Engram or template is missing when their turn comes, and comes later."""

from typing import Final

from adapters.kubernetes.resources import ENGRAMS, JOBS, ROLES, STORY_RUNS
from runwright.models.objects import Manifest
from testbed.images.contents import BUSYBOX
from tests.cluster.hands import at_rest, cancel, details_of, messages_of, told
from tests.cluster.ledger import Ledger
from tests.cluster.runs import (
    CATALOG,
    STORIES,
    Stage,
    condition,
    executes,
    gate,
    phase_of,
    retries,
    step,
)

_READ_CONFIG: Final = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}


def phases_of(run: Manifest) -> dict[str, str]:
    """Return the phases of the steps of a StoryRun."""
    states: dict[str, Manifest] = (run.get("status") or {}).get("stepStates") or {}
    return {name: state["phase"] for name, state in states.items()}


async def until_blocked(stage: Stage, name: str = "web-1", reason: str = "") -> Manifest:
    """Return a StoryRun once steps of it are Blocked, of that reason if one is given."""
    return await stage.until(
        name, lambda run: condition(run, "Blocked").get("reason", "").endswith(reason or "Found")
    )


async def engram_alone(stage: Stage, name: str, template: str) -> None:
    """Create an Engram whose template need not be there."""
    metadata = {"name": name, "namespace": stage.namespace}
    await stage.create(STORIES, "Engram", metadata, {"templateRef": {"name": template}})


async def test_case_79_a_step_waits_for_its_engram_and_goes_on_when_that_comes(
    stage: Stage,
) -> None:
    """Its siblings run meanwhile, and the run is Running and says what it waits for."""
    await stage.engram("work")
    await stage.story("release", step("build"), step("test", "check"))

    async with stage.served():
        await stage.run("web-1", "release")
        await until_blocked(stage)
        waiting = await stage.until("web-1", lambda run: phases_of(run).get("build") == "Succeeded")
        page = await details_of(stage, waiting)
        await stage.engram("check")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        events = await told(stage, "web-1")

    missing = f'there is no Engram "check" in the namespace "{stage.namespace}"'
    assert phase_of(waiting) == "Running"
    assert phases_of(waiting) == {"build": "Succeeded", "test": "Blocked"}
    assert messages_of(waiting)["test"].startswith(f"{missing}; it is waited for until ")
    assert waiting["status"]["message"] == f"Step test waits: {missing}."
    ready = condition(waiting, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "Blocked")
    assert condition(waiting, "Progressing")["status"] == "True"
    assert condition(waiting, "Blocked")["message"] == missing
    assert "⏳ Blocked" in page
    assert phase_of(run) == "Succeeded"
    assert condition(run, "Blocked") == {}
    assert len(events["StepBlocked"]) == 1


async def test_first_an_engram_then_its_template(stage: Stage) -> None:
    """Each time the run says what is missing now."""
    template = f"{stage.namespace}-check"
    await stage.story("release", step("test", "check"))

    async with stage.served():
        await stage.run("web-1", "release")
        no_engram = await until_blocked(stage, reason="ReferenceNotFound")
        await engram_alone(stage, "check", template)
        no_template = await until_blocked(stage, reason="TemplateNotFound")
        jobs = await stage.all(JOBS)
        spec = {"version": "v1", "supportedModes": ["job"], "image": BUSYBOX}
        annotations = {"runwright.dev/command": "true"}
        metadata = {"name": template, "annotations": annotations}
        await stage.create(CATALOG, "EngramTemplate", metadata, spec)
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert "there is no Engram" in no_engram["status"]["message"]
    assert f'there is no EngramTemplate "{template}"' in no_template["status"]["message"]
    assert jobs == []
    assert phase_of(run) == "Succeeded"


async def test_what_comes_while_no_worker_is_there_is_found_by_the_next(stage: Stage) -> None:
    """Nobody saw it come: what counts is that it is there."""
    await stage.story("release", step("test", "check"))
    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await until_blocked(stage)
        await at_rest(stage, waiting)

    await stage.engram("check")

    async with stage.served():
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
    assert phase_of(run) == "Succeeded"


async def test_a_worker_killed_while_a_step_waits_changes_nothing(
    stage: Stage, ledger: Ledger, temporal: str
) -> None:
    await stage.story("release", step("test", "check"))
    async with stage.process(temporal) as worker:
        await stage.run("web-1", "release")
        await until_blocked(stage)
        await worker.kill()

    async with stage.served():
        await stage.engram("check", ledger.script)
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(run) == "Succeeded"
    assert ledger.began == {"web-1-test": 1}


async def test_a_run_is_told_of_what_it_waits_for_alone(stage: Stage) -> None:
    """One Engram comes, and another changes three times that nobody waits for."""
    await stage.engram("other")
    await stage.story("release", step("test", "check"), gate("go"))

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await until_blocked(stage)
        for number in range(3):
            patch = {"spec": {"with": {"number": number}}}
            await stage.cluster.patch(ENGRAMS, (stage.namespace, "other"), patch)
        await stage.engram("check")
        await stage.until("web-1", lambda run: phases_of(run).get("test") == "Succeeded")
        signals = await stage.signals(waiting)

    # Two where the watch of templates is behind that of Engrams: then both are news.
    assert 1 <= signals <= 2


async def test_a_branch_that_waits_goes_on_too(stage: Stage) -> None:
    """In no status of a StoryRun have branches a state of their own."""
    await stage.engram("work")
    branches = [step("lint"), step("test", "check")]
    block = {"name": "all", "type": "parallel", "with": {"steps": branches}}
    await stage.story("release", block)

    async with stage.served():
        await stage.run("web-1", "release")
        waiting = await until_blocked(stage)
        await stage.engram("check")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phases_of(waiting) == {"all": "Running"}
    assert waiting["status"]["message"].startswith("Step all/test waits: ")
    assert phase_of(run) == "Succeeded"


async def test_a_step_of_an_executed_story_waits_on_the_object_of_its_own_run(
    stage: Stage,
) -> None:
    await stage.story("inner", step("test", "check"))
    await stage.story("release", executes("call", "inner"))

    async with stage.served():
        await stage.run("web-1", "release")
        await until_blocked(stage, "web-1-call")
        await stage.engram("check")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(run) == "Succeeded"


async def test_a_run_whose_step_waits_can_be_cancelled_and_deleted(stage: Stage) -> None:
    await stage.story("release", step("test", "check"))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.run("web-2", "release")
        await until_blocked(stage)
        await until_blocked(stage, "web-2")
        await cancel(stage, "web-1")
        run = await stage.until_phase("web-1", "Finished")
        await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-2"))
        await stage.until_gone("web-2")

    assert phases_of(run) == {"test": "Canceled"}


async def test_what_a_late_template_asks_for_is_granted_beside_the_role_of_the_run(
    stage: Stage,
) -> None:
    await stage.story("release", step("test", "check", execution=retries(0)))

    async with stage.served():
        await stage.run("web-1", "release")
        await until_blocked(stage)
        await stage.engram("check", execution={"rbac": {"rules": [_READ_CONFIG]}})
        run = await stage.until_phase("web-1", "Succeeded", "Failed")
        roles = {one["metadata"]["name"]: one["rules"] for one in await stage.all(ROLES)}

    assert phase_of(run) == "Succeeded"
    assert len(roles) == 2
    added = next(rules for name, rules in roles.items() if name != "web-1-engram-runner")
    assert [rule["resources"] for rule in added] == [["configmaps"]]


async def test_a_late_template_that_cannot_be_a_job_fails_its_step(stage: Stage) -> None:
    """And a step that waits for nothing runs to its end."""
    await stage.engram("work")
    failing = step("test", "check", allowFailure=True)
    await stage.story("release", failing, step("build"))

    async with stage.served():
        await stage.run("web-1", "release")
        await until_blocked(stage)
        await stage.engram("check", supportedModes=["deployment"])
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phases_of(run) == {"test": "Failed", "build": "Succeeded"}
    assert "does not run as a Job but as deployment" in messages_of(run)["test"]
