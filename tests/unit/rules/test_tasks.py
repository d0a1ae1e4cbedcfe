"""What a step asks its backend to run."""

import json
from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import NotFoundError, TemplateError
from runwright.models.bubustack import Engram, Phase, Story
from runwright.models.story_run import ResumeFrom, StartStoryRun, StoryRunState
from runwright.models.tasks import Backend, Task
from runwright.rules.bubustack import commands, snapshot, tasks
from runwright.rules.bubustack.scope import scope_of
from tests.unit.rules.states import ENGRAM, NOW, changed, start_of, state_of, template
from tests.unit.rules.stories import engram, story
from tests.unit.rules.works import cluster_run

LOCAL = template({"runwright.dev/local-command": "./run.sh"})
REFERS = {"with": {"url": "{{ steps.a.output.url }}", "to": "{{ inputs.to }}"}}


def local(one: Story, **fields: Any) -> StartStoryRun:
    """Return the input of a run on local processes."""
    given = {"templates": (LOCAL,), "backend": Backend.LOCAL, **fields}
    return start_of(one, **given)


def task_of(start: StartStoryRun, state: StoryRunState, step: str, number: int = 1) -> Task:
    """Return the task for a try of a step."""
    found = next(one for one in start.story.spec.steps if one.name == step)
    worker = tasks.worker_of(start, found)
    return tasks.task_of(
        start, tasks.TryOf(found, number, NOW, "storyrun/x", "first"), worker, state.steps
    )


def engram_in(namespace: str, **spec: Any) -> Engram:
    """Return the Engram `worker` of a namespace."""
    return Engram.model_validate(
        {
            "metadata": {"name": "worker", "namespace": namespace},
            "spec": {"templateRef": {"name": "image"}, **spec},
        }
    )


def test_a_step_is_done_by_the_engram_of_its_runs_namespace() -> None:
    ours, theirs = engram_in("ours"), engram_in("theirs")
    start = start_of(story(engram("a")), namespace="ours", engrams=(theirs, ours))

    assert snapshot.engram_of(start, start.story.spec.steps[0]) == ours


def test_a_step_may_name_an_engram_of_another_namespace() -> None:
    ours, theirs = engram_in("ours"), engram_in("theirs")
    step = {"name": "a", "ref": {"name": "worker", "namespace": "theirs"}}
    start = start_of(story(step), namespace="ours", engrams=(ours, theirs))

    assert snapshot.engram_of(start, start.story.spec.steps[0]) == theirs


def test_a_primitive_has_no_engram() -> None:
    start = start_of(story({"name": "ask", "type": "gate"}))

    assert snapshot.engram_of(start, start.story.spec.steps[0]) is None


@pytest.mark.parametrize("lacking", ["engrams", "templates"])
def test_a_snapshot_that_lacks_what_does_the_work_is_told(lacking: str) -> None:
    start = start_of(story(engram("a")), **{lacking: ()})

    with pytest.raises(NotFoundError, match="step a: its engram or that one's template is not in"):
        tasks.worker_of(start, start.story.spec.steps[0])


def test_a_step_overrides_its_engrams_input_and_both_are_resolved() -> None:
    worker = tasks.Worker(
        engram_in("default", **{"with": {"to": "{{ inputs.to }}", "retries": 3}}), template()
    )
    step = story(engram("a", **{"with": {"retries": 5, "deep": ["{{ inputs.to }}"]}})).spec.steps[0]

    given = tasks.input_of(worker, step, scope_of({"to": "eu"}, {}))

    assert given == {"to": "eu", "retries": 5, "deep": ["eu"]}


def test_templates_see_inputs_and_the_outputs_of_what_succeeded() -> None:
    one = story(*(engram(name) for name in ("done", "failed", "running")))
    state = state_of(one, done=Phase.SUCCEEDED, failed=Phase.FAILED, running=Phase.RUNNING)
    for name in ("done", "failed", "running"):
        state = changed(state, name, output={"x": name})

    scope = scope_of({"to": "eu"}, state.steps)

    assert scope["inputs"] == {"to": "eu"}
    assert list(scope["steps"]) == ["done"]


def test_a_task_carries_the_contract_of_an_engram() -> None:
    one = story(
        engram("a"),
        engram("b", execution={"timeout": "90s"}, **REFERS),
        version="v3",
    )
    state = changed(state_of(one), "a", phase=Phase.SUCCEEDED, output={"url": "http://a"})

    task = task_of(local(one, inputs={"to": "eu"}), state, "b")

    context = {"inputs": {"to": "eu"}, "steps": {"a": {"output": {"url": "http://a"}}}}
    assert task.input == {"url": "http://a", "to": "eu"}
    assert task.input_variables == ("BUBU_TRIGGER_DATA", "BUBU_STEP_CONFIG")
    assert task.environment == {
        "BUBU_TEMPLATE_CONTEXT": json.dumps(context),
        "BUBU_IDEMPOTENCY_KEY": "ns/default/storyrun/release-1/step/b",
        "BUBU_STORY_NAME": "release",
        "BUBU_STORY_VERSION": "v3",
        "BUBU_STORYRUN_ID": "release-1",
        "BUBU_STEP_NAME": "b",
        "BUBU_STEPRUN_NAME": "release-1-b",
        "BUBU_STEPRUN_NAMESPACE": "default",
        "BUBU_ENGRAM_NAME": "worker",
        "BUBU_ENGRAM_VERSION": "",
        "BUBU_STARTED_AT": "2026-03-01T12:00:00.000000000Z",
        "BUBU_EXECUTION_MODE": "batch",
        "BUBU_HYBRID_BRIDGE": "false",
        "BUBU_STEP_TIMEOUT": "1m30s",
        "BUBU_MAX_INLINE_SIZE": "262144",
        "RUNWRIGHT_TRY": "1",
        "RUNWRIGHT_ACTIVATION": "1",
    }


@pytest.mark.parametrize("number", [1, 2])
def test_case_46_every_try_has_the_key_that_its_step_was_given(number: int) -> None:
    start = cluster_run(engram("build"))
    state = changed(state_of(start.story), "build", idempotency_key="order-7")

    task = task_of(start, state, "build", number)

    assert task.environment["BUBU_IDEMPOTENCY_KEY"] == "order-7"
    assert task.job is not None
    assert task.job.record is not None
    assert task.job.record.manifest["spec"]["idempotencyKey"] == "order-7"


def test_a_task_has_the_limits_of_its_step() -> None:
    one = story(engram("a", execution={"timeout": "90s"}))

    task = task_of(local(one), state_of(one), "a")

    assert (task.timeout, task.grace) == (timedelta(seconds=90), timedelta(seconds=30))
    assert task.max_output == 256 * 1024


def test_a_task_gets_the_outputs_it_depends_on_and_no_others() -> None:
    """A copy of all of them for each step would fill the history of a long run."""
    one = story(engram("a"), engram("b"), engram("c", needs=["a"]))
    state = state_of(one, a=Phase.SUCCEEDED, b=Phase.SUCCEEDED)
    state = changed(changed(state, "a", output={"x": 1}), "b", output={"x": 2})

    task = task_of(local(one), state, "c")

    context = json.loads(task.environment["BUBU_TEMPLATE_CONTEXT"])
    assert context["steps"] == {"a": {"output": {"x": 1}}}


def test_a_context_that_no_variable_can_hold_is_left_out() -> None:
    """The kernel starts no process with a variable of 128 KiB; the input itself is in a file."""
    one = story(engram("a", **{"with": {"text": "{{ inputs.text }}"}}))
    start = local(one, inputs={"text": "ü" * tasks.MAX_VARIABLE})

    task = task_of(start, state_of(one), "a")

    assert task.environment["BUBU_TEMPLATE_CONTEXT"] == "{}"
    assert task.input == start.inputs


def test_a_task_learns_where_its_manifests_are_if_that_is_known() -> None:
    one = story(engram("a"))
    known = template(
        {"runwright.dev/local-command": "true", "runwright.dev/manifest-folder": "/srv/release"}
    )

    task = task_of(local(one, templates=(known,)), state_of(one), "a")

    assert task.environment["RUNWRIGHT_MANIFESTS"] == "/srv/release"
    assert "RUNWRIGHT_MANIFESTS" not in task_of(local(one), state_of(one), "a").environment


def test_case_77_an_input_that_refers_to_nothing_is_an_error() -> None:
    one = story(engram("a"), engram("b", **REFERS))

    with pytest.raises(TemplateError, match="steps"):
        task_of(local(one, inputs={"to": "eu"}), state_of(one, a=Phase.SKIPPED), "b")


def test_the_tries_of_a_step_share_a_name_and_are_told_apart() -> None:
    one = story(engram("a"))
    start = local(one, namespace="team", engrams=(engram_in("team"),), uid="7f3a")
    resumed = start.model_copy(update={"resume_from": ResumeFrom(activation=2)})

    first, second, later = (
        tasks.key_of(start, tasks.TryOf(one.spec.steps[0], 1, NOW, "storyrun/x", "first")),
        tasks.key_of(start, tasks.TryOf(one.spec.steps[0], 2, NOW, "storyrun/x", "first")),
        tasks.key_of(resumed, tasks.TryOf(one.spec.steps[0], 1, NOW, "storyrun/x", "second")),
    )

    assert {key.name for key in (first, second, later)} == {"release-1-a"}
    assert {key.workflow_id for key in (first, second, later)} == {"storyrun/x"}
    assert [key.execution for key in (first, second, later)] == ["first", "first", "second"]
    assert first.order < second.order < later.order


@pytest.mark.parametrize(
    ("annotation", "command"),
    [
        ("./run.sh --fast", ("/bin/sh", "-c", "./run.sh --fast")),
        ('["./run.sh", "--to", "a b"]', ("./run.sh", "--to", "a b")),
        (' ["true"]', ("true",)),
        ("[ -f marker ] && ./run.sh", ("/bin/sh", "-c", "[ -f marker ] && ./run.sh")),
        ('["true", 1]', ("/bin/sh", "-c", '["true", 1]')),
    ],
    ids=["text", "list", "indented list", "a shell's test", "no list of words"],
)
def test_a_command_is_a_list_of_words_or_a_line_for_a_shell(
    annotation: str, command: tuple[str, ...]
) -> None:
    assert commands.words_of(annotation) == command


def test_the_engram_of_the_default_namespace_needs_not_say_so() -> None:
    start = start_of(story(engram("a")), engrams=(ENGRAM,))

    assert snapshot.engram_of(start, start.story.spec.steps[0]) == ENGRAM


def test_in_a_cluster_a_task_has_its_job_and_no_command() -> None:
    """What stands in for the container elsewhere, and where manifests lie, is nothing there."""
    annotations = {
        "runwright.dev/local-command": "./run.sh",
        "runwright.dev/manifest-folder": "/srv/release",
    }
    start = cluster_run(engram("build"), templates=(template(annotations, image="worker:1"),))

    task = task_of(start, state_of(start.story), "build")

    assert task.job is not None
    assert task.job.spec["template"]["spec"]["containers"][0]["image"] == "worker:1"
    assert task.job.record is not None
    assert task.job.record.running["startedAt"] == "2026-03-01T12:00:00Z"
    assert task.command == ()
    assert "RUNWRIGHT_MANIFESTS" not in task.environment
    assert task.environment["BUBU_STEPRUN_NAME"] == "release-1-build"
    assert task.environment["BUBU_MAX_RECURSION_DEPTH"] == "32"


def test_a_step_run_started_when_its_first_try_did() -> None:
    start = cluster_run(engram("build"))
    begun = NOW - timedelta(minutes=5)
    state = changed(state_of(start.story), "build", phase=Phase.PENDING, started_at=begun)

    task = task_of(start, state, "build", number=2)

    assert task.job is not None
    assert task.job.record is not None
    assert task.job.record.running["startedAt"] == "2026-03-01T11:55:00Z"
    assert task.job.record.running["retries"] == 1


def test_nowhere_else_a_task_has_a_job() -> None:
    one = story(engram("a"))

    assert task_of(local(one), state_of(one), "a").job is None


def test_in_a_cluster_an_input_is_no_longer_than_a_variable_can_be() -> None:
    """A pod with a longer one cannot start, and says so to nobody."""
    step = engram("a", **{"with": {"text": "{{ inputs.text }}"}})
    most = tasks.MAX_CLUSTER_INPUT - len('{"text": ""}')
    fits = cluster_run(step, inputs={"text": "x" * most})
    too_large = cluster_run(step, inputs={"text": "x" * (most + 1)})

    assert task_of(fits, state_of(fits.story), "a").input == fits.inputs
    with pytest.raises(TemplateError, match="comes to 98305 bytes of JSON, and a step takes 98304"):
        task_of(too_large, state_of(too_large.story), "a")


def test_templates_of_an_input_take_the_try_for_their_time_and_draw_again_for_another() -> None:
    """A task that is asked for twice, by a replay or a second claim, has to be the same one."""
    one = story(engram("a", **{"with": {"x": "{{ now | date `2006-01-02` }} {{ uuidv4 }}"}}))
    start, state = local(one), state_of(one)

    first, again, other = (task_of(start, state, "a", number).input["x"] for number in (1, 1, 2))

    assert first.startswith(f"{NOW:%Y-%m-%d} ")
    assert first == again != other


def test_an_input_that_is_a_template_as_a_whole_must_come_to_an_object() -> None:
    start = start_of(story(engram("a", **{"with": {"$bubuTemplate": "{{ inputs.all }}"}})))
    step, worker = start.story.spec.steps[0], tasks.worker_of(start, start.story.spec.steps[0])

    given = tasks.input_of(worker, step, scope_of({"all": {"x": 1}}, {}))

    assert given == {"x": 1}
    with pytest.raises(TemplateError, match=r"with: .* object"):
        tasks.input_of(worker, step, scope_of({"all": [1]}, {}))
