"""Templates that mean harm: they end, soon, with an error that says where."""

from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runwright.errors import TemplateError
from runwright.rules import templates
from runwright.rules.templates.cache import MOST_CHARACTERS, Cache

LONG: Final = "y" * 1_000_000
SCOPE: Final = templates.step_scope(
    {
        "x": LONG,
        "list": list(range(100_000)),
        "object": {str(number): [number] for number in range(20_000)},
        "count": 3,
        "name": "é",
        "none": None,
        "tags": ["a", "b"],
    },
    {"build": {"url": "http://x"}},
)
CHANCE: Final = Random(1)  # noqa: S311 - to be repeated, not to be secret
DEEP: Final[list[Any]] = []
for _ in range(900):
    DEEP[:] = [list(DEEP)]


def over_and_over(call: str) -> str:
    """Return a template that makes a call a hundred thousand times."""
    return f"{{{{ range 100000 }}}}{{{{ $y := {call} }}}}{{{{ end }}}}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        pytest.param("{{ range 1000000000000 }}{{ end }}", "steps", id="an endless range"),
        pytest.param("{{ range 999999 }}{{ range 999999 }}{{ end }}{{ end }}", "steps", id="two"),
        pytest.param(
            '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', "deep", id="recursion"
        ),
        pytest.param(
            '{{ define "a" }}{{ template "a" (print . .) }}{{ end }}{{ template "a" "x" }}',
            "deep|steps",
            id="recursion that grows",
        ),
        pytest.param(
            "{{ $x := `ab` }}{{ range 99 }}{{ $x = print $x $x }}{{ end }}", "steps", id="doubling"
        ),
        pytest.param(
            "{{ $x := list 1 }}{{ range 99 }}{{ $x = concat $x $x }}{{ end }}",
            "steps",
            id="a list that doubles",
        ),
        pytest.param("{{ range 99 }}{{ $.inputs.x }}{{ end }}", "65536 bytes", id="output"),
        pytest.param("{{ indent 1000000000 `a` }}", "2097152", id="indent"),
        pytest.param("{{ printf `%1000000d` 1 }}", "65536 bytes", id="width"),
        pytest.param("{{ printf `%*d%*d%*d` 999999 1 999999 1 999999 1 }}", "2097152", id="widths"),
        pytest.param("{{ replace `y` `zzzzz` inputs.x }}", "2097152", id="replace"),
        pytest.param("{{ wrapWith 1 `zzzzz` inputs.x }}", "2097152", id="wrap"),
        pytest.param("{{ randAlpha 1000000000 }}", "2097152", id="chance"),
        pytest.param("{{ uniq inputs.list }}", "steps", id="a comparison of all with all"),
        pytest.param("{{ without inputs.list 1 2 3 4 }}", "steps", id="many omissions"),
        *[
            pytest.param(over_and_over(call), "steps", id=call[:30])
            for call in (
                "toJson $.inputs.list",
                "deepEqual $.inputs.object $.inputs.object",
                "sortAlpha $.inputs.list",
                "contains `z` $.inputs.x",
                "sha256sum $.inputs.x",
                "snakecase $.inputs.x",
                "keys $.inputs.object",
                "mulf 1e300 1e300 1e300 1e300 1e300 1e300 1e300 1e300",
                "semverCompare `>=1 <2 || >=3 <4 || >=5 <6` `7.0.0`",
                "date `2006-01-02T15:04:05.999999999Z07:00` 0",
                "printf `%v %v %v %v` 1 2 3 4",
            )
        ],
        pytest.param(f"{{{{ {'(' * 5000}1{')' * 5000} }}}}", "deep", id="parentheses"),
        pytest.param("{{if 1}}" * 500 + "{{end}}" * 500, "deep", id="blocks"),
        pytest.param("{{if 0}}" + "{{else if 0}}" * 500 + "{{end}}", "deep", id="else if"),
        pytest.param('{{block "a" .}}' * 500 + "{{end}}" * 500, "deep", id="definitions"),
        pytest.param("{{ 1 }}" * 20_000, "65536 characters", id="a long template"),
        pytest.param("{{ toDate `" + " " * 5000 + "` `x` | len }}", "no length", id="layout"),
    ],
)
def test_what_would_take_for_ever_ends_with_an_error(template: str, message: str) -> None:
    with pytest.raises(TemplateError, match=rf"^a\[0\]: .*{message}.*\(column \d+\)$"):
        templates.evaluate({"a": [template]}, SCOPE, random=CHANCE)


@pytest.mark.parametrize(
    "template", ["{{ inputs.deep }}!", "{{ mustToJson inputs.deep }}", "{{ eq inputs.deep nil }}!"]
)
def test_a_value_that_is_too_deep_to_be_printed_is_an_error(template: str) -> None:
    scope = templates.step_scope({"deep": DEEP}, {})

    if "eq" in template:
        assert templates.evaluate(template, scope) == "false!"
        return
    with pytest.raises(TemplateError, match="128 deep"):
        templates.evaluate(template, scope)


def test_the_templates_of_a_value_share_their_steps() -> None:
    """Each of a thousand templates may not take what one may."""
    one = "{{ range 3000 }}{{ end }}x"

    assert templates.evaluate(one, SCOPE) == "x"
    with pytest.raises(TemplateError, match=r"^\[\d+\]: .* steps"):
        templates.evaluate([one] * 100, SCOPE)


def test_a_large_input_is_no_harm_in_itself() -> None:
    value = {"a": "{{ inputs.x }}", "b": "{{ len inputs.x }}", "c": "{{ trunc 3 inputs.x }}"}

    assert templates.evaluate(value, SCOPE) == {"a": LONG, "b": 1_000_000, "c": "yyy"}


def test_what_was_read_is_forgotten_before_it_fills_the_memory() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    cache = Cache(make)
    texts = [str(number).rjust(1024) for number in range(MOST_CHARACTERS // 1024 + 1)]

    for text in (*texts, texts[-1], texts[0]):
        assert cache.get(text) == text

    assert made == [*texts, texts[0]]


_PIECES: Final = """
    {{ }} {{- -}} | ( ) . $ , := = " ' ` \\ [0] ['a'] /* */ nil true 1 -1.5 0x1 inputs steps .inputs
    .inputs.count steps.build.output inputs.tags $x $x:= if with range else end break continue
    define block template print printf index len eq and or default list dict get add splitList
    toJson fromJson date now upper quote semver ternary slice "%d%v" "a" `b`
"""
pieces = st.sampled_from(sorted(set(_PIECES.split())))
soups = st.lists(st.one_of(pieces, st.sampled_from([" ", "\n"]), st.text(max_size=3)), max_size=30)
texts = st.builds(
    "{}{{{{ {} }}}}{}".format, st.text(max_size=3), soups.map(" ".join), soups.map("".join)
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def faults(value: Any) -> str:
    """Return what an evaluation says is wrong; any other error is the test's."""
    try:
        templates.evaluate(value, SCOPE)
        templates.truth(value, SCOPE)
    except TemplateError as error:
        return str(error)
    return ""


@given(values)
@settings(max_examples=80)
def test_no_value_breaks_anything(value: Any) -> None:
    """Not the inspection, and an evaluation by nothing but an error of its own."""
    templates.references(value)
    templates.check(value, SCOPE)

    faults(value)


@given(st.lists(st.one_of(pieces, st.text(max_size=4)), max_size=40).map(" ".join))
@settings(max_examples=200)
def test_whatever_is_between_braces_comes_to_something_or_is_an_error(soup: str) -> None:
    faults(f"{{{{ {soup} }}}}")
    faults(soup)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()), st.lists
    )
)
@settings(max_examples=30)
def test_a_value_of_any_type_can_stand_at_any_place(value: Any) -> None:
    scope = templates.step_scope({"v": value}, {})

    for use in (
        "{{ inputs.v }}",
        "x{{ inputs.v }}",
        "{{ inputs.v.a }}",
        "{{ range inputs.v }}{{ . }}{{ end }}",
        "{{ index inputs.v 0 }}!",
        "{{ index inputs.tags inputs.v }}",
        "{{ add inputs.v 1 }}",
        "{{ addf inputs.v 1 }}",
        "{{ eq inputs.v 1.0 }}",
        "{{ lt inputs.v inputs.v }}",
        "{{ toJson inputs.v }}",
        "{{ upper inputs.v }}",
        "{{ printf `%d%q%x%5.2f` inputs.v inputs.v inputs.v inputs.v }}",
        "{{ has inputs.v (list inputs.v) }}",
        "{{ trunc inputs.v `x` }}",
        "{{ round inputs.v 2 }}",
        "{{ date `2006` inputs.v }}",
        "{{ keys inputs.v }}",
        "{{ fromJson inputs.v }}",
        "{{ semverCompare inputs.v `1` }}",
    ):
        try:
            templates.evaluate(use, scope)
        except TemplateError:
            continue
