"""Templates: what is understood, what it comes to, and how the rest is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.errors import TemplateError
from runwright.rules import templates

SCOPE = templates.step_scope(
    {"version": "1.2", "count": 3, "ready": True, "none": None, "tags": ["a", "b"]},
    {"fetch-feed": {"url": "http://x", "size": 1e6, "odd key": {"deep": [10, 20]}}, "empty": {}},
)

fragments = st.sampled_from(
    [
        "{{",
        "}}",
        "{{ ",
        " }}",
        "inputs",
        ".x",
        "steps['a']",
        "-",
        "[0]",
        '"',
        "'",
        "`",
        "\\",
        "$v",
        "|",
    ]
)
texts = st.lists(st.one_of(fragments, st.text(max_size=5)), max_size=8).map("".join)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("plain", "plain", id="literal"),
        pytest.param("a }} b", "a }} b", id="closing braces alone"),
        pytest.param("{{ inputs.count }}", 3, id="a number stays one"),
        pytest.param("{{ .inputs.count }}", 3, id="leading dot"),
        pytest.param("{{inputs.count}}", 3, id="no space"),
        pytest.param("{{- inputs.count -}}", 3, id="trim markers"),
        pytest.param(" {{ inputs.count }}\n", 3, id="space around the only reference"),
        pytest.param("{{ inputs.ready }}", True, id="a boolean stays one"),
        pytest.param("{{ inputs.none }}", None, id="null stays null"),
        pytest.param("{{ inputs.tags }}", ["a", "b"], id="a list stays one"),
        pytest.param("{{ inputs.tags[1] }}", "b", id="index"),
        pytest.param("{{ steps.fetch-feed.output.url }}", "http://x", id="name with a hyphen"),
        pytest.param("{{ steps.fetch_feed.output.url }}", "http://x", id="underscores for hyphens"),
        pytest.param("{{ steps['fetch-feed'].outputs.url }}", "http://x", id="single quotes"),
        pytest.param(
            '{{ steps["fetch-feed"].output["odd key"].deep[ 0 ] }}', 10, id="keys and an index"
        ),
        pytest.param("v{{ inputs.version }}!", "v1.2!", id="text in text"),
        pytest.param("{{ inputs.version }}-{{ inputs.count }}", "1.2-3", id="two references"),
        pytest.param("a {{- inputs.count -}} b", "a3b", id="trimmed text"),
        pytest.param("is {{ inputs.ready }}", "is true", id="a boolean in text"),
        pytest.param(
            "{{ steps.fetch-feed.output.size }} B", "1e+06 B", id="a number as Go prints it"
        ),
        pytest.param(
            {"a": ["{{ inputs.count }}", 1], "{{ k }}": "x"},
            {"a": [3, 1], "{{ k }}": "x"},
            id="inside objects and lists, keys left alone",
        ),
    ],
)
def test_a_template_comes_to_a_value(template: Any, expected: Any) -> None:
    value = templates.evaluate(template, SCOPE)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(0, "0", id="zero"),
        pytest.param(-0.0, "-0", id="negative zero"),
        pytest.param(100000, "100000", id="five zeros"),
        pytest.param(1000000, "1e+06", id="six zeros"),
        pytest.param(1234567, "1.234567e+06", id="seven digits"),
        pytest.param(0.5, "0.5", id="half"),
        pytest.param(0.0001, "0.0001", id="small"),
        pytest.param(0.00001, "1e-05", id="smaller"),
        pytest.param(-1.5e300, "-1.5e+300", id="huge"),
        pytest.param(2**53 + 1, "9.007199254740992e+15", id="beyond exact integers"),
    ],
)
def test_a_number_in_text_is_printed_as_go_prints_a_float64(number: float, expected: str) -> None:
    """JSON numbers are float64 upstream, so that is what a Story's author sees there."""
    text = templates.evaluate("<{{ inputs.n }}>", templates.step_scope({"n": number}, {}))

    assert text == f"<{expected}>"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param(
            "{{ inputs.vresion }}", r'inputs has no "vresion", it has count, none', id="input"
        ),
        pytest.param("{{ steps.build.output.x }}", 'steps has no "build"', id="step"),
        pytest.param(
            "{{ steps.empty.output.x }}", "steps.empty.output .*, it is empty", id="output"
        ),
        pytest.param("{{ inputs.version.x }}", "inputs.version is a text", id="into text"),
        pytest.param("{{ inputs.none.x }}", "inputs.none is null", id="into null"),
        pytest.param("{{ inputs.tags[2] }}", r"no \[2\], its length is 2", id="beyond the list"),
        pytest.param("{{ inputs.count[0] }}", r"inputs.count is 3 and has no \[0\]", id="no list"),
        pytest.param("x {{ inputs.none }}", "is null", id="null in text"),
        pytest.param("x {{ inputs.tags }}", "a list.* the whole value", id="list in text"),
        pytest.param("x {{ inputs }}", "an object.* the whole value", id="object in text"),
        pytest.param("{{ packet.x }}", 'this place has no "packet"', id="root"),
        pytest.param({"a": [{"b": "{{ nope.x }}"}]}, r"^a\[0\]\.b: ", id="says where"),
        pytest.param({"$bubuTemplate": "x"}, "not understood by this version", id="delayed"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_it(template: Any, message: str) -> None:
    """Never a hang and never an empty text: both hide a typing error until somebody is hurt."""
    with pytest.raises(TemplateError, match=message):
        templates.evaluate(template, SCOPE)


@pytest.mark.parametrize(
    ("template", "column", "message"),
    [
        pytest.param("a {{ inputs.x", 3, "has no", id="no closing braces"),
        pytest.param("{{ inputs['x }}", 11, "quotation", id="open quotation"),
        pytest.param("{{ }}", 1, "without anything", id="empty"),
        pytest.param("{{ . }}", 1, "plain reference", id="everything"),
        pytest.param("{{ inputs..x }}", 1, "plain reference", id="two dots"),
        pytest.param("{{ inputs. }}", 1, "plain reference", id="nothing after the dot"),
        pytest.param("{{ inputs.items[-1] }}", 1, "plain reference", id="negative index"),
        pytest.param("ab {{ len inputs.x }}", 4, "plain reference", id="function"),
        pytest.param("{{ inputs.x | upper }}", 1, "plain reference", id="pipe"),
        pytest.param("{{ if inputs.x }}a{{ end }}", 1, "plain reference", id="block"),
        pytest.param("{{/* note */}}", 1, "plain reference", id="comment"),
        pytest.param("{{ $x }}", 1, "plain reference", id="variable"),
        pytest.param('{{ "text" }}', 1, "plain reference", id="constant"),
        pytest.param("{{ (inputs).x }}", 1, "plain reference", id="parentheses"),
        pytest.param("{{ now }}", 1, '"now" is not known here', id="function without arguments"),
        pytest.param("{{ input.x }}", 1, 'did you mean "inputs"', id="misspelt root"),
        pytest.param("{{ steps.a.output.x }}", 1, "starts with inputs", id="root of another place"),
    ],
)
def test_what_is_not_understood_is_found_before_a_run_starts(
    template: str, column: int, message: str
) -> None:
    problems = templates.check({"with": [template]}, {"inputs"}, "spec")

    assert [problem.path for problem in problems[:1]] == ["spec.with[0]"]
    assert message in problems[0].message
    assert problems[0].message.endswith(f"(column {column})")


def test_every_fault_of_a_value_is_found_at_once() -> None:
    value = {"a": "{{ x }} and {{ f y }} and {{", "b": ["{{ inputs.fine }}", {"c d": "{{ z }}"}]}

    problems = templates.check(value, {"inputs"}, "with")

    assert [problem.path for problem in problems] == ["with.a"] * 3 + ['with.b[1]["c d"]']


def test_a_quotation_may_contain_braces() -> None:
    scope = {"inputs": {"a}}b": 1}}

    assert templates.evaluate('{{ inputs["a}}b"] }}', scope) == 1
    assert templates.check('{{ inputs["a}}b"] }}', {"inputs"}) == []


@pytest.mark.parametrize("depth", [pytest.param(129, id="just"), pytest.param(400, id="far")])
def test_a_value_that_is_too_deep_is_refused(depth: int) -> None:
    value: Any = "{{ inputs.x }}"
    for _ in range(depth + 1):
        value = [value]

    assert "128 deep" in templates.check(value, {"inputs"})[0].message
    with pytest.raises(TemplateError, match="128 deep"):
        templates.evaluate(value, {"inputs": {"x": 1}})


def test_a_text_may_come_to_64_kib_and_no_more() -> None:
    """A template repeats a value as often as it likes; a run's state has room for 1 MiB."""
    scope = templates.step_scope({"x": "é" * 16 * 1024}, {})

    assert len(templates.evaluate("{{ inputs.x }}{{ inputs.x }}", scope)) == 32 * 1024
    with pytest.raises(TemplateError, match="more than 65536 bytes"):
        templates.evaluate("{{ inputs.x }}{{ inputs.x }}!", scope)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(None, True, id="absent"),
        pytest.param(" ", True, id="blank"),
        pytest.param(False, False, id="boolean"),
        pytest.param("{{ inputs.v }}", True, id="reference to a boolean"),
        *[
            pytest.param(text, True, id=text)
            for text in ("true", "TRUE", "1", "Yes", "y", " true\n")
        ],
        *[pytest.param(text, False, id=text) for text in ("false", "False", "0", "no", "N")],
        pytest.param("{{ inputs.empty }}", False, id="reference to empty text"),
    ],
)
def test_a_condition_holds_or_does_not(condition: Any, *, expected: bool) -> None:
    scope = templates.step_scope({"v": True, "empty": ""}, {})

    assert templates.truth(condition, scope) is expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        pytest.param("maybe", "came to a text", id="other text"),
        pytest.param("{{ inputs.one }}", "came to 1, not true or false", id="number"),
        pytest.param("{{ inputs.list }}", "a list", id="list"),
        pytest.param("{{ inputs.nothing }}", "null", id="null"),
        pytest.param("{{ inputs.huge }}", "came to 1000", id="number beyond float64"),
        pytest.param("{{ inputs.lost }}", 'no "lost"', id="missing"),
    ],
)
def test_a_condition_that_is_neither_is_an_error(condition: str, message: str) -> None:
    """Upstream asks again at every pass, which may be for ever."""
    scope = templates.step_scope({"one": 1, "list": [], "nothing": None, "huge": 10**400}, {})

    with pytest.raises(TemplateError, match=message):
        templates.truth(condition, scope)


def test_references_are_listed_in_order_and_unreadable_ones_passed_over() -> None:
    value = [
        "{{ steps.b.output.x }}",
        {"k": "{{ f x }} {{ inputs.l[0] }}"},
        "{{ steps['a'].output }}",
    ]

    assert templates.references(value) == [
        ("steps", "b", "output", "x"),
        ("inputs", "l", "0"),
        ("steps", "a", "output"),
    ]


def test_an_alias_does_not_hide_a_step_of_that_name() -> None:
    scope = templates.step_scope({}, {"a_b": 1, "a-b": 2})

    assert templates.evaluate("{{ steps.a_b.output }}", scope) == 1


def faults(value: Any) -> str:
    """Return what an evaluation says is wrong; any other error is the test's."""
    try:
        templates.evaluate(value, SCOPE)
        templates.truth(value, SCOPE)
    except TemplateError as error:
        return str(error)
    return ""


@given(values)
def test_no_value_breaks_anything(value: Any) -> None:
    templates.references(value)

    assert bool(templates.check(value, SCOPE)) <= bool(faults(value))


@given(values)
def test_what_passes_the_check_fails_at_most_for_what_it_comes_to(value: Any) -> None:
    """The check and the evaluation read the same language."""
    if templates.check(value, SCOPE):
        return

    fault = faults(value)

    assert not fault or any(
        words in fault for words in ("has no", "which no text can hold", "not true or false")
    )
