"""Whether a run can be executed as it was started."""

from typing import Any

import pytest

from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import NO_RESOURCE, StartStoryRun, workflow_id
from runwright.models.tasks import Backend
from runwright.rules.bubustack.configuration import (
    configuration_problems,
    refusal,
    with_default_inputs,
)
from runwright.rules.bubustack.progress import MOST_STATE
from runwright.rules.bubustack.verdicts import Ending
from tests.unit.rules.states import ENGRAM, start_of, template
from tests.unit.rules.stories import condition, engram, story
from tests.unit.rules.works import cluster_run

COUNTED = {"properties": {"count": {"type": "integer", "default": 2}}, "required": ["count"]}


def refused_as(start: StartStoryRun) -> Ending | None:
    """Return how a run is refused that was started under its own id."""
    return refusal(start, workflow_id(start.namespace, start.name, start.uid))


def problems(one: Story, **fields: Any) -> list[str]:
    """Return what keeps such a run from being executed."""
    return [str(problem) for problem in configuration_problems(start_of(one, **fields))]


def ending(one: Story, **fields: Any) -> Ending:
    """Return how a run ends that is not executed."""
    refused = refused_as(start_of(one, **fields))
    assert refused is not None
    return refused


def test_a_story_whose_parts_are_all_there_is_executed() -> None:
    one = story(
        engram("a"),
        {"name": "ask", "type": "gate"},
        {"name": "rest", "type": "sleep", "with": {"duration": "1s"}},
        condition("check"),
    )

    assert refused_as(start_of(one)) is None


def test_a_gate_with_an_argument_that_is_none_is_not_executed_but_by_runs_that_began_so() -> None:
    """It may be a policy without effect: everybody could decide."""
    start = start_of(story({"name": "ask", "type": "gate", "with": {"approvals": {}}}))
    started_as = workflow_id(start.namespace, start.name, start.uid)

    refused = refusal(start, started_as)

    assert refused is not None
    assert refused.message.startswith("spec.steps[0].with.approvals: a gate step has no argument")
    assert refusal(start, started_as, is_older=True) is None


@pytest.mark.parametrize(
    ("needs", "named"),
    [
        pytest.param({"a": ["ghost"]}, "ghost", id="case 8: a need that is no step"),
        pytest.param({"a": ["b"], "b": ["a"]}, "a -> b -> a", id="case 9: a cycle"),
    ],
)
def test_a_graph_that_cannot_be_walked_is_named_as_the_cause(
    needs: dict[str, list[str]], named: str
) -> None:
    refused = ending(story(*(condition(name, *needs.get(name, ())) for name in ("a", "b"))))

    assert (refused.phase, refused.reason) == (Phase.FAILED, "InvalidConfiguration")
    assert refused.message.startswith("Invalid story dependency graph: ")
    assert named in refused.message


def test_other_problems_do_not_blame_the_graph() -> None:
    refused = ending(story(engram("a")), engrams=())

    assert refused.reason == "InvalidConfiguration"
    assert refused.message == 'spec.steps[0].ref.name: there is no engram "worker"'


def test_all_problems_are_told_at_once() -> None:
    one = story(
        engram("a", needs=["ghost"]),
        {"name": "until", "type": "wait", "with": {}},
        **{"finally": [engram("tell")]},
    )

    found = problems(one, engrams=())

    assert len(found) == 4
    assert [problem.split(":")[0] for problem in found] == [
        "spec.steps[0].needs[0]",
        "spec.steps[1].with.until",
        "spec.steps[0].ref.name",
        "spec.finally[0].ref.name",
    ]
    assert ending(one, engrams=()).message.count("; ") >= 3


def test_a_story_that_a_step_executes_has_to_be_there() -> None:
    called = {"name": "own", "type": "executeStory", "with": {"storyRef": {"name": "other"}}}

    assert problems(story(called)) == [
        'spec.steps[0].with.storyRef.name: there is no Story "other" in the namespace "default"'
    ]


def test_an_engram_without_its_template_is_told() -> None:
    found = problems(story(engram("a")), templates=())

    assert found == ['spec.steps[0].ref.name: there is no template "image" for its engram']


@pytest.mark.parametrize(
    "annotations", [{}, {"runwright.dev/local-command": " "}], ids=["none", "empty"]
)
def test_without_a_cluster_a_template_must_say_what_stands_in_for_its_container(
    annotations: dict[str, str],
) -> None:
    (problem,) = problems(
        story(engram("a")), backend=Backend.LOCAL, templates=(template(annotations),)
    )

    assert "runwright.dev/local-command" in problem


def test_a_template_that_says_it_is_run_without_a_cluster() -> None:
    local = template({"runwright.dev/local-command": "true"})

    assert problems(story(engram("a")), backend=Backend.LOCAL, templates=(local,)) == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param(
            {"image": {"image": None}},
            ['spec.steps[0].ref: template "image" names no image, and a cluster runs nothing else'],
            id="no image",
        ),
        pytest.param(
            {"worker": {"mode": "deployment"}},
            [
                'spec.steps[0].ref: engram "worker" runs as a deployment, '
                "and this version runs Jobs only"
            ],
            id="another mode",
        ),
        pytest.param(
            {"image": {"supportedModes": ["deployment", "statefulset"]}},
            [
                'spec.steps[0].ref: template "image" does not run as a Job '
                "but as deployment and statefulset"
            ],
            id="no Job at all",
        ),
        pytest.param(
            {"image": {"secretSchema": {"key": {"required": True}}}},
            ['spec.steps[0]: secrets.key is required by template "image"'],
            id="a secret that nobody maps",
        ),
        pytest.param(
            {"worker": {"overrides": {"imagePullPolicy": "Sometimes"}}},
            [
                'spec.steps[0].ref: the image pull policy "Sometimes" '
                "is none of Always, IfNotPresent and Never"
            ],
            id="pull policy",
        ),
        pytest.param(
            {"worker": {"executionPolicy": {"resources": {"cpuLimit": "few"}}}},
            ['spec.steps[0].ref: cpu limit "few" is no quantity such as "100m" or "128Mi"'],
            id="resources",
        ),
        pytest.param(
            {"name": "release.1"},
            ['metadata.name: "release.1" has a dot, and a run with steps of Engrams may have none'],
            id="a name that no StepRun can refer to",
        ),
    ],
)
def test_in_a_cluster_steps_must_be_able_to_be_jobs(
    fields: dict[str, Any], found: list[str]
) -> None:
    assert [str(problem) for problem in configuration_problems(cluster_run(**fields))] == found


def test_case_79_in_a_cluster_what_does_the_work_may_come_later() -> None:
    """Its step waits; without a cluster nothing would ever come."""
    assert refused_as(cluster_run(engrams=())) is None
    assert refused_as(cluster_run(templates=())) is None


def test_what_does_not_depend_on_an_engram_is_told_without_it() -> None:
    found = configuration_problems(cluster_run(name="release.1", engrams=()))

    assert [problem.path for problem in found] == ["metadata.name"]


def test_in_a_cluster_there_is_no_run_without_its_story_run() -> None:
    """Whoever may start workflows would get pods that no object of the cluster asked for."""
    start = cluster_run(uid=NO_RESOURCE)

    refused = refused_as(start)

    assert refused
    assert (refused.phase, refused.reason) == (Phase.FAILED, "InvalidConfiguration")
    assert "is that of a StoryRun" in refused.message


def test_a_run_without_pods_may_have_any_name() -> None:
    assert configuration_problems(cluster_run(condition("a"), name="release.1")) == []


def test_case_50_inputs_that_break_the_schema_end_the_run() -> None:
    refused = ending(story(engram("a"), inputsSchema=COUNTED), inputs={"count": "many"})

    assert (refused.phase, refused.reason) == (Phase.FAILED, "InputSchemaFailed")
    assert refused.message.startswith("spec.inputs.count: ")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        pytest.param(
            {}, "spec.inputs.app.name: is required", id="missing in what is made for its defaults"
        ),
        pytest.param({"app": {}}, "spec.inputs.app.name: is required", id="missing"),
        pytest.param({"app": {"name": "web"}}, "", id="with a default beside it"),
        pytest.param(
            {"app": {"name": {"$bubuConfigMapRef": "settings:name"}}}, "", id="a reference"
        ),
        pytest.param(
            {"app": {"name": "web", "replicas": "{{ inputs.n }}"}},
            'spec.inputs.app.replicas: must be a whole number, not "{{ inputs.n }}"',
            id="a template, which nobody evaluates there",
        ),
    ],
)
def test_a_property_that_says_so_itself_must_be_among_the_inputs(
    inputs: dict[str, Any], message: str
) -> None:
    fields = {
        "name": {"type": "string", "required": True},
        "replicas": {"type": "integer", "default": 1},
    }
    schema = {"properties": {"app": {"type": "object", "required": True, "properties": fields}}}
    start = start_of(story(engram("a"), inputsSchema=schema), inputs=inputs)

    refused = refused_as(with_default_inputs(start))

    assert (refused.message if refused else "") == message


def test_case_75_inputs_that_fill_a_run_alone_end_it() -> None:
    refused = ending(story(engram("a")), inputs={"x": "y" * MOST_STATE})

    assert (refused.phase, refused.reason) == (Phase.FAILED, "InputTooLarge")
    assert f"inputs take {MOST_STATE + 9} bytes" in refused.message


def test_a_story_that_cannot_be_executed_is_told_before_its_inputs() -> None:
    refused = ending(story(engram("a"), inputsSchema=COUNTED), inputs={"count": "many"}, engrams=())

    assert refused.reason == "InvalidConfiguration"


def test_defaults_of_the_schema_are_filled_in_and_then_judged() -> None:
    start = start_of(story(engram("a"), inputsSchema=COUNTED), engrams=(ENGRAM,))

    filled = with_default_inputs(start)

    assert filled.inputs == {"count": 2}
    assert refused_as(filled) is None
    assert refused_as(start) is not None


def test_what_was_given_wins_over_a_default() -> None:
    start = start_of(story(engram("a"), inputsSchema=COUNTED), inputs={"count": 7})

    assert with_default_inputs(start).inputs == {"count": 7}


@pytest.mark.parametrize(
    "schema", [None, {"type": "nonsense"}], ids=["no schema", "a broken schema"]
)
def test_inputs_stay_as_they_are_without_a_schema_that_can_be_read(
    schema: dict[str, Any] | None,
) -> None:
    """A broken one is refused with the other problems, not by an exception here."""
    start = start_of(story(engram("a"), inputsSchema=schema), inputs={"x": 1})

    assert with_default_inputs(start) == start
