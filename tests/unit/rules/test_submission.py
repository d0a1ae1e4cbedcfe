"""What a cluster is given to start a run, out of manifests and of what it has."""

from typing import Any

import pytest
import yaml

from runwright.errors import InvalidManifestError
from runwright.models.objects import Manifest
from runwright.models.tasks import Backend
from runwright.rules.bubustack.intake import AUTHOR
from runwright.rules.bubustack.starting import Overrides, start_of
from runwright.rules.bubustack.submission import (
    Submission,
    beside,
    manifests_of,
    references,
    submission_of,
)
from runwright.rules.manifests import Bundle, Source, read_manifests
from tests.unit.rules.test_starting import OTHER_STORY, STORY, story_run

ENGRAM = """
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: builder}
spec: {templateRef: {name: shell}}
"""
TEMPLATE = """
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: shell}
spec: {version: v1, supportedModes: [job], image: "shell:1"}
"""
RUN = story_run("release-1", inputs="{tag: v1}")
OUTER = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: outer}
spec:
  steps:
  - {name: call, type: executeStory, with: {storyRef: {name: release}}}
"""
OUTER_RUN = story_run("outer-1", story="outer")
PARTS = (STORY, ENGRAM, TEMPLATE)
NOTHING = Bundle()


def read(*documents: str, home: str = "team") -> Bundle:
    source = Source("release.yaml", "---".join(documents), "/somewhere")
    return read_manifests([source], home=home, backend=Backend.KUBERNETES)


def submitted(*documents: str, there: Bundle = NOTHING, **said: Any) -> Submission:
    return submission_of(read(*documents), there, Overrides(**said))


def refusals(*documents: str, there: Bundle = NOTHING, **said: Any) -> list[str]:
    with pytest.raises(InvalidManifestError, match=r".") as refused:
        submitted(*documents, there=there, **said)
    return [str(problem) for problem in refused.value.problems]


def warnings(submission: Submission) -> list[str]:
    return [str(warning) for warning in submission.warnings]


def named(manifests: tuple[Manifest, ...]) -> list[str]:
    return [f"{one['kind']}/{one['metadata']['name']}" for one in manifests]


def test_an_empty_cluster_is_given_the_run_and_all_that_it_leads_to() -> None:
    given = submitted(*PARTS, OTHER_STORY, RUN)

    assert named(given.parts) == ["Story/release", "Engram/builder", "EngramTemplate/shell"]
    assert given.story_run == {
        "apiVersion": "runs.bubustack.io/v1alpha1",
        "kind": "StoryRun",
        "metadata": {"name": "release-1", "namespace": "team"},
        "spec": {"storyRef": {"name": "release"}, "inputs": {"tag": "v1"}},
    }
    assert given.warnings == ()


def test_a_part_is_created_as_it_was_written() -> None:
    """Neither the folder that it came from nor a default that nobody wrote goes with it."""
    story, _, template = submitted(*PARTS, RUN).parts

    assert template["metadata"] == {"name": "shell"}
    assert story["metadata"] == {"name": "release", "namespace": "team"}
    assert story["spec"] == yaml.safe_load(STORY)["spec"]


def test_what_the_cluster_has_as_it_is_written_is_left_alone() -> None:
    given = submitted(*PARTS, RUN, there=read(STORY, TEMPLATE))

    assert named(given.parts) == ["Engram/builder"]


def test_what_the_cluster_has_otherwise_is_told_with_the_fields_and_what_changes_it() -> None:
    """Runs of others use it: a start does not change it under them."""
    there = read(STORY.replace("needs: [build]", "needs: []"), TEMPLATE.replace("shell:1", "sh"))

    assert refusals(*PARTS, RUN, there=there) == [
        "release.yaml: Story/release: the cluster has another Story of this name, which differs "
        "in spec.steps[1].needs; `kubectl apply -f release.yaml` changes it there",
        "release.yaml: EngramTemplate/shell: the cluster has another EngramTemplate of this name, "
        "which differs in spec.image; `kubectl apply -f release.yaml` changes it there",
    ]


def test_a_default_that_the_api_server_filled_in_is_no_difference() -> None:
    there = read(STORY.replace("spec:", "spec:\n  pattern: batch", 1))

    assert named(submitted(STORY, ENGRAM, RUN, there=there).parts) == ["Engram/builder"]


def test_what_the_manifests_lack_is_taken_from_the_cluster() -> None:
    given = submitted(RUN, there=read(*PARTS), assignments=("tag=3",))

    assert given.parts == ()
    assert given.story_run["spec"]["inputs"] == {"tag": "3"}
    assert given.warnings == ()


def test_what_neither_has_is_waited_for() -> None:
    """A Story by the run, which does not start; an Engram by the steps that need it."""
    assert warnings(submitted(RUN)) == [
        'release.yaml: StoryRun/release-1: spec.storyRef.name: there is no Story "release" in the '
        'namespace "team", nor in the cluster: the run waits for it'
    ]
    assert warnings(submitted(STORY, RUN))[0] == (
        'release.yaml: Story/release: spec.steps[0].ref.name: there is no Engram "builder" in the '
        'namespace "team", nor in the cluster: steps that need it wait for it'
    )
    assert warnings(submitted(STORY, ENGRAM, RUN)) == [
        "release.yaml: Engram/builder: spec.templateRef.name: there is no EngramTemplate "
        '"shell", nor in the cluster: steps that need it wait for it'
    ]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    modes = TEMPLATE.replace("supportedModes: [job]", "supportedModes: [deployment]")
    run = story_run("release-1", inputs="{tag: 5}")

    problems = refusals(STORY, ENGRAM, modes, run, assignments=("oops",), name="No_Name")

    said = (
        'name: "No_Name" is no name for an object',
        'inputs.oops: "oops" is not of the form key=value',
        "spec.inputs.tag: must be text, not 5",
        'spec.steps[0].ref: template "shell" does not run as a Job',
        'spec.steps[1].ref: template "shell" does not run as a Job',
    )
    assert len(problems) == len(said)
    assert all(words in problem for words, problem in zip(said, problems, strict=True)), problems


def test_what_the_cluster_has_is_checked_like_what_is_written() -> None:
    wrong = read(STORY, ENGRAM, TEMPLATE.replace("[job]", "[deployment]"))

    assert "does not run as a Job but as deployment" in refusals(RUN, there=wrong)[0]


def test_what_the_cluster_would_refuse_later_is_refused_now() -> None:
    run = RUN.replace("{name: release}", "{name: release, namespace: other}")
    there = read(*PARTS, home="other")

    (problem,) = refusals(run, there=there)

    assert problem == (
        'release.yaml: StoryRun/release-1: storyRef names the namespace "other", and references '
        "across namespaces are not allowed"
    )


def test_without_a_name_the_cluster_makes_one_up() -> None:
    metadata = submitted(*PARTS, suffix="x7k2p").story_run["metadata"]

    assert metadata == {"generateName": "release-", "namespace": "team"}
    assert submitted(*PARTS, name="mine").story_run["metadata"]["name"] == "mine"


def test_a_run_says_who_started_it() -> None:
    metadata = submitted(*PARTS, RUN, author="ada").story_run["metadata"]

    assert metadata["annotations"] == {AUTHOR: "ada"}


def test_what_another_run_left_on_a_manifest_is_not_created_with_it() -> None:
    """It may have been read from a cluster: with its marker it would never be started."""
    left = "annotations: {runwright.dev/run-id: r, runwright.dev/retention: '{}', note: kept}"
    run = RUN.replace("{name: release-1}", f"{{name: release-1, uid: u, generation: 3, {left}}}")

    metadata = submitted(*PARTS, run).story_run["metadata"]

    assert metadata == {"name": "release-1", "namespace": "team", "annotations": {"note": "kept"}}


def test_an_input_that_the_story_does_not_know_is_told() -> None:
    given = submitted(*PARTS, RUN, assignments=("tga=v2",))

    assert warnings(given) == [
        'inputs.tga: the inputsSchema of story release has no such input (did you mean "tag"?)'
    ]


def test_references_are_followed_as_far_as_they_are_known() -> None:
    nothing, story = read(RUN), read(RUN, STORY)
    whole = beside(story, read(ENGRAM))
    overrides = Overrides()

    assert list(references(nothing, overrides)) == [("Story", "team", "release")]
    assert list(references(story, overrides))[1:] == [("Engram", "team", "builder")]
    assert list(references(whole, overrides))[2:] == [("EngramTemplate", "", "shell")]


def test_a_local_start_is_submitted_as_the_manifests_it_came_from() -> None:
    local = TEMPLATE.replace("{name: shell}", "{name: shell, annotations: {LOCAL: 'true'}}")
    local = local.replace("LOCAL", "runwright.dev/local-command")
    start = start_of(read(STORY, ENGRAM, local, RUN), Overrides())

    given = submission_of(manifests_of(start), NOTHING, Overrides())

    assert named(given.parts) == ["Story/release", "Engram/builder", "EngramTemplate/shell"]
    assert given.story_run["spec"] == {"storyRef": {"name": "release"}, "inputs": {"tag": "v1"}}


def test_the_stories_that_a_run_executes_are_created_with_all_that_they_need() -> None:
    told = submitted(OUTER, *PARTS, OUTER_RUN)

    assert named(told.parts) == [
        "Story/outer",
        "Story/release",
        "Engram/builder",
        "EngramTemplate/shell",
    ]


def test_a_story_that_a_step_executes_may_be_in_the_cluster_already() -> None:
    told = submitted(OUTER, OUTER_RUN, there=read(*PARTS))

    assert named(told.parts) == ["Story/outer"]
    assert warnings(told) == []


def test_a_story_that_a_step_executes_and_nobody_has_is_waited_for() -> None:
    (warning,) = warnings(submitted(OUTER, OUTER_RUN))

    assert 'there is no Story "release"' in warning
    assert "the run waits for it" in warning


def test_a_story_of_another_namespace_is_refused_as_the_cluster_would() -> None:
    elsewhere = OUTER.replace("{name: release}", "{name: release, namespace: other}")

    (refusal,) = refusals(elsewhere, OUTER_RUN)

    assert "references across namespaces are not allowed" in refusal


def test_what_a_child_says_of_its_parent_is_no_part_of_another_run() -> None:
    """Its manifest may have been read from a cluster."""
    child = OUTER_RUN.replace(
        "name: outer-1", "name: outer-1, annotations: {runwright.dev/parent: x}"
    )

    told = submitted(OUTER, *PARTS, child)

    assert "annotations" not in told.story_run["metadata"]
