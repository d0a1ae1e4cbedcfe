"""StoryRuns that cannot start, or not yet, and what people change on them."""

from typing import Any, Final, NamedTuple

import pytest

from adapters.kubernetes.resources import JOBS, STEP_RUNS, STORY_RUNS
from runwright.rules.bubustack.intake import FINALIZER
from runwright.rules.bubustack.jobs.labels import CORRELATION
from testbed.errors import CommandError
from tests.cluster.hands import annotate, cancel, kubectl, strip_finalizers
from tests.cluster.runs import Stage, condition, gate, phase_of, step


@pytest.mark.parametrize("has_story", [True, False], ids=["before it starts", "while it waits"])
async def test_a_run_that_is_cancelled_before_it_ran_is_over_at_once(
    stage: Stage, *, has_story: bool
) -> None:
    await stage.engram("work")
    if has_story:
        await stage.story("release", step("build"))
        await stage.run("web-1", "release", cancelRequested=True)
    else:
        await stage.run("web-1", "release")

    async with stage.served():
        if not has_story:
            await stage.until_phase("web-1", "Pending")
            await cancel(stage, "web-1")
        run = await stage.until_phase("web-1", "Finished", "Succeeded")

    assert (phase_of(run), condition(run, "Ready")["reason"]) == ("Finished", "Canceled")
    assert run["status"]["finishedAt"]
    assert await stage.all(JOBS) == []


async def test_all_that_a_run_makes_is_found_by_what_it_is(stage: Stage) -> None:
    """The StoryRun itself, its StepRuns, its Jobs and their pods."""
    await stage.engram("work")
    await stage.story("release", step("build"))
    await stage.run("web-1", "release")
    await annotate(stage, "web-1", {CORRELATION: "Order #42"})

    async with stage.served():
        run = await stage.until_phase("web-1", "Succeeded")

    (job,) = await stage.all(JOBS)
    (record,) = await stage.all(STEP_RUNS)
    assert record["metadata"]["annotations"][CORRELATION] == "Order #42"
    for found in (run, job, record):
        assert found["metadata"]["labels"][CORRELATION] == "Order-42"


class Fault(NamedTuple):
    """A StoryRun that can never start, and what is said of it."""

    steps: list[dict[str, Any]]
    reference: dict[str, str]
    reason: str
    message: str
    event: str = "StoryRunFailed"


FAULTS: Final = {
    "story elsewhere": Fault(
        [step("build")],
        {"name": "release", "namespace": "elsewhere"},
        "StoryReferenceInvalid",
        'storyRef names the namespace "elsewhere"',
        "StoryReferenceInvalid",
    ),
    "engram elsewhere": Fault(
        [{"name": "build", "ref": {"name": "work", "namespace": "elsewhere"}}],
        {"name": "release"},
        "EngramReferenceInvalid",
        'Engram "work" is in the namespace "elsewhere"',
        "EngramReferenceInvalid",
    ),
    "unreadable story": Fault(
        [step("build", execution={"timeout": "soon"})],
        {"name": "release"},
        "InvalidConfiguration",
        "Story/release: spec.steps[0].execution.timeout: ",
        "InvalidConfiguration",
    ),
    "broken template": Fault(
        [{**step("build"), "with": {"image": "{{ steps.build"}}],
        {"name": "release"},
        "InvalidConfiguration",
        "spec.steps[0].with.image: ",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
async def test_a_run_that_can_never_start_says_why(stage: Stage, fault: Fault) -> None:
    """Where the fault is, in the words of the manifest; nothing was started for it."""
    await stage.engram("work")
    await stage.story("release", *fault.steps)

    async with stage.served():
        await stage.run("web-1", "release", storyRef=fault.reference)
        run = await stage.until_phase("web-1", "Failed", "Succeeded")
        await stage.until_event(fault.event, "web-1")

    assert condition(run, "Ready")["reason"] == run["status"]["error"]["type"] == fault.reason
    assert fault.message in run["status"]["message"]
    assert await stage.all(JOBS) == []


async def test_a_spec_cannot_be_changed_and_annotations_can(stage: Stage) -> None:
    """What runs is what was asked for; notes that people make there disturb nobody."""
    await stage.story("release", gate("go"))
    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Running")
        change = '{"spec": {"storyRef": {"name": "other"}}}'
        with pytest.raises(CommandError, match="storyRef cannot be change"):
            await kubectl(stage, "patch", "storyrun", "web-1", "--type=merge", f"--patch={change}")
        await annotate(stage, "web-1", {"team": "web", "runwright.dev/retention": "unreadable"})
        await stage.approve("web-1", "go")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert phase_of(run) == "Succeeded"
    assert run["metadata"]["annotations"]["team"] == "web"


async def test_a_finalizer_that_was_taken_comes_back(stage: Stage) -> None:
    """Without it the object could go before its Jobs and hooks."""
    await stage.story("release", gate("go"))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Running")
        await strip_finalizers(stage, STORY_RUNS, "web-1")
        await stage.until("web-1", lambda run: FINALIZER in run["metadata"].get("finalizers", ()))
