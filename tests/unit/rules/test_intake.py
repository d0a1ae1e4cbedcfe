"""What a StoryRun object asks for."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Story
from runwright.models.story_run import StartStoryRun, StepDefaults
from runwright.models.tasks import Backend
from runwright.rules.bubustack.configuration import configuration_problems
from runwright.rules.bubustack.intake import (
    AUTHOR,
    RUN_ID,
    Awaits,
    Cancel,
    Nothing,
    Refuse,
    Start,
    Waits,
    abandoned,
    meaning_of,
)
from runwright.rules.bubustack.parentage import ANNOTATION, Parent
from tests.unit.rules.resources import (
    WORKER,
    lookups,
    meaning,
    placed_engram,
    placed_story,
    run_of,
    story_named,
)
from tests.unit.rules.stories import condition, engram, executes

THERE = lookups(placed_story())
INNER = story_named("inner")
PARENT = Parent(workflow_id="storyrun/team/web-1/9c1e", execution="r1", step="call")
CHILD = {
    "annotations": PARENT.annotation,
    "ownerReferences": [{"apiVersion": "v1", "kind": "StoryRun", "name": "web-1", "uid": "9c1e"}],
}


def started(one: Any) -> StartStoryRun:
    """Return the input of the run that is to be started."""
    assert isinstance(one, Start), one
    return one.start


def test_a_run_is_started_with_a_snapshot_of_all_that_it_executes() -> None:
    run = run_of(inputs={"tag": "v1"}, metadata={"annotations": {AUTHOR: "ada"}})

    start = started(meaning(run, THERE))

    assert (start.namespace, start.name, start.uid, start.generation) == (
        "team",
        "release-1",
        "7f3a",
        1,
    )
    assert (start.backend, start.cluster, start.author) == (Backend.KUBERNETES, "prod", "ada")
    assert start.inputs == {"tag": "v1"}
    assert (start.story.metadata.name, start.story.metadata.generation) == ("release", 4)
    assert [one.metadata.name for one in start.engrams] == ["worker"]
    assert [one.metadata.name for one in start.templates] == ["image"]
    assert configuration_problems(start) == []


def test_a_run_takes_along_what_it_is_found_by() -> None:
    annotations = {"bubustack.io/correlation-id": " order-42 "}
    run = run_of(metadata={"annotations": annotations})

    assert started(meaning(run, THERE)).correlation == "order-42"
    assert started(meaning(run_of(), THERE)).correlation == ""


def test_a_run_takes_along_what_the_operator_says_of_its_steps() -> None:
    defaults = StepDefaults(max_retries=1)

    assert started(meaning_of(run_of(), THERE, "prod", defaults=defaults)).defaults == defaults


def test_nobody_is_the_author_of_a_run_that_names_none() -> None:
    assert started(meaning(run_of(), THERE)).author == ""


def test_the_steps_of_all_lists_are_provided_for_each_engram_once() -> None:
    story = placed_story(
        engram("a"),
        engram("b"),
        condition("c"),
        compensations=[{"name": "undo", "ref": {"name": "undoer"}}],
        **{"finally": [engram("tell")]},
    )

    start = started(meaning(run_of(), lookups(story, (WORKER, placed_engram("undoer")))))

    assert [one.metadata.name for one in start.engrams] == ["worker", "undoer"]
    assert len(start.templates) == 1


def test_a_snapshot_carries_no_status_and_no_second_copy_of_itself() -> None:
    """It travels with every start, and stays in the history."""
    applied = {"kubectl.kubernetes.io/last-applied-configuration": "{…}", "team": "blue"}
    story = placed_story().model_dump(mode="json")
    story["metadata"] |= {"annotations": applied, "resourceVersion": "9", "finalizers": ["x"]}
    story["status"] = {"usageCount": 3}

    kept = started(meaning(run_of(), lookups(Story.model_validate(story)))).story

    assert kept.status is None
    assert kept.metadata.annotations == {"team": "blue"}
    assert (kept.metadata.resource_version, kept.metadata.finalizers) == ("", ())


def test_a_start_comes_with_how_long_the_run_is_kept() -> None:
    policy = {"execution": {"job": {"storyRunRetentionSeconds": 0}}}

    told = meaning(run_of(), lookups(placed_story(policy=policy)))

    assert isinstance(told, Start)
    assert told.retention.run is None


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"annotations": {RUN_ID: "0199"}}},
        {"metadata": {"deletionTimestamp": "2026-03-01T12:00:00Z"}},
        {"status": {"phase": "Succeeded"}},
        {"status": {"phase": "Failed"}},
        {"status": {"phase": "Finished"}, "cancelRequested": True},
    ],
    ids=["started before", "being deleted", "succeeded", "failed", "canceled"],
)
def test_a_run_is_never_started_twice_nor_after_its_end(fields: dict[str, Any]) -> None:
    assert meaning(run_of(**fields), THERE) == Nothing()


def test_a_run_that_waited_is_started_once_nothing_is_missing() -> None:
    """Upstream leaves it in Pending for good."""
    assert isinstance(meaning(run_of(status={"phase": "Pending"}), THERE), Start)


@pytest.mark.parametrize("there", [THERE, lookups()], ids=["startable", "without its Story"])
def test_case_57_a_run_that_is_cancelled_before_its_start_never_starts(there: Any) -> None:
    assert meaning(run_of(cancelRequested=True), there) == Cancel()


def test_case_79_a_run_waits_for_its_story() -> None:
    waits = Waits("StoryNotFound", 'there is no Story "release" in the namespace "team"')

    assert meaning(run_of(), lookups()) == waits


@pytest.mark.parametrize(
    ("there", "engrams"),
    [
        (lookups(placed_story(), ()), []),
        (lookups(placed_story(), templates=()), ["worker"]),
    ],
    ids=["engram", "template"],
)
def test_case_79_a_run_starts_without_what_its_steps_may_wait_for(
    there: Any, engrams: list[str]
) -> None:
    """Upstream tries again without end, and starts no other step meanwhile."""
    start = started(meaning(run_of(), there))

    assert [one.metadata.name for one in start.engrams] == engrams
    assert start.templates == ()
    assert configuration_problems(start) == []


def test_a_start_comes_with_how_long_its_steps_wait() -> None:
    patience = timedelta(hours=2)

    assert started(meaning_of(run_of(), THERE, "prod", patience)).patience == patience


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            {"name": "release", "namespace": "other"},
            'storyRef names the namespace "other", '
            "and references across namespaces are not allowed",
        ),
        (
            {"name": "release", "version": "2"},
            'storyRef: version "2" is asked for, "1" is there',
        ),
    ],
    ids=["another namespace", "another version"],
)
def test_a_story_that_the_run_may_not_use_is_refused(
    reference: dict[str, str], message: str
) -> None:
    told = meaning(run_of(storyRef=reference), lookups(placed_story(version="1")))

    assert told == Refuse("StoryReferenceInvalid", message)


def test_the_namespace_of_the_run_may_be_named() -> None:
    reference = {"name": "release", "namespace": "team"}

    assert isinstance(meaning(run_of(storyRef=reference), THERE), Start)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"name": "worker", "namespace": "other"}, "EngramReferenceInvalid"),
        ({"name": "worker", "version": "2"}, "EngramReferenceInvalid"),
    ],
    ids=["another namespace", "another version"],
)
def test_an_engram_that_a_step_may_not_use_is_refused(
    reference: dict[str, str], reason: str
) -> None:
    """Rather than waited for, even if something else is missing."""
    story = placed_story({"name": "a", "ref": {"name": "missing"}}, {"name": "b", "ref": reference})

    told = meaning(run_of(), lookups(story))

    assert isinstance(told, Refuse)
    assert told.reason == reason


def test_another_version_of_a_template_is_refused() -> None:
    worker = placed_engram(templateRef={"name": "image", "version": "2"})

    told = meaning(run_of(), lookups(placed_story(), (worker,)))

    message = 'EngramTemplate "image": version "2" is asked for, "1" is there'
    assert told == Refuse("TemplateResolutionFailed", message)


def test_the_stories_that_a_run_executes_are_taken_along_with_all_that_they_need() -> None:
    """Directly or not; two that execute each other are taken once."""
    outer = placed_story(executes("call", "inner"), executes("again", "inner"))
    inner = story_named("inner", executes("deeper", "deep"))
    back = {**executes("back", "release"), "if": "{{ inputs.more }}"}
    deep = story_named("deep", {"name": "dig", "ref": {"name": "digger"}}, back)
    there = lookups(outer, (WORKER, placed_engram("digger")), executed=(inner, deep))

    start = started(meaning(run_of(), there))

    assert [one.metadata.name for one in start.stories] == ["inner", "deep"]
    assert [one.metadata.name for one in start.engrams] == ["digger"]
    assert configuration_problems(start) == []


def test_a_run_waits_for_all_stories_that_its_steps_execute() -> None:
    outer = placed_story(executes("call", "inner"), executes("other", "deep"), engram("build"))

    told = meaning(run_of(), lookups(outer, ()))

    assert told == Waits(
        "StoryNotFound",
        'there is no Story "inner", which step "call" of Story "release" executes; '
        'there is no Story "deep", which step "other" of Story "release" executes',
    )


def test_a_run_starts_without_what_the_steps_of_executed_stories_may_wait_for() -> None:
    """The run of such a Story waits for it, as one of its own would."""
    there = lookups(placed_story(executes("call", "inner")), (), executed=(INNER,))

    start = started(meaning(run_of(), there))

    assert (start.engrams, start.templates) == ((), ())
    assert configuration_problems(start) == []


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            {"namespace": "other"},
            'step "call" of Story "release" executes a Story in the namespace "other", '
            "and references across namespaces are not allowed",
        ),
        (
            {"version": "2"},
            'step "call" of Story "release": version "2" is asked for, "1" is there',
        ),
    ],
    ids=["another namespace", "another version"],
)
def test_a_story_that_a_step_may_not_execute_is_refused(
    reference: dict[str, str], message: str
) -> None:
    outer = placed_story(executes("call", "inner", **reference))
    inner = story_named("inner", version="1")

    told = meaning(run_of(), lookups(outer, executed=(inner,)))

    assert told == Refuse("StoryReferenceInvalid", message)


def test_a_run_that_is_a_step_of_another_is_left_to_that_one() -> None:
    """Also when it is cancelled meanwhile: it hears of that when it has begun."""
    child = run_of(metadata=CHILD, cancelRequested=True)

    assert meaning(child, THERE) == Awaits(PARENT)
    assert meaning(run_of(metadata=CHILD, status={"phase": "Failed"}), THERE) == Nothing()


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({**CHILD, "ownerReferences": []}, "it names a parent that does not own it"),
        ({"annotations": {ANNOTATION: "web-1"}}, "says which run started this one"),
    ],
    ids=["not owned", "unreadable"],
)
def test_a_run_that_only_claims_to_be_a_step_of_another_is_refused(
    metadata: dict[str, Any], message: str
) -> None:
    """Nobody would ever start it."""
    told = meaning(run_of(metadata=metadata), THERE)

    assert isinstance(told, Refuse)
    assert told.reason == "InvalidConfiguration"
    assert message in told.message


def test_a_run_says_which_parent_has_left_it() -> None:
    assert abandoned(PARENT) == Refuse(
        "SchedulingFailed",
        "step call of storyrun/team/web-1/9c1e was to start this run; that one is over, "
        "and has not",
    )


def test_an_object_that_cannot_be_read_is_refused_with_every_reason() -> None:
    def unreadable(namespace: str, name: str) -> Story:
        problem = Problem("spec.steps", "is required", object=f"Story/{namespace}/{name}")
        raise InvalidManifestError([problem])

    told = meaning(run_of(), THERE._replace(story=unreadable))

    assert told == Refuse("InvalidConfiguration", "Story/team/release: spec.steps: is required")


def test_executions_are_counted_on_where_nothing_else_is_left_of_them() -> None:
    """A redrive has wiped the status of a run that Temporal has forgotten."""
    wiped = run_of(status={"attempts": 2})

    assert started(meaning(wiped, THERE)).activation == 3
    assert started(meaning(run_of(), THERE)).resume_from is None
