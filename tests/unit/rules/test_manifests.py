"""Manifests: every problem at once, each with its place, and what comes of the rest."""

import json

import pytest
import yaml

from runwright.errors import InvalidManifestError, Problem
from runwright.models.tasks import Backend
from runwright.rules.manifests import Bundle, Source, missing_references, read_manifests
from runwright.rules.manifests.resolution import resolved

_LOCAL = Backend.LOCAL
_CLUSTER = Backend.KUBERNETES

STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  inputsSchema: {properties: {tag: {type: string}}, required: [tag]}
  steps:
  - {name: build, ref: {name: builder}, with: {tag: "{{ inputs.tag }}"}}
"""
ENGRAM = """
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: builder}
spec: {templateRef: {name: shell}, with: {level: 1}}
"""
TEMPLATE = """
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: shell, annotations: {runwright.dev/local-command: ./build.sh}}
spec:
  version: v1
  supportedModes: [job]
  inputSchema: {properties: {tag: {type: string}, level: {type: integer}}, required: [tag]}
"""
STORY_RUN = """
apiVersion: runs.bubustack.io/v1alpha1
kind: StoryRun
metadata: {name: release-1}
spec: {storyRef: {name: release}, inputs: {tag: v1}}
"""
ALL = "---".join((STORY, ENGRAM, TEMPLATE, STORY_RUN))
_ALL_WRONG = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release, labels: [x]}
spec:
  pattern: batched
  steps:
  - {name: first, type: condition, needs: third}
  - {name: Second, type: condition}
  - {name: third, needs: [Second, frist], ref: {nmae: x}, requires: [steps.Second.output]}
  - {needs: [first], type: slep, with: []}
  - just text
  - {name: sixth, type: sleep, with: {duration: soon}, execution: {retry: {maxRetries: 11}}}
  compensations:
  - {name: undo, needs: [clean], type: condition}
  finally:
  - {name: clean, type: condition}
  policy: {timeouts: {story: 5}, concurrency: many}
"""


def read(text: str, folder: str | None = None) -> Bundle:
    return read_manifests([Source("release.yaml", text, folder)])


def refusal(text: str) -> InvalidManifestError:
    with pytest.raises(InvalidManifestError, match="release") as refused:
        read(text)
    return refused.value


def missing(text: str) -> list[str]:
    bundle = read(text)
    return [
        str(each) for each in missing_references(bundle, bundle.story_runs["default", "release-1"])
    ]


def test_objects_are_found_by_namespace_and_name() -> None:
    bundle = read(ALL)

    assert list(bundle.stories) == [("default", "release")]
    assert list(bundle.engrams) == [("default", "builder")]
    assert list(bundle.engram_templates) == ["shell"]
    assert list(bundle.story_runs) == [("default", "release-1")]
    assert bundle.stories["default", "release"].metadata.namespace == "default"
    assert bundle.warnings == ()
    assert bundle.files["Story", "default", "release"] == "release.yaml"


def test_what_names_no_namespace_is_at_home_and_what_names_one_stays_there() -> None:
    placed = ENGRAM.replace("{name: builder}", "{name: builder, namespace: default}")

    bundle = read_manifests([Source("a.yaml", "---".join((STORY, placed)))], home="team")

    assert list(bundle.stories) == [("team", "release")]
    assert list(bundle.engrams) == [("default", "builder")]


def test_what_a_cluster_can_do_is_no_warning_there() -> None:
    text = STORY.replace("ref: {name: builder}", "ref: {name: builder}, secrets: {key: ours}")
    source = Source("release.yaml", text)

    here, there = (read_manifests([source], backend=one) for one in (_LOCAL, _CLUSTER))

    assert [warning.path for warning in here.warnings] == ["spec.steps[0].secrets"]
    assert there.warnings == ()


def test_what_is_not_there_is_told_apart_from_what_is_wrong() -> None:
    """In a cluster a run may wait for the one, and not for the other."""
    bundle = read(STORY + "---" + STORY_RUN.replace("tag: v1", "tag: 1"))

    found = resolved(bundle, bundle.story_runs["default", "release-1"], _CLUSTER)

    assert [problem.path for problem in found.problems] == ["spec.inputs.tag"]
    assert [problem.path for problem in found.absent] == ["spec.steps[0].ref.name"]


def test_a_cluster_needs_no_local_command() -> None:
    image = TEMPLATE.replace(", annotations: {runwright.dev/local-command: ./build.sh}", "")
    bundle = read("---".join((STORY, ENGRAM, image, STORY_RUN)))
    run = bundle.story_runs["default", "release-1"]

    assert resolved(bundle, run, _CLUSTER) == ([], [])
    assert len(resolved(bundle, run, _LOCAL).problems) == 1


def test_json_and_lists_are_read_like_yaml() -> None:
    """So that `kubectl get -o json` is a manifest."""
    objects = list(yaml.safe_load_all(ALL))
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})

    assert read(listed) == read(ALL)


def test_a_template_remembers_the_folder_of_its_manifest() -> None:
    """A local command may call a script that lies beside the manifest."""
    annotations = read(TEMPLATE, "/work/x").engram_templates["shell"].metadata.annotations

    assert annotations["runwright.dev/manifest-folder"] == "/work/x"
    assert annotations["runwright.dev/local-command"] == "./build.sh"


def test_a_problem_says_file_object_field_and_what() -> None:
    text = STORY.replace("ref: {name: builder}", "ref: {name: builder}, needs: [biuld]") + (
        "  - {name: test, type: condition, needs: [biuld]}\n"
    )

    problems = refusal(text).problems

    assert problems[1] == Problem(
        path="spec.steps[1].needs[0]",
        message='no step is called "biuld" (did you mean "build"?)',
        file="release.yaml",
        object="Story/release",
    )
    assert str(problems[1]) == (
        "release.yaml: Story/release: spec.steps[1].needs[0]:"
        ' no step is called "biuld" (did you mean "build"?)'
    )


def test_what_is_wrong_in_one_place_hides_nothing_elsewhere_and_is_said_once() -> None:
    """Types are judged by the model and the rest by rules, which need a model: see `salvage`."""
    found = [str(problem).split(": ", 2)[2] for problem in refusal(_ALL_WRONG).problems]

    assert found == [
        'metadata.labels: must be an object, not ["x"]',
        'spec.pattern: must be "batch" or "realtime", not "batched" (did you mean "batch"?)',
        'spec.steps[0].needs: must be a list, not "third"',
        "spec.steps[1].name: must consist of lower case letters, digits and hyphens,"
        ' with a letter or digit at both ends, not "Second"',
        "spec.steps[2].ref.name: is required",
        "spec.steps[3].name: is required",
        'spec.steps[3].type: must be "condition", "parallel", "sleep", "stop", "wait",'
        ' "executeStory" or "gate", not "slep" (did you mean "sleep"?)',
        "spec.steps[3].with: must be an object, not []",
        'spec.steps[4]: must be an object, not "just text"',
        "spec.steps[5].execution.retry.maxRetries: must be at most 10, not 11",
        'spec.policy.timeouts.story: 5 is not a duration such as "30s", "5m" or "1h30m"',
        'spec.policy.concurrency: must be a whole number, not "many"',
        'spec.steps[2].needs[1]: no step is called "frist" (did you mean "first"?)',
        'spec.compensations[0].needs[0]: "clean" is one of finally,'
        " for which one of compensations cannot wait",
        'spec.steps[5].with.duration: "soon" is not a duration such as "30s", "5m" or "1h30m"',
    ]


def test_problems_of_every_document_and_every_file_come_together() -> None:
    sources = [
        Source("a.yaml", STORY.replace("kind: Story", "kind: Stroy") + "---\n- 1\n"),
        Source("b.yaml", ENGRAM.replace("templateRef", "template") + "---\nmetadata: {}\n"),
        Source("c.yaml", STORY_RUN.replace("runs.", "run.") + "---\na: [1\n"),
    ]

    with pytest.raises(InvalidManifestError, match="Stroy") as refused:
        read_manifests(sources)

    assert [(each.file, each.object, each.path) for each in refused.value.problems] == [
        ("a.yaml", "Stroy/release", "kind"),
        ("a.yaml", "document 2", ""),
        ("b.yaml", "Engram/builder", "spec.templateRef"),
        ("b.yaml", "document 2", "kind"),
        ("c.yaml", "StoryRun/release-1", "apiVersion"),
        ("c.yaml", "document 2", ""),
    ]
    assert [str(warning) for warning in refused.value.warnings] == [
        "b.yaml: Engram/builder: spec.template: there is no such field"
        ' (did you mean "templateRef"?)'
    ]


def test_an_unknown_kind_is_told_what_is_understood() -> None:
    (problem,) = refusal(STORY.replace("kind: Story", "kind: Stories")).problems

    assert problem.message.startswith('"Stories" is not understood (did you mean "Story"?);')
    assert "StoryRun (runs.bubustack.io/v1alpha1)" in problem.message


def test_an_object_twice_is_an_error_and_another_namespace_is_not() -> None:
    elsewhere = STORY.replace("{name: release}", "{name: release, namespace: other}")
    with pytest.raises(InvalidManifestError, match=r"already a Story of this name, in a\.yaml"):
        read_manifests([Source("a.yaml", STORY), Source("b.yaml", STORY)])

    assert len(read(f"{STORY}---{elsewhere}").stories) == 2


def test_an_object_without_a_name_is_refused() -> None:
    (problem,) = refusal(STORY.replace("{name: release}", "{generateName: release-}")).problems

    assert str(problem) == "release.yaml: Story: metadata.name: is required"


def test_null_is_as_good_as_absent() -> None:
    """As for the API server: a key with nothing behind it is a common leftover."""
    story = STORY + "  - name: b\n    type: condition\n    needs:\n    with:\n  compensations:\n"

    assert read(story).stories["default", "release"].spec.steps[1].needs == ()
    assert "spec: is required" in str(refusal(STORY.replace("spec:", "spec:\nx:")))


def test_null_is_absent_in_a_branch_too() -> None:
    branch = "{name: b, type: condition, needs: null, with: null}"
    block = f"  - {{name: p, type: parallel, with: {{steps: [{branch}]}}}}\n"

    assert not read(STORY + block).warnings


def test_a_misspelt_field_is_a_warning() -> None:
    text = STORY.replace("metadata: {name", "metadata: {lables: {}, managedFields: [], name")
    text = text.replace("ref: {name: builder}", "ref: {name: builder, nmspace: x}, wiht: {}")

    warnings = [
        str(warning) for warning in read(f"{text}  policy: {{with: {{any: 1}}}}\n").warnings
    ]

    assert warnings == [
        f"release.yaml: Story/release: {place}: there is no such field (did you mean {meant}?)"
        for place, meant in (
            ("metadata.lables", '"labels"'),
            ("spec.steps[0].ref.nmspace", '"namespace"'),
            ("spec.steps[0].wiht", '"with"'),
        )
    ]


def test_a_misspelt_field_of_a_branch_is_a_warning_too() -> None:
    """It stands in a free object, and is a step all the same."""
    branch = "{name: b, type: condition, alowFailure: true, with: {free: 1}}"
    block = f"  - {{name: p, type: parallel, with: {{steps: [{branch}]}}}}\n"

    (warning,) = (str(one) for one in read(STORY + block).warnings if "argument" not in str(one))

    assert warning == (
        "release.yaml: Story/release: spec.steps[1].with.steps[0].alowFailure: "
        'there is no such field (did you mean "allowFailure"?)'
    )


def test_a_python_name_is_no_field() -> None:
    """Our models know `story_ref`; the API server does not."""
    refused = refusal(STORY_RUN.replace("storyRef", "story_ref"))

    assert [problem.path for problem in refused.problems] == ["spec.storyRef"]
    assert [warning.path for warning in refused.warnings] == ["spec.story_ref"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(("", ""), [], id="nothing"),
        pytest.param(
            ("{storyRef: {name: release}", "{storyRef: {name: relaese}"),
            [
                'release.yaml: StoryRun/release-1: spec.storyRef.name: there is no Story "relaese"'
                ' in the namespace "default" (did you mean "release"?)'
            ],
            id="story",
        ),
        pytest.param(
            ("{name: builder}, with", "{name: builder, namespace: x}, with"),
            [
                "release.yaml: Story/release: spec.steps[0].ref.name: there is no Engram"
                ' "builder" in the namespace "x"'
            ],
            id="engram",
        ),
        pytest.param(
            ("templateRef: {name: shell}", "templateRef: {name: shall}"),
            [
                "release.yaml: Engram/builder: spec.templateRef.name: there is no EngramTemplate"
                ' "shall" (did you mean "shell"?)'
            ],
            id="template",
        ),
        pytest.param(
            ("inputs: {tag: v1}", "inputs: {tag: 1}"),
            ["release.yaml: StoryRun/release-1: spec.inputs.tag: must be text, not 1"],
            id="inputs",
        ),
        pytest.param(
            ('with: {tag: "{{ inputs.tag }}"}', "with: {tag: 1}"),
            ["release.yaml: Story/release: spec.steps[0].with.tag: must be text, not 1"],
            id="input of a step",
        ),
        pytest.param(
            ("{level: 1}", "{level: high}"),
            [
                "release.yaml: Story/release: spec.steps[0].with.level:"
                ' must be a whole number, not "high"'
            ],
            id="configuration of an engram",
        ),
    ],
)
def test_what_a_run_lacks_is_listed(change: tuple[str, str], expected: list[str]) -> None:
    text = ALL.replace(*change) if change[0] else ALL

    assert missing(text) == expected


def test_a_template_without_a_local_command_is_told_what_to_add() -> None:
    (found,) = missing(ALL.replace("local-command: ./build.sh", "other: x"))

    assert found.startswith(
        'release.yaml: EngramTemplate/shell: metadata.annotations["runwright.dev/local-command"]:'
        " is required to run without a cluster"
    )


def test_stories_that_execute_each_other_are_looked_at_once() -> None:
    sub = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: NAME}
spec: {steps: [{name: go, type: executeStory, with: {storyRef: {name: TARGET}}}]}
"""
    first = sub.replace("NAME", "release").replace("TARGET", "second")
    second = sub.replace("NAME", "second").replace("TARGET", "release")
    third = second.replace("name: release", "name: lost")

    assert missing(f"{first}---{second}---{STORY_RUN}") == []
    assert missing(f"{first}---{third}---{STORY_RUN}") == [
        "release.yaml: Story/second: spec.steps[0].with.storyRef.name:"
        ' there is no Story "lost" in the namespace "default"'
    ]
