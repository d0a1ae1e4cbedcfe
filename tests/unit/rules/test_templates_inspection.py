"""What templates mention, and what is wrong with them, before anything is evaluated."""

from typing import Any

import pytest

from runwright.rules import templates


@pytest.mark.parametrize(
    ("template", "column", "message"),
    [
        pytest.param("a {{ inputs.x", 3, 'has no "}}"', id="no closing braces"),
        pytest.param("{{ inputs['x }}", 10, '"[" cannot', id="open quotation in a subscript"),
        pytest.param('{{ print "x }}', 10, "quotation", id="open quotation"),
        pytest.param("{{ }}", 4, "has no value", id="empty"),
        pytest.param("{{ inputs..x }}", 10, '"." cannot', id="two dots"),
        pytest.param("{{ inputs. }}", 10, '"." cannot', id="nothing after the dot"),
        pytest.param("{{ inputs.items[-1] }}", 16, '"[" cannot', id="negative index"),
        pytest.param("{{ inputs.items [0] }}", 17, '"[0]" cannot', id="space before a bracket"),
        pytest.param("{{ nope inputs.x }}", 4, 'no function "nope"', id="function"),
        pytest.param("{{ inputs.x | uper }}", 15, 'did you mean "upper"', id="misspelt function"),
        pytest.param("{{ input.x }}", 4, 'did you mean "inputs"', id="misspelt root"),
        pytest.param("{{ env `HOME` }}", 4, 'no function "env"', id="of the machine"),
        pytest.param("{{ .trigger.x }}", 4, '"trigger" is not known here', id="unknown root"),
        pytest.param("{{ steps.a.output.x }}", 4, "starts with inputs", id="root of another place"),
        pytest.param("{{ index .packet `x` }}", 4, '"packet" is not known', id="root in index"),
        pytest.param("{{ upper .packet.x }}", 10, '"packet" is not known', id="root in argument"),
        pytest.param("{{ $.packet.x }}", 4, '"packet" is not known', id="root of the variable"),
        pytest.param("{{ $x }}", 4, 'no variable "$x"', id="variable"),
        pytest.param("{{ if inputs.x }}", 18, 'no "{{ end }}"', id="open block"),
        pytest.param("{{ end }}", 4, "ends nothing", id="end of nothing"),
        pytest.param("{{ break }}", 4, "outside every range", id="break"),
        pytest.param("{{ 'ab' }}", 4, "texts take double quotes", id="single quotes"),
        pytest.param("{{ (nope) }}", 5, 'no function "nope"', id="in parentheses"),
        pytest.param(
            "{{ define `a` }}{{ nope }}{{ end }}", 20, "no function", id="in a definition"
        ),
    ],
)
def test_what_cannot_be_read_or_seen_is_found_before_a_run_starts(
    template: str, column: int, message: str
) -> None:
    problems = templates.check({"with": [template]}, {"inputs"}, "spec")

    assert [problem.path for problem in problems] == ["spec.with[0]"]
    assert message in problems[0].message
    assert problems[0].message.endswith(f"(column {column})")


def test_a_problem_in_a_later_line_says_which_line() -> None:
    (problem,) = templates.check("a\n{{ if true }}\n  {{ nope }}{{ end }}", {"inputs"})

    assert problem.message.endswith("(line 3, column 6)")


def test_everything_wrong_with_a_value_is_found_at_once() -> None:
    value = {
        "a": "{{ .x }} and {{ .y.z }}",
        "b": ["{{ inputs.fine }}", {"c d": "{{ f z }}"}],
        "c": {"$bubuTemplate": 1},
    }

    problems = templates.check(value, {"inputs"}, "with")

    assert [problem.path for problem in problems] == [
        *["with.a"] * 2,
        'with.b[1]["c d"]',
        "with.c.$bubuTemplate",
    ]


def test_an_object_that_stands_for_a_template_is_judged_with_its_own_roots() -> None:
    value = {
        "$bubuTemplate": "{{ .limit }}{{ inputs.x }}{{ .other }}",
        "$bubuTemplateVars": {"limit": "{{ steps.a.output }}"},
    }

    problems = templates.check(value, {"inputs", "steps"})

    assert [problem.path for problem in problems] == ["$bubuTemplate"]
    assert '"other" is not known here' in problems[0].message
    assert templates.references(value) == [
        ("steps", "a", "output"),
        ("inputs", "x"),
        ("other",),
    ]


def test_a_quotation_may_contain_braces() -> None:
    scope = {"inputs": {"a}}b": 1}}

    assert templates.evaluate('{{ inputs["a}}b"] }}', scope) == 1
    assert templates.check('{{ inputs["a}}b"] }}', {"inputs"}) == []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{{ steps.a.output.x }}", ["steps.a.output.x"], id="fields"),
        pytest.param("{{ .steps.a.output.x }}", ["steps.a.output.x"], id="leading dot"),
        pytest.param("{{ $.steps.a }}", ["steps.a"], id="root variable"),
        pytest.param("{{ steps['a-b'].output[0] }}", ["steps.a-b.output.0"], id="subscripts"),
        pytest.param('{{ index steps "a" "output" }}', ["steps.a.output"], id="index"),
        pytest.param('{{ (index .steps "a").output }}', ["steps.a.output"], id="index and field"),
        pytest.param("{{ index steps inputs.name }}", ["steps", "inputs.name"], id="open index"),
        pytest.param('{{ get steps "a" }}', ["steps.a"], id="get"),
        pytest.param('{{ dig "a" "output" 0 steps }}', ["steps.a.output"], id="dig"),
        pytest.param("{{ upper (lower steps.a.x) }}", ["steps.a.x"], id="nested calls"),
        pytest.param("{{ inputs.x | default steps.b }}", ["inputs.x", "steps.b"], id="pipeline"),
        pytest.param(
            "{{ if steps.a }}{{ steps.b }}{{ else if steps.c }}{{ else }}{{ steps.d }}{{ end }}",
            ["steps.a", "steps.b", "steps.c", "steps.d"],
            id="every branch",
        ),
        pytest.param(
            "{{ with steps.a.output }}{{ .url }}{{ end }}",
            ["steps.a.output", "steps.a.output.url"],
            id="with",
        ),
        pytest.param(
            "{{ range steps.a.output }}{{ .url }}{{ steps.b }}{{ $.inputs.x }}{{ end }}",
            ["steps.a.output", "steps.b", "inputs.x"],
            id="range",
        ),
        pytest.param(
            "{{ $x := steps.a }}{{ $x.output }}{{ $x = steps.b }}{{ $x.output }}",
            ["steps.a", "steps.a.output", "steps.b"],
            id="variables, until they are changed",
        ),
        pytest.param(
            '{{ define "t" }}{{ .output }}{{ .steps.z }}{{ end }}{{ template "t" steps.a }}',
            ["steps.a", "steps.a.output", "steps.a.steps.z"],
            id="templates with what they are given",
        ),
        pytest.param(
            '{{ define "t" }}{{ .inputs.x }}{{ template "t" . }}{{ end }}{{ template "t" . }}',
            ["inputs.x"],
            id="templates that call themselves",
        ),
        pytest.param('{{ define "t" }}{{ steps.a }}{{ end }}', [], id="what is never called"),
        pytest.param('{{ "steps.a" }}{{/* steps.b */}}', [], id="text and comment"),
    ],
)
def test_a_template_mentions_what_it_leads_to_from_the_root(
    template: str, expected: list[str]
) -> None:
    """Steps wait for the steps that they mention, however that is written."""
    assert [".".join(path) for path in templates.references(template)] == expected


def test_references_are_listed_in_order_and_unreadable_ones_passed_over() -> None:
    value = ["{{ steps.b.output.x }}", {"k": "{{ f x }}"}, "{{ steps['a'].output }}"]

    assert templates.references(value) == [("steps", "b", "output", "x"), ("steps", "a", "output")]


@pytest.mark.parametrize("value", [1, None, True, 2.5, {}, [], "plain", {"a": [1]}], ids=repr)
def test_what_is_no_template_has_nothing_wrong_with_it(value: Any) -> None:
    assert templates.check(value, ()) == []
    assert templates.references(value) == []
