"""Schemas and values that mean harm: they are answered, and soon."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runwright.rules.schemas import schema_problems, violations, with_defaults

pytestmark = pytest.mark.timeout(10)
"""Seconds: what is counted here takes about one, and machines differ."""

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
keywords = st.sampled_from(
    ["type", "properties", "items", "allOf", "anyOf", "not", "$ref", "required", "enum", "pattern"]
)
schemas = st.recursive(
    st.one_of(st.sampled_from(["string", "object", "#", "#/properties/a", "("]), json_values),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(keywords, inner, max_size=4)
    ),
    max_leaves=10,
)


def test_a_schema_that_doubles_at_every_reference_does_not_hang() -> None:
    definitions: dict[str, Any] = {
        f"d{level}": {"allOf": [{"$ref": f"#/definitions/d{level + 1}"}] * 2} for level in range(40)
    }
    schema = {"$ref": "#/definitions/d0", "definitions": {**definitions, "d40": {"type": "string"}}}

    (problem,) = violations(schema, "fits", "x")

    assert "too many references" in problem.message
    assert [str(one) for one in violations(schema, 1, "x")] == ["x: must be text, not 1"]


@pytest.mark.parametrize("depth", [65, 5_000])
def test_a_schema_that_is_too_deep_is_refused(depth: int) -> None:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"items": schema}

    assert "64 deep" in schema_problems(schema)[0].message


def test_a_value_that_is_too_deep_is_refused() -> None:
    value: dict[str, Any] = {}
    for _ in range(400):
        value = {"next": value}

    (problem,) = violations({"properties": {"next": {"$ref": "#"}}}, value, "x")

    assert "more than 128 deep" in problem.message


@given(schemas, json_values)
def test_no_schema_breaks_anything(schema: Any, value: Any) -> None:
    schema_problems(schema)
    violations(schema, value)
    violations(schema, value, templates=True)
    with_defaults(schema, value)


_HOSTILE = "^(a+)+$"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"pattern": _HOSTILE}, "a" * 40 + "!"),
        ({"propertyNames": {"pattern": _HOSTILE}}, {"a" * 40 + "!": 1}),
        (
            {"patternProperties": {_HOSTILE: True}, "additionalProperties": False},
            {"a" * 40 + "!": 1},
        ),
        (
            {"patternProperties": {_HOSTILE: True}, "additionalProperties": {"type": "null"}},
            {"a" * 40 + "!": 1},
        ),
    ],
    ids=["pattern", "names", "nothing else", "something else"],
)
def test_a_hostile_pattern_is_answered_at_once(schema: object, value: object) -> None:
    """An engine that tries every way would hold the whole process for hours."""
    assert len(violations(schema, value)) == 1


_MANY: Final = 3_000


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param(
            {"items": {"enum": [{"a": number} for number in range(_MANY)]}},
            [{"b": number} for number in range(_MANY)],
            id="many entries of many kinds",
        ),
        pytest.param(
            {"items": {"anyOf": [{"const": number} for number in range(_MANY)]}},
            [-1] * _MANY,
            id="many alternatives",
        ),
        pytest.param(
            {"patternProperties": {f"a{number}": {} for number in range(_MANY)}},
            {f"b{number}": 1 for number in range(_MANY)},
            id="many patterns",
        ),
        pytest.param(
            {"allOf": [{"$ref": "#/definitions/a"}] * _MANY}
            | {"definitions": {"a": {"uniqueItems": True}}},
            list(range(_MANY)),
            id="many looks at a long list",
        ),
    ],
)
def test_what_would_take_too_long_to_judge_is_refused(schema: object, value: object) -> None:
    """Where a run waits for the answer, nothing else of it gets on."""
    (problem,) = violations(schema, value, "x")

    assert str(problem) == "x: to hold it against the schema takes more than 100000 steps"


def test_a_long_list_of_objects_that_must_differ_is_judged_at_once() -> None:
    schema = {"uniqueItems": True}
    entries: list[Any] = [{"id": number} for number in range(20_000)]

    assert violations(schema, entries, "x") == []
    assert [str(one) for one in violations(schema, [*entries, {"id": 0.0}], "x")] == [
        "x: holds an entry twice"
    ]


def test_true_is_not_the_same_as_one() -> None:
    schema = {"uniqueItems": True}

    assert violations(schema, [1, True, 0, False, "1", [1], [True]]) == []
    assert len(violations(schema, [{"a": [1]}, {"a": [1.0]}])) == 1


def test_no_more_problems_are_listed_than_anybody_reads() -> None:
    assert len(violations({"items": {"type": "string"}}, list(range(50_000)))) == 1_000


@pytest.mark.parametrize("is_closed", [False, True], ids=["a chain", "a circle"])
def test_a_long_chain_of_references_is_followed_once(*, is_closed: bool) -> None:
    following = [f"#/definitions/d{number + 1}" for number in range(_MANY)]
    definitions: dict[str, Any] = {
        f"d{number}": {"allOf": [{"$ref": target}]} for number, target in enumerate(following)
    }
    definitions[f"d{_MANY}"] = {"$ref": "#/definitions/d0"} if is_closed else {}

    problems = schema_problems({"definitions": definitions}, "s")

    expected = ["s: the schema refers to itself without end"] if is_closed else []
    assert [str(problem) for problem in problems] == expected
