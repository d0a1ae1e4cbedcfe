"""Stories that mean harm: whatever they hold, they are judged, and soon."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from runwright.models.bubustack import StepType, Story
from runwright.models.bubustack.stories import MOST_BRANCHES, MOST_TEMPLATES
from runwright.models.story_run import workflow_id
from runwright.models.templates import between_braces
from runwright.rules.bubustack import configuration, progress
from runwright.rules.bubustack.admission import (
    limitations,
    story_problems,
    story_warnings,
)
from runwright.rules.bubustack.admission.arguments import KNOWN_ARGUMENTS
from runwright.rules.bubustack.dag import Dag
from runwright.rules.translation import problems_in
from tests.unit.rules.states import NOW, start_of
from tests.unit.rules.stories import block, condition, engram, primitive, refusals, story

ENDLESS: Final = "{{ range 1000000000000 }}{{ end }}"
pytestmark = pytest.mark.timeout(10)
"""What took half a minute takes some tenths of a second; a busy machine may take longer."""
WORDS: Final = [
    "1s",
    "-1s",
    "skip",
    "Failed",
    "{{ inputs.x }}",
    "{{ steps.own.output }}",
    "{{",
    "$",
]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS)
)
KEYS = st.sampled_from(["name", "type", "steps", "needs", "with", "$bubuTemplate"]) | st.text(
    max_size=4
)
VALUES = st.recursive(
    LEAVES,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(KEYS, deeper, max_size=3),
    max_leaves=8,
)
ARGUMENTS = sorted({name for known in KNOWN_ARGUMENTS.values() for name in known})


def misread(spec: dict[str, Any]) -> list[str]:
    """Return why a Story with that spec cannot be read."""
    try:
        Story.model_validate({"metadata": {"name": "release"}, "spec": spec})
    except ValidationError as error:
        return [str(problem) for problem in problems_in(error)]
    return []


@given(
    st.sampled_from([None, *StepType]),
    st.dictionaries(st.sampled_from(ARGUMENTS) | KEYS, VALUES, max_size=5),
)
@settings(max_examples=100)
def test_a_step_may_be_given_anything_and_is_judged(
    kind: StepType | None, arguments: dict[str, Any]
) -> None:
    """By every rule, also those that a run uses before it refuses its Story."""
    own = primitive(kind, **arguments) if kind else engram("own", **{"with": arguments})
    one = story(own, condition("after", "own"))
    start = start_of(one)

    for judge in (story_problems, story_warnings, limitations):
        judge(one)
    Dag(one)
    progress.started(start, NOW)
    progress.gates_of(start)
    configuration.refusal(start, workflow_id(start.namespace, start.name))


@pytest.mark.parametrize(
    ("field", "own"),
    [
        ("with.x[0]", engram("own", **{"with": {"x": ["{{ zzz }}"]}})),
        ("if", engram("own", **{"if": "{{ zzz }}"})),
        ("postExecution.condition", engram("own", postExecution={"condition": "{{ zzz }}"})),
        ("idempotencyKeyTemplate", engram("own", idempotencyKeyTemplate="{{ zzz }}")),
        ("with.until", primitive("wait", until="{{ zzz }}")),
        ("with.duration", primitive("sleep", duration="{{ zzz }}")),
        ("with.message", primitive("stop", message="{{ zzz }}")),
        (
            "with.with.x",
            primitive("executeStory", storyRef={"name": "x"}, **{"with": {"x": "{{ zzz }}"}}),
        ),
        (
            "with.steps[0].with.x",
            primitive("parallel", steps=[engram("b", **{"with": {"x": "{{ zzz }}"}})]),
        ),
        (
            "with.concurrency",
            primitive("parallel", steps=[condition("b")], concurrency="{{ zzz }}"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unknown_function_is_refused_wherever_it_stands_with_its_column(
    field: str, own: dict[str, Any]
) -> None:
    assert refusals(own) == [f'spec.steps[0].{field}: there is no function "zzz" (column 4)']


@pytest.mark.parametrize("field", ["output", "policy"])
def test_an_unknown_function_is_refused_in_the_fields_of_a_story(field: str) -> None:
    spec = (
        {"output": {"x": "{{ zzz }}"}}
        if field == "output"
        else {"policy": {"with": {"x": "{{ zzz }}"}}}
    )
    path = "spec.output.x" if field == "output" else "spec.policy.with.x"

    assert refusals(condition("a"), **spec) == [f'{path}: there is no function "zzz" (column 4)']


def test_the_column_counts_characters_and_lines() -> None:
    found = refusals(
        engram("own", **{"with": {"größe": "é\n🙂 {{ zzz }}", "x": "ü{{ steps.ä.output }}"}})
    )

    assert found[0] == (
        'spec.steps[0].with["größe"]: there is no function "zzz" (line 2, column 6)'
    )
    assert found[1] == 'spec.steps[0].with.x: no step is called "ä"'


@pytest.mark.parametrize(
    "name",
    [
        "bäd",
        "\uff42",
        "\u0430",
        "a\u200b",
        "a\n",
        "a.b",
        "a_b",
        "A",
        "-a",
        "a-",
        "a/b",
        "",
        "a" * 64,
        "🙂",
    ],
    ids=ascii,
)
def test_a_name_that_kubernetes_does_not_take_is_refused_with_its_place(name: str) -> None:
    """Letters that only look alike, too: names of objects are made of it."""
    steps = [condition("first"), condition(name)]

    (found,) = misread({"steps": steps})

    assert found.startswith("spec.steps[1].name: ")


def test_hyphens_may_be_written_as_underscores_wherever_a_step_is_named() -> None:
    underscored = "{{ steps.fetch_feed.output.url }}"
    found = story(
        engram("fetch-feed"),
        engram(
            "next-one",
            needs=["fetch-feed"],
            requires=["steps.fetch_feed.output.url"],
            **{"if": "{{ steps.fetch_feed.output.ok }}", "with": {"url": underscored}},
            postExecution={"condition": "{{ steps.next_one.output.ok }}"},
        ),
        {"name": "look", "type": "wait", "with": {"until": underscored}},
        block(
            "all",
            engram("branch-one"),
            engram("two", **{"with": {"x": "{{ steps.branch_one.output }}"}}),
        ),
        output={"url": underscored, "branch": "{{ steps.branch_one.output.x }}"},
    )

    assert story_problems(found) == []
    assert story_warnings(found) == []
    assert Dag(found).needs(found.spec.steps[1]) == ("fetch-feed",)


MUCH: Final = "{{ (1) }}" * 7_000


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            {"steps": [engram(f"s{number}", **{"with": {"x": MUCH}}) for number in range(2)]},
            "its templates take 70000 characters, and may take 65536",
            id="templates",
        ),
        pytest.param(
            {
                "steps": [engram("a", **{"with": {"x": MUCH}})],
                "output": {"x": MUCH},
            },
            "its templates take 70000 characters, and may take 65536",
            id="templates here and there",
        ),
        pytest.param(
            {
                "steps": [
                    block("p", *(condition(f"b{number}") for number in range(MOST_BRANCHES + 1)))
                ]
            },
            "its parallel steps have 1001 branches, and may have 1000",
            id="branches",
        ),
    ],
)
def test_a_story_that_takes_too_long_to_read_is_not_read(
    spec: dict[str, Any], message: str
) -> None:
    """Everything that judges it would be held up, and with it all other runs of a worker."""
    (found,) = misread(spec)

    assert message in found
    assert found.startswith("spec: ")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("no template }}", 0),
        ("{{ x }}", 3),
        ("a{{ x }}b{{ yy }}c", 7),
        ("{{ open", 5),
        ("{{ `}}` | quote }} and so on", 14),
        ("{{ `{{` }}", 4),
    ],
)
def test_what_stands_between_braces_is_counted_and_never_too_little(text: str, size: int) -> None:
    assert between_braces(text) == size
    assert between_braces({"a": [text, 1, None], "b": {"c": text}}) == 2 * size


def test_text_around_templates_is_free() -> None:
    prompt = f"{'long ' * 12_000}{{{{ inputs.x }}}}"
    spec = {"steps": [engram(f"s{number}", **{"with": {"x": prompt}}) for number in range(10)]}

    assert misread(spec) == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda: [engram("a"), *(engram(f"s{n}", needs=["a"] * 1_500) for n in range(99))],
            id="the same need again and again",
        ),
        pytest.param(
            lambda: [engram(f"s{n}", needs=[f"x{m}" for m in range(99)]) for n in range(99)],
            id="needs that nobody meets",
        ),
        pytest.param(
            lambda: [
                engram(f"s{n}", **{"with": {f"x{m}": f"{{{{ nope{m} 1 }}}}" for m in range(40)}})
                for n in range(99)
            ],
            id="functions that nobody knows",
        ),
        pytest.param(
            lambda: [
                block(
                    "p",
                    *(
                        condition(f"b{n}", *([f"b{n + 1}"] if n + 1 < MOST_BRANCHES else []))
                        for n in range(MOST_BRANCHES)
                    ),
                )
            ],
            id="a long row of branches",
        ),
        pytest.param(
            lambda: [engram("a", **{"with": {"x": "{{ (1) }}" * (MOST_TEMPLATES // 10)}})],
            id="as many templates as there may be",
        ),
        pytest.param(
            lambda: [
                {
                    "name": f"w{n}",
                    "type": "wait",
                    "needs": [f"w{m}" for m in range(n)],
                    "with": {"until": "{{ steps.w99.output.x }}"},
                }
                for n in range(100)
            ],
            id="waits for the last of them",
        ),
    ],
)
def test_what_takes_long_to_judge_is_judged_in_time(
    make: Callable[[], list[dict[str, Any]]],
) -> None:
    """Temporal gives a run two seconds to begin."""
    one = story(*make())
    start = start_of(one)

    story_warnings(one)
    Dag(one)
    progress.started(start, NOW)
    configuration.refusal(start, workflow_id(start.namespace, start.name))


def test_no_more_problems_are_told_than_anybody_reads() -> None:
    needs = [f"nobody{number}" for number in range(99)]

    assert len(refusals(*(condition(f"s{number}", *needs) for number in range(9)))) == 100


def test_a_template_without_end_is_read_without_being_evaluated() -> None:
    """What it comes to is a matter of its run."""
    fields = {"if": ENDLESS, "with": {"x": ENDLESS}}

    assert refusals(engram("own", **fields), output={"x": ENDLESS}) == []
