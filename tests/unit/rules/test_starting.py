"""What is started from which manifests, with which inputs, and what keeps a run from it."""

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.starting import Overrides, start_of, unknown_inputs
from runwright.rules.manifests import Source, read_manifests

STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  inputsSchema: {properties: {tag: {type: string}}}
  steps:
  - {name: build, ref: {name: builder}}
  - {name: check, ref: {name: builder}, needs: [build]}
"""
OTHER_STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: other}
spec: {steps: [{name: pass, type: condition}]}
"""
ENGRAMS = """
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: builder}
spec: {templateRef: {name: shell}}
---
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: unused}
spec: {templateRef: {name: idle}}
"""
TEMPLATES = """
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: shell, annotations: {runwright.dev/local-command: ./build.sh}}
spec: {version: v1, supportedModes: [job]}
---
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: idle, annotations: {runwright.dev/local-command: "true"}}
spec: {version: v1, supportedModes: [job]}
"""
PARTS = (STORY, ENGRAMS, TEMPLATES)


def story_run(name: str, story: str = "release", inputs: str = "{}", where: str = "") -> str:
    placed = f", namespace: {where}" if where else ""
    return f"""
apiVersion: runs.bubustack.io/v1alpha1
kind: StoryRun
metadata: {{name: {name}{placed}}}
spec: {{storyRef: {{name: {story}}}, inputs: {inputs}}}
"""


def start(*documents: str, overrides: Overrides | None = None) -> StartStoryRun:
    bundle = read_manifests([Source("release.yaml", "---".join(documents))])
    return start_of(bundle, overrides or Overrides(suffix="x7k2p"))


def refusals(*documents: str, overrides: Overrides | None = None) -> list[str]:
    with pytest.raises(InvalidManifestError, match=r".") as refused:
        start(*documents, overrides=overrides)
    return [str(problem) for problem in refused.value.problems]


def test_a_run_takes_along_what_its_story_needs_and_no_more() -> None:
    started = start(*PARTS, OTHER_STORY, story_run("release-1", inputs="{tag: v1}"))

    assert (started.namespace, started.name) == ("default", "release-1")
    assert started.story.metadata.name == "release"
    assert [engram.metadata.name for engram in started.engrams] == ["builder"]
    assert [template.metadata.name for template in started.templates] == ["shell"]
    assert started.inputs == {"tag": "v1"}


def test_the_only_story_is_run_under_a_generated_name_where_there_is_no_story_run() -> None:
    assert start(*PARTS).name == "release-x7k2p"
    assert start(*PARTS, overrides=Overrides(name="mine")).name == "mine"


def test_a_name_chooses_among_several_story_runs() -> None:
    both = (*PARTS, story_run("one"), story_run("two"))

    assert start(*both, overrides=Overrides(name="two")).name == "two"
    assert refusals(*both) == ["there are several StoryRuns: name one of one or two"]
    assert refusals(*both, overrides=Overrides(name="tow")) == [
        'there are several StoryRuns: name one of one or two (did you mean "two"?)'
    ]


def test_a_name_renames_the_only_story_run() -> None:
    """So that one manifest starts as many runs as a person likes."""
    started = start(*PARTS, story_run("one"), overrides=Overrides(name="again", author="ada"))

    assert (started.name, started.author) == ("again", "ada")


def test_a_namespace_moves_what_names_none() -> None:
    started = start(*PARTS, story_run("one"), overrides=Overrides(namespace="team"))

    assert started.namespace == "team"
    assert started.story.metadata.namespace == "team"
    assert [engram.metadata.namespace for engram in started.engrams] == ["team"]


def test_a_namespace_moves_no_story_run_that_names_its_own() -> None:
    problems = refusals(
        *PARTS, story_run("one", where="ours"), overrides=Overrides(namespace="theirs")
    )

    assert problems == ['there is no StoryRun in the namespace "theirs"; there is ours/one']


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ((ENGRAMS,), "there is neither a StoryRun nor a Story"),
        ((STORY, OTHER_STORY), "there is no StoryRun to say which Story is to run: "),
    ],
    ids=["nothing to run", "several stories"],
)
def test_it_is_said_when_nothing_tells_what_to_run(documents: tuple[str, ...], said: str) -> None:
    (problem,) = refusals(*documents)

    assert problem.startswith(said)


def test_of_several_stories_the_one_is_meant_that_no_other_executes() -> None:
    outer = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: outer}
spec:
  steps:
  - {name: call, type: executeStory, with: {storyRef: {name: release}}}
"""

    found = start(*PARTS, outer, overrides=Overrides(name="one"))

    assert found.story.metadata.name == "outer"
    assert [story.metadata.name for story in found.stories] == ["release"]
    assert found.engrams


def test_later_inputs_win_and_objects_among_them_are_merged() -> None:
    run = story_run("one", "other", "{a: 1, deploy: {replicas: 1, region: eu}, list: [1]}")
    overrides = Overrides(
        inputs={"a": 2, "deploy": {"replicas": 2}, "list": [2]},
        assignments=["deploy.replicas=3", "deploy.canary.on=true"],
    )

    started = start(OTHER_STORY, run, overrides=overrides)

    assert started.inputs == {
        "a": 2,
        "deploy": {"replicas": 3, "region": "eu", "canary": {"on": True}},
        "list": [2],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-0.5", -0.5),
        ("true", True),
        ("null", None),
        ("", ""),
        ("v1", "v1"),
        ("2026-01-01", "2026-01-01"),
        ("12:30", "12:30"),
        ("a: b", "a: b"),
        ("a=b", "a=b"),
        ("*", "*"),
        ("[1, two]", [1, "two"]),
        ('{"a": 1}', {"a": 1}),
        ('"3"', "3"),
    ],
)
def test_an_assigned_value_is_read_as_a_manifest_reads_it(text: str, value: object) -> None:
    started = start(OTHER_STORY, overrides=Overrides(name="one", assignments=[f"key={text}"]))

    assert started.inputs == {"key": value}


def test_every_problem_is_told_at_once() -> None:
    """A person mends them all and starts once more, not once for each."""
    waiting = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  inputsSchema: {properties: {tag: {type: string}}}
  steps:
  - {name: build, ref: {name: bilder}}
  - {name: push, ref: {name: builder}, secrets: {key: push-key}}
"""
    overrides = Overrides(
        name="Not_A_Name", inputs={"tag": 3}, assignments=["novalue", "tag.sub=1", "list=[1"]
    )

    problems = refusals(waiting, ENGRAMS, TEMPLATES, story_run("one"), overrides=overrides)

    assert problems == [
        'name: "Not_A_Name" is no name for an object: '
        "lower-case letters, digits and hyphens make one",
        'inputs.novalue: "novalue" is not of the form key=value',
        "inputs.tag.sub: tag is 3, which holds no sub",
        "inputs.list: line 2, column 1: did not find expected ',' or ']', "
        "while parsing a flow sequence",
        "release.yaml: StoryRun/one: spec.inputs.tag: must be text, not 3",
        'release.yaml: Story/release: spec.steps[0].ref.name: there is no Engram "bilder" '
        'in the namespace "default" (did you mean "builder"?)',
        "release.yaml: Story/release: spec.steps[1].secrets: "
        "a step gets its secrets in a cluster only, and is not run without them",
    ]


def test_where_the_schema_asks_for_text_a_value_is_text_as_it_stands() -> None:
    assert start(*PARTS, overrides=Overrides(name="one", assignments=["tag=1.0"])).inputs == {
        "tag": "1.0"
    }


def test_an_input_that_the_schema_does_not_know_is_warned_of() -> None:
    given = start(*PARTS, overrides=Overrides(name="one", inputs={"tga": "v1"}))

    assert list(unknown_inputs(given.story, given.inputs)) == [
        'inputs.tga: the inputsSchema of story release has no such input (did you mean "tag"?)'
    ]


def test_an_input_is_not_warned_of_where_the_schema_takes_others_too() -> None:
    open_story = STORY.replace("inputsSchema: {", "inputsSchema: {additionalProperties: true, ")
    given = start(open_story, ENGRAMS, TEMPLATES, overrides=Overrides(name="one"))

    assert list(unknown_inputs(given.story, {"more": 1})) == []
