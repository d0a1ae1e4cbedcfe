"""What runs, Engrams and their templates are refused for."""

from typing import Any

import pytest

from runwright.models.bubustack import (
    Engram,
    EngramTemplate,
    StepRun,
    Story,
    StoryRun,
    StoryRunSpec,
)
from runwright.rules.bubustack.admission import (
    engram_problems,
    engram_template_problems,
    is_spec_change_allowed,
    step_run_problems,
    story_run_problems,
)


def spec(**fields: Any) -> StoryRunSpec:
    return StoryRunSpec.model_validate({"storyRef": {"name": "s"}, **fields})


def story_run(**fields: Any) -> StoryRun:
    return StoryRun.model_validate({"metadata": {"name": "r"}, "spec": spec(**fields)})


def step_run(status: dict[str, Any] | None = None, **fields: Any) -> StepRun:
    body = {"storyRunRef": {"name": "r"}, "stepId": "a", **fields}
    return StepRun.model_validate({"metadata": {"name": "r-a"}, "spec": body, "status": status})


STORY = Story.model_validate(
    {
        "metadata": {"name": "s"},
        "spec": {
            "version": "v2",
            "steps": [{"name": "a", "type": "condition"}],
            "inputsSchema": {
                "properties": {"n": {"type": "integer"}, "m": {"default": 1}},
                "required": ["n", "m"],
            },
        },
    }
)


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        pytest.param({}, {}, True, id="nothing"),
        pytest.param({}, {"cancelRequested": True}, True, id="cancel"),
        pytest.param({"cancelRequested": False}, {"cancelRequested": True}, True, id="cancel now"),
        pytest.param(
            {"cancelRequested": True}, {"cancelRequested": True}, True, id="still cancelled"
        ),
        pytest.param(
            {"cancelRequested": True}, {"cancelRequested": False}, False, id="take it back"
        ),
        pytest.param({"cancelRequested": True}, {}, False, id="remove it"),
        pytest.param({}, {"inputs": {"a": 1}}, False, id="inputs"),
        pytest.param(
            {}, {"cancelRequested": True, "inputs": {"a": 1}}, False, id="cancel and inputs"
        ),
    ],
)
def test_a_run_changes_only_to_be_cancelled(
    old: dict[str, Any], new: dict[str, Any], *, allowed: bool
) -> None:
    assert is_spec_change_allowed(spec(**old), spec(**new)) is allowed


def test_inputs_are_judged_with_their_defaults() -> None:
    assert story_run_problems(story_run(inputs={"n": 1}), STORY) == []

    (problem,) = story_run_problems(story_run(), STORY)

    assert str(problem) == "spec.inputs.n: is required"


def test_a_run_of_another_version_is_refused() -> None:
    run = story_run(storyRef={"name": "s", "version": "v1"}, inputs={"n": 1})

    (problem,) = story_run_problems(run, STORY)

    assert str(problem) == 'spec.storyRef.version: asks for "v1", but the Story\'s version is "v2"'


def test_inputs_that_are_too_large_are_refused() -> None:
    (problem,) = story_run_problems(story_run(inputs={"n": "x" * 65_536}))

    assert str(problem).startswith("spec.inputs: must be at most 65536 bytes")


@pytest.mark.parametrize(
    ("run", "path"),
    [
        pytest.param(step_run(input={"x": "y" * 4096}), "spec.input", id="input"),
        pytest.param(
            step_run(downstreamTargets=[{}]), "spec.downstreamTargets[0]", id="target of no kind"
        ),
        pytest.param(
            step_run(
                downstreamTargets=[
                    {"grpc": {"endpoint": "a:1"}, "terminate": {"stopMode": "success"}}
                ]
            ),
            "spec.downstreamTargets[0]",
            id="target of two kinds",
        ),
        pytest.param(
            step_run(status={"retries": 0, "needs": ["x", "r-a"]}), "status.needs[1]", id="itself"
        ),
    ],
)
def test_a_step_run_is_refused(run: StepRun, path: str) -> None:
    assert [problem.path for problem in step_run_problems(run)] == [path]


def test_a_step_run_is_accepted() -> None:
    run = step_run(
        status={"retries": 0, "needs": ["x"]},
        downstreamTargets=[{"grpc": {"endpoint": "a:1"}}, {"terminate": {"stopMode": "cancel"}}],
    )

    assert step_run_problems(run) == []


def test_an_engram_is_judged_by_its_template() -> None:
    template = EngramTemplate.model_validate(
        {
            "metadata": {"name": "t"},
            "spec": {
                "version": "1",
                "supportedModes": ["job"],
                "configSchema": {
                    "properties": {"n": {"type": "integer"}, "t": {"type": "integer"}}
                },
            },
        }
    )
    engram = Engram.model_validate(
        {
            "metadata": {"name": "e"},
            "spec": {"templateRef": {"name": "t"}, "with": {"n": "x", "t": "{{ inputs.t }}"}},
        }
    )

    (problem,) = engram_problems(engram, template)

    assert str(problem) == 'spec.with.n: must be a whole number, not "x"'
    assert engram_problems(engram) == []


def test_every_schema_of_a_template_is_judged() -> None:
    template = EngramTemplate.model_validate(
        {
            "metadata": {"name": "t"},
            "spec": {
                "version": "1",
                "supportedModes": ["job"],
                "configSchema": {"type": "x"},
                "inputSchema": {"$ref": "#/no"},
                "outputSchema": {"pattern": "("},
            },
        }
    )

    assert [problem.path for problem in engram_template_problems(template)] == [
        "spec.configSchema.type",
        "spec.inputSchema.$ref",
        "spec.outputSchema.pattern",
    ]


def test_no_duration_of_an_engram_or_of_its_template_is_below_zero() -> None:
    """One that counts for nothing would be a silent default."""
    said = {"timeout": "-1s", "retry": {"delay": "-1s", "maxDelay": "1s"}}
    engram = Engram.model_validate(
        {
            "metadata": {"name": "e"},
            "spec": {"templateRef": {"name": "t"}, "overrides": said, "executionPolicy": said},
        }
    )
    advice = {"recommendedBaseDelay": "-1s", "recommendedMaxDelay": "-1s"}
    template = EngramTemplate.model_validate(
        {
            "metadata": {"name": "t"},
            "spec": {
                "version": "1",
                "supportedModes": ["job"],
                "execution": {"timeout": "-1s", "retry": advice},
            },
        }
    )

    assert [problem.path for problem in engram_problems(engram)] == [
        "spec.overrides.timeout",
        "spec.overrides.retry.delay",
        "spec.executionPolicy.timeout",
        "spec.executionPolicy.retry.delay",
    ]
    assert [problem.path for problem in engram_template_problems(template)] == [
        "spec.execution.timeout",
        "spec.execution.retry.recommendedBaseDelay",
        "spec.execution.retry.recommendedMaxDelay",
    ]
