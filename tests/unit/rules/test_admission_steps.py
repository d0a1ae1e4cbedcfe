"""What a step of a Story is refused for."""

from typing import Any

import pytest

from tests.unit.rules.stories import ENGRAM, condition, engram, primitive, refusals


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(
            {"name": "own"}, 'spec.steps[1]: has neither "ref" nor "type"', id="neither kind"
        ),
        pytest.param(
            {"name": "own", "type": "condition", **ENGRAM},
            'spec.steps[1]: has both "ref" and "type"',
            id="both kinds",
        ),
        pytest.param(
            condition("build"),
            'spec.steps[1].name: "build" is already the name of spec.steps[0]',
            id="name twice",
        ),
        pytest.param(
            primitive("sleep", duration="soon"),
            'spec.steps[1].with.duration: "soon" is not a',
            id="no duration",
        ),
        pytest.param(
            primitive("sleep", duration="0s"),
            "spec.steps[1].with.duration: must be longer than 0",
            id="no time",
        ),
        pytest.param(
            primitive("wait"), "spec.steps[1].with.until: is required", id="nothing to wait"
        ),
        pytest.param(
            primitive("wait", until=5),
            "spec.steps[1].with.until: must be a template, not 5",
            id="until a number",
        ),
        pytest.param(
            primitive("wait", until="x", pollInterval="9ms"),
            "spec.steps[1].with.pollInterval: must be at least 10ms",
            id="polls too often",
        ),
        pytest.param(
            primitive("gate", timeout=30),
            "spec.steps[1].with.timeout: must be a duration",
            id="timeout without a unit",
        ),
        pytest.param(
            primitive("gate", onTimeout="ignore"),
            'spec.steps[1].with.onTimeout: must be "fail" or "skip", not "ignore"',
            id="other consequence",
        ),
        pytest.param(
            primitive("gate", approval={"users": ["a"], "requierd": 1}),
            'spec.steps[1].with.approval.requierd: there is no such field (did you mean "req',
            id="unknown approval field",
        ),
        pytest.param(
            primitive("gate", approval={"users": ["a", "a"], "required": 2}),
            "spec.steps[1].with.approval.required: asks for 2 approvals, but no more than 1",
            id="more approvals than people",
        ),
        pytest.param(
            primitive("gate", approval={"required": 0}),
            "spec.steps[1].with.approval.required: must be at least 1, not 0",
            id="no approval",
        ),
        pytest.param(
            primitive("gate", approval={"author": "maybe"}),
            'spec.steps[1].with.approval.author: must be "may" or "may-not"',
            id="author",
        ),
        pytest.param(
            primitive("gate", approvals={"users": ["ada"]}),
            "spec.steps[1].with.approvals: a gate step has no argument of this name"
            ' (did you mean "approval"?)',
            id="a policy that is none",
        ),
        pytest.param(
            primitive("gate", approval="alice"),
            "spec.steps[1].with.approval: must be an object",
            id="approval by name",
        ),
        pytest.param(
            primitive("stop", phase="Running"),
            "spec.steps[1].with.phase: must be Succeeded, Failed",
            id="stop in the middle",
        ),
        pytest.param(
            primitive("executeStory"),
            "spec.steps[1].with.storyRef.name: is required",
            id="no story",
        ),
        pytest.param(
            primitive("executeStory", storyRef={"name": "release"}),
            "spec.steps[1].with.storyRef.name: a Story cannot execute itself",
            id="its own story",
        ),
        pytest.param(
            primitive("executeStory", storyRef={"name": "x"}, waitForCompletion="no"),
            "spec.steps[1].with.waitForCompletion: must be true or false",
            id="waits maybe",
        ),
        pytest.param(
            primitive("executeStory", storyRef={"name": "x"}, **{"with": []}),
            "spec.steps[1].with.with: must be an object",
            id="inputs as a list",
        ),
        pytest.param(
            primitive("parallel", steps=[]),
            "spec.steps[1].with.steps: must be a list",
            id="no branch",
        ),
        pytest.param(
            primitive("parallel", steps=[{"name": "x"}]),
            'spec.steps[1].with.steps[0]: has neither "ref" nor "type", must have one of them',
            id="branch without engram",
        ),
        pytest.param(
            engram("own", requires=["output.x"]),
            "spec.steps[1].requires[0]: must be a path such as steps.build.output.url",
            id="requires no path",
        ),
        pytest.param(
            engram("own", requires=["steps.biuld.output"], needs=["build"]),
            'spec.steps[1].requires[0]: no step is called "biuld" (did you mean "build"?)',
            id="requires an unknown step",
        ),
        pytest.param(
            engram("own", requires=["steps.build.output"]),
            'spec.steps[1].requires[0]: "build" is not among the steps that this one needs',
            id="requires a step it does not need",
        ),
        pytest.param(
            engram("own", transport="hot"),
            'spec.steps[1].transport: no transport is called "hot"',
            id="undeclared transport",
        ),
        pytest.param(
            engram("own", **{"with": {"a": ["{{ steps.biuld.output.x }}"]}}),
            'spec.steps[1].with.a[0]: no step is called "biuld" (did you mean "build"?)',
            id="waits for an unknown step",
        ),
        pytest.param(
            engram("own", **{"if": "{{ steps.own.output.x }}"}),
            "spec.steps[1].if: a step cannot wait for itself",
            id="waits for itself",
        ),
        pytest.param(
            engram("own", **{"with": {"url": "{{ steps.build.url }}"}}),
            'spec.steps[1].with.url: "{{ steps.build.url }}": a step has no "url";'
            " what it put out is steps.build.output.url",
            id="forgets the output",
        ),
        pytest.param(
            engram("own", **{"with": {"x": "{{ packet.x }}"}}),
            'spec.steps[1].with.x: "{{ packet.x }}": "packet" is not known here',
            id="packet in a batch story",
        ),
        pytest.param(
            engram("own", **{"with": {"x": ["{{ inputs.x | uper }}"]}}),
            'spec.steps[1].with.x[0]: there is no function "uper" (did you mean "upper"?)'
            " (column 15)",
            id="misspelt function",
        ),
        pytest.param(
            engram("own", **{"if": "{{ if inputs.x }}true"}),
            'spec.steps[1].if: a block has no "{{ end }}" (column 22)',
            id="open block",
        ),
        pytest.param(
            engram("own", **{"if": "{{ with inputs }}{{ eq (index $.trigger 0) 1 }}{{ end }}"}),
            'spec.steps[1].if: "{{ trigger[0] }}": "trigger" is not known here',
            id="unknown root within a block",
        ),
        pytest.param(
            engram("own", execution={"timeout": "-5s"}),
            'spec.steps[1].execution.timeout: must not be less than 0, is "-5s"',
            id="negative timeout",
        ),
        pytest.param(
            engram("own", execution={"retry": {"maxDelay": "-1s"}}),
            "spec.steps[1].execution.retry.maxDelay: must not be less than 0",
            id="negative delay",
        ),
        pytest.param(
            engram("own", **{"with": {"x": "y" * 65_536}}),
            "spec.steps[1].with: must be at most 65536 bytes of JSON, is 65544",
            id="too large an input",
        ),
    ],
)
def test_a_step_is_refused(own: dict[str, Any], expected: str) -> None:
    (found,) = refusals(condition("build"), own)

    assert found.startswith(expected)


def test_a_branch_cannot_have_the_task_of_another_step() -> None:
    """Both would be the Job `RUN-build-linux`; upstream mixes up their states."""
    block = primitive("parallel", steps=[engram("linux")]) | {"name": "build"}

    (found,) = refusals(engram("build-linux"), block)

    assert found == (
        "spec.steps[1].with.steps[0].name: "
        'its task would have the same name as that of "build-linux"'
    )
