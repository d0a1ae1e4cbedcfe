"""Templates of a Story: what they come to, and what cannot be."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from runwright.errors import OffloadedError, TemplateError, UnresolvedError
from runwright.rules import templates

SCOPE = templates.step_scope(
    {"version": "1.2", "count": 3, "ready": True, "none": None, "tags": ["a", "b"]},
    {"fetch-feed": {"url": "http://x", "size": 1e6, "odd key": {"deep": [10, 20]}}, "empty": {}},
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
        pytest.param("x {{ inputs.none.x }}", "null has no field", id="into null in text"),
        pytest.param("x {{ inputs.version.x }}", "type string has no", id="into text in text"),
        pytest.param("{{ packet.x }}", 'this place has no "packet"', id="root"),
        pytest.param({"a": [{"b": "{{ nope.x }}"}]}, r"^a\[0\]\.b: ", id="says where"),
    ],
)
def test_what_is_not_there_is_an_error_that_names_it(template: Any, message: str) -> None:
    """Never a hang: it hides a typing error until somebody is hurt."""
    with pytest.raises(TemplateError, match=message):
        templates.evaluate(template, SCOPE)


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


def test_an_alias_does_not_hide_a_step_of_that_name() -> None:
    scope = templates.step_scope({}, {"a_b": 1, "a-b": 2})

    assert templates.evaluate("{{ steps.a_b.output }}", scope) == 1


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{{ len inputs.tags }}", 2, id="a number"),
        pytest.param('{{ eq inputs.version "1.2" }}', True, id="a boolean"),
        pytest.param("{{ toJson inputs.tags }}", ["a", "b"], id="JSON"),
        pytest.param("{{ inputs.version }}{{/* note */}}", "1.2", id="a comment is nothing"),
        pytest.param('{{ inputs.version | printf "%s" }}', 1.2, id="a text that reads as JSON"),
        pytest.param("{{ inputs.version | quote }}", "1.2", id="a quotation stays a text"),
        pytest.param("{{ upper inputs.tags[0] }}", "A", id="a text"),
        pytest.param(" {{ upper inputs.tags[0] }} ", " A ", id="a text with its space"),
        pytest.param("{{ if inputs.ready }}5{{ end }}", "5", id="a block is a text"),
        pytest.param("{{ len inputs.tags }} of 3", "2 of 3", id="mixed text"),
        pytest.param("{{ index inputs.tags 1 }}", "b", id="index is a path"),
        pytest.param('{{ (index steps "fetch-feed").output.size }}', 1e6, id="index and fields"),
        pytest.param("{{ $.inputs.count }}", 3, id="a path from the root variable"),
        pytest.param("{{ 9007199254740993 }}", 9007199254740993, id="digits beyond float64"),
        pytest.param("{{ fromJson `1e400` }}", "<no value>", id="a number beyond float64"),
        pytest.param('{{ print "NaN" }}', "NaN", id="what only Python takes for JSON"),
        pytest.param('{{ print "-0" }}', -0.0, id="negative zero"),
    ],
)
def test_an_action_comes_to_the_json_value_that_its_text_writes(
    template: str, expected: Any
) -> None:
    value = templates.evaluate(template, SCOPE)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("x{{ inputs.lost }}", "x<no value>", id="in text"),
        pytest.param("x{{ steps.lost }}", "x<no value>", id="a step in text"),
        pytest.param("x{{ inputs.none }}", "x<no value>", id="null in text"),
        pytest.param('{{ inputs.lost | default "d" }}', "d", id="with a default"),
        pytest.param("{{ if inputs.lost }}a{{ else }}b{{ end }}", "b", id="as a condition"),
        pytest.param("x{{ inputs.tags }}", "x[a b]", id="a list in text"),
    ],
)
def test_what_is_missing_in_text_is_the_zero_that_go_has_for_it(
    template: str, expected: str
) -> None:
    assert templates.evaluate(template, SCOPE) == expected


@pytest.mark.parametrize(
    "template",
    ["{{ steps.lost.output }}", "{{ steps.empty.output.url }}", '{{ index steps "lost" }}'],
)
def test_a_path_to_something_of_a_step_that_is_not_there_has_an_error_of_its_own(
    template: str,
) -> None:
    """It may come yet: whoever knows whether the step is over decides."""
    with pytest.raises(UnresolvedError, match="has no"):
        templates.evaluate(template, SCOPE)


def test_a_path_to_an_input_that_is_not_there_is_an_error_for_good() -> None:
    with pytest.raises(TemplateError, match="has no") as caught:
        templates.evaluate("{{ inputs.lost }}", SCOPE)

    assert not isinstance(caught.value, UnresolvedError)


def test_a_bare_root_is_the_root_wherever_it_stands() -> None:
    """Within a range the dot is the entry; who writes `inputs` there still means the inputs."""
    template = '{{ range inputs.tags }}{{ . }}{{ inputs.count }}{{ end }}{{ template "t" 7 }}'
    template += '{{ define "t" }}{{ . }}{{ inputs.version }}{{ end }}'

    assert templates.evaluate(template, SCOPE) == "a3b371.2"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param('{{ print "inputs.x steps" }}!', "inputs.x steps!", id="double quotes"),
        pytest.param("{{ print `inputs['x']` }}!", "inputs['x']!", id="backquotes"),
        pytest.param("{{ $inputs := 1 }}{{ $inputs }}", "1", id="variable"),
        pytest.param("{{ with dict `inputs` 1 }}{{ .inputs }}{{ end }}", "1", id="field"),
        pytest.param('{{ print "}}" }}!', "}}!", id="braces"),
    ],
)
def test_a_root_is_one_only_where_it_is_a_name(template: str, expected: str) -> None:
    assert templates.evaluate(template, SCOPE) == expected


def test_an_object_can_stand_for_a_template_with_roots_of_its_own() -> None:
    value = {
        "$bubuTemplate": "{{ gt (float64 inputs.count) .least }} {{ .names[0] }}",
        "$bubuTemplateVars": {"least": 2, "names": ["{{ inputs.tags[1] }}"]},
        "ignored": "{{ nope",
    }

    assert templates.evaluate({"ok": value}, SCOPE) == {"ok": "true b"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            {"$bubuTemplate": 1}, r"^a.\$bubuTemplate: must be a text, not 1", id="no text"
        ),
        pytest.param(
            {"$bubuTemplate": "x", "$bubuTemplateVars": []},
            r"^a.\$bubuTemplateVars: must be an object, not a list",
            id="no variables",
        ),
        pytest.param(
            {"$bubuTemplate": "{{ .x.y }}"}, r"^a.\$bubuTemplate: .*no \"x\"", id="missing"
        ),
    ],
)
def test_an_object_that_stands_for_a_template_has_to_hold_one(value: Any, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        templates.evaluate({"a": value}, SCOPE)


STORED = templates.step_scope({}, {"big": {"$bubuStorageRef": "outputs/ns/big"}})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("output", {"$bubuStorageRef": "outputs/ns/big"}),
        ("output.a", {"$bubuStorageRef": "outputs/ns/big", "$bubuStoragePath": "a"}),
        ("output.a[0].b", {"$bubuStorageRef": "outputs/ns/big", "$bubuStoragePath": "a[0].b"}),
    ],
)
def test_a_path_into_a_store_stays_a_reference(path: str, expected: Any) -> None:
    assert templates.evaluate(f"{{{{ steps.big.{path} }}}}", STORED) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{{ steps.big.output }}!",
        "{{ steps.big.output.a }}!",
        "{{ len steps.big.output }}",
        "{{ steps.big.output | toJson }}",
        "{{ hash_of steps.big.output }}",
        "{{ sample steps.big.output }}",
    ],
)
def test_a_template_cannot_look_into_a_store(template: str) -> None:
    with pytest.raises(OffloadedError, match="outputs/ns/big"):
        templates.evaluate(template, STORED)


def test_a_template_may_ask_whether_something_is_in_a_store() -> None:
    kind = templates.evaluate("{{ type_of steps.big.output }}", STORED)

    assert kind == "offloaded(outputs/ns/big)"
    assert templates.evaluate("{{ exists steps.big.output }}", STORED) is True


NOW = datetime(2024, 2, 9, 14, 3, 5, tzinfo=UTC)


def test_time_is_what_the_caller_says() -> None:
    text = templates.evaluate('at {{ now | date "2006-01-02 15:04" }}', SCOPE, now=NOW)

    assert text == "at 2024-02-09 14:03"


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - to be repeated, not to be secret


def test_chance_is_what_the_caller_says() -> None:
    """A workflow that is replayed has to draw the same again."""
    template = "{{ uuidv4 }} {{ randAlphaNum 8 }} {{ randAscii 3 }} {{ randInt 5 9 }}"

    drawn = templates.evaluate(template, SCOPE, random=chance(7))

    assert drawn == templates.evaluate(template, SCOPE, random=chance(7))
    assert drawn != templates.evaluate(template, SCOPE, random=chance(8))


@pytest.mark.parametrize("template", ["{{ now }}", "{{ uuidv4 }}", "{{ date `2006` 1.5 }}"])
def test_without_time_and_chance_a_template_cannot_ask_for_them(template: str) -> None:
    with pytest.raises(TemplateError, match="not available here"):
        templates.evaluate(template, SCOPE)


@pytest.mark.parametrize(
    ("template", "place"),
    [
        pytest.param("a {{ upper 1 }}", r"\(column 12\)$", id="an argument"),
        pytest.param("a\nb {{ upper\n  1 }}", r"\(line 3, column 3\)$", id="in a later line"),
        pytest.param(
            "{{ if true }}{{ fail `x` }}{{ end }}", r"\(column 17\)$", id="within a block"
        ),
        pytest.param("é{{ nope }}", r"\(column 5\)$", id="characters, not bytes"),
    ],
)
def test_an_error_says_where_in_the_text(template: str, place: str) -> None:
    with pytest.raises(TemplateError, match=place):
        templates.evaluate(template, SCOPE)


def test_lone_surrogates_come_to_what_go_makes_of_them() -> None:
    """JSON can write halves of characters, and nothing that reads UTF-8 takes them."""
    scope = templates.step_scope({"x": "a\ud800b"}, {})

    assert templates.evaluate("{{ inputs.x | upper }}!", scope) == "A\ufffdB!"
