"""JSON Schema as BubuStack applies it."""

import json
from typing import Any

import pytest

from runwright.rules.schemas import schema_problems, violations, with_defaults


def test_every_violation_is_reported_in_the_order_of_its_place() -> None:
    schema = {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 1},
            "tags": {"type": "array", "items": {"$ref": "#/definitions/tag"}},
        },
        "required": ["name"],
        "additionalProperties": False,
        "definitions": {"tag": {"enum": ["a", "b"]}},
    }
    value = {"tags": ["a", "c", 1], "count": 0, "coutn": 2}

    problems = violations(schema, value, "spec.inputs")

    assert [str(problem) for problem in problems] == [
        "spec.inputs.count: must be at least 1, not 0",
        'spec.inputs.coutn: there is no field "coutn" (did you mean "count"?)',
        "spec.inputs.name: is required",
        'spec.inputs.tags[1]: must be "a" or "b", not "c"',
        'spec.inputs.tags[2]: must be "a" or "b", not 1',
    ]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        pytest.param({"type": "integer"}, "3", 'must be a whole number, not "3"', id="type"),
        pytest.param({"type": ["string", "null"]}, 3, "must be text or null, not 3", id="types"),
        pytest.param({"const": 1}, 2, "must be 1", id="const"),
        pytest.param({"minLength": 1}, "", "must have at least 1 character, has 0", id="length"),
        pytest.param({"maxItems": 2}, [1, 2, 3], "must have at most 2 entries, has 3", id="items"),
        pytest.param({"pattern": "^a"}, "b", "must match the pattern ^a", id="pattern"),
        pytest.param(
            {"format": "date-time"}, "today", "must be of the form date-time", id="format"
        ),
        pytest.param({"not": {"type": "null"}}, None, "must not be of this kind", id="not"),
        pytest.param({"uniqueItems": True}, [1, 1], "holds an entry twice", id="unique"),
        pytest.param(False, 1, "nothing is allowed here", id="false"),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            1,
            "must be text, not 1, or must be null, not 1",
            id="alternatives",
        ),
        pytest.param({"oneOf": [{}, {}]}, 1, "fits more than one", id="too many alternatives"),
        pytest.param(
            {"dependencies": {"a": ["b"]}}, {"a": 1}, "that another one of its fields", id="depends"
        ),
    ],
)
def test_a_violation_is_said_in_words(schema: Any, value: Any, message: str) -> None:
    (problem,) = violations(schema, value, "x")

    assert problem.path == "x"
    assert message in problem.message


@pytest.mark.parametrize("schema", [{"type": "null"}, {"enum": [1]}, {"maxLength": 1}])
def test_a_message_does_not_repeat_a_long_value(schema: Any) -> None:
    """It goes into conditions and logs, which are no place for a document."""
    (problem,) = violations(schema, "s" * 5_000, "x")

    assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("schema", "path", "message"),
    [
        pytest.param([], "s", "must be an object", id="no object"),
        pytest.param({"type": "strin"}, "s.type", 'not "strin"', id="unknown type"),
        pytest.param(
            {"properties": {"a": 5}}, "s.properties.a", "must be an object", id="property"
        ),
        pytest.param({"pattern": "("}, "s.pattern", "must be of the form regex", id="pattern"),
        pytest.param(
            {"pattern": "(?=a)b"}, "s.pattern", "must be of the form regex", id="look-ahead"
        ),
        pytest.param(
            {"patternProperties": {"(a)\\1": {}}},
            "s.patternProperties",
            "must be of the form regex",
            id="back reference",
        ),
        pytest.param(
            {"required": True}, "s.required", "must be a list", id="required of the whole"
        ),
        pytest.param({"$ref": "http://a/b"}, "s.$ref", "leads out of the schema", id="remote"),
        pytest.param({"$ref": "other.json#/a"}, "s.$ref", "leads out of the schema", id="file"),
        pytest.param({"$ref": "#/definitions/a"}, "s.$ref", "leads nowhere", id="lost"),
        pytest.param(
            {"$ref": "#/enum/0", "enum": [{}]},
            "s.$ref",
            "does not lead to a schema",
            id="no schema",
        ),
        pytest.param({"$ref": "#"}, "s", "refers to itself without end", id="itself"),
        pytest.param(
            {"definitions": {"a": {"allOf": [{"$ref": "#/definitions/a"}]}}},
            "s",
            "refers to itself without end",
            id="itself by way of allOf",
        ),
    ],
)
def test_a_schema_that_is_none_is_refused(schema: Any, path: str, message: str) -> None:
    (problem,) = schema_problems(schema, "s")

    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({}, id="empty"),
        pytest.param(True, id="boolean"),
        pytest.param({"properties": {"a": {"$ref": "#"}}}, id="a tree"),
        pytest.param({"$schema": "https://json-schema.org/draft/2020-12/schema"}, id="dialect"),
        pytest.param(
            {"$id": "http://x/y", "items": {"$ref": "#/definitions/a"}}
            | {"definitions": {"a": {"$id": "z"}}},
            id="addresses",
        ),
        pytest.param(
            {"properties": {"a": {"required": True}, "b": {"required": False}}}, id="lifted"
        ),
    ],
)
def test_a_schema_is_accepted(schema: Any) -> None:
    assert schema_problems(schema) == []


def test_a_property_may_say_of_itself_that_it_is_required() -> None:
    schema = {"properties": {"a": {"required": True}, "b": {"required": False}, "c": {}}}

    problems = violations(schema, {}, "inputs")

    assert [str(problem) for problem in problems] == ["inputs.a: is required"]
    assert schema["properties"]["a"] == {"required": True}


def test_a_property_that_is_required_may_require_some_of_its_own() -> None:
    inner = {"required": True, "properties": {"b": {"required": True}}}
    schema = {"required": ["c"], "properties": {"a": inner}}

    assert [str(one) for one in violations(schema, {}, "x")] == [
        "x.a: is required",
        "x.c: is required",
    ]
    assert [str(one) for one in violations(schema, {"a": {}, "c": 1}, "x")] == [
        "x.a.b: is required"
    ]


def test_a_template_fits_everywhere_when_asked_for() -> None:
    schema = {
        "properties": {
            "count": {"type": "integer", "enum": [1, 2]},
            "nested": {"oneOf": [{"properties": {"n": {"type": "integer"}}}, {"type": "null"}]},
            "list": {"items": {"type": "boolean"}, "maxItems": 2},
        }
    }
    value = {
        "count": "{{ inputs.n }}",
        "nested": {"n": "{{ inputs.n }}"},
        "list": ["{{ inputs.a }}", "no", True],
    }

    problems = violations(schema, value, "with", templates=True)

    assert [problem.path for problem in problems] == ["with.list", "with.list[1]"]
    assert len(violations(schema, value, "with")) > len(problems)


STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 1, "enum": [1, 2]},
        "list": {"type": "array", "items": {"type": "string"}, "maxItems": 1},
        "nested": {"type": "object", "required": ["a"], "additionalProperties": False},
        "one": {"oneOf": [{"type": "null"}, {"const": 1}]},
    },
}


@pytest.mark.parametrize(
    "reference",
    [
        {"$bubuStorageRef": "outputs/default/run-a/count.json"},
        {
            "$bubuStorageRef": "outputs/x.json",
            "$bubuStoragePath": "a.b",
            "$bubuStorageContentType": "json",
            "$bubuStorageSchema": "bubu://story/default/release/output",
            "$bubuStorageSchemaVersion": "v1",
        },
        {"$bubuConfigMapRef": "settings:count"},
        {"$bubuSecretRef": "default/passwords:admin"},
        {"$bubuSecretRef": {"name": "passwords", "key": "admin", "format": "raw"}},
    ],
    ids=["store", "store, in full", "configmap", "secret", "secret in fields"],
)
@pytest.mark.parametrize("templates", [False, True], ids=["at the end", "at admission"])
def test_a_reference_into_a_store_fits_everywhere(
    reference: dict[str, Any], *, templates: bool
) -> None:
    """What it stands for, whoever wrote it there has judged."""
    for field in STRICT["properties"]:
        assert violations(STRICT, {field: reference}, "x", templates=templates) == []
    assert violations(STRICT, {"list": [reference]}, "x", templates=templates) == []
    assert violations(STRICT, reference, "x", templates=templates) == []


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"$bubuStorageRef": ""},
        {"$bubuStorageRef": 1},
        {"$bubuStorageRef": "x", "more": "y"},
        {"$bubuStoragePath": "a"},
        {"$bubuSecretRef": "no-key"},
        {"$bubuSecretRef": ":key"},
        {"$bubuSecretRef": {"name": "a"}},
        {"$bubuSecretRef": {"name": "a", "key": "b", "more": "c"}},
        {"$bubuSecretRef": "a:b", "$bubuConfigMapRef": "a:b"},
    ],
    ids=str,
)
def test_what_only_looks_like_a_reference_is_judged(value: dict[str, Any]) -> None:
    (problem,) = violations(STRICT, {"count": value}, "x")[:1]

    assert problem.path == "x.count"


def test_a_schema_is_no_value_and_has_no_references_in_it() -> None:
    schema = {"properties": {"a": {"type": {"$bubuSecretRef": "a:b"}}}}

    (problem,) = schema_problems(schema, "s")

    assert problem.path == "s.properties.a.type"


def test_a_wrapped_template_fits_everywhere_when_asked_for() -> None:
    value = {"count": {"$bubuTemplate": "{{ inputs.n }}", "$bubuTemplateVars": {"x": 1}}}

    assert violations(STRICT, value, "x", templates=True) == []
    assert violations(STRICT, value, "x") != []


def test_an_invalid_schema_is_said_instead_of_judging_by_it() -> None:
    (problem,) = violations({"properties": {"a": {"type": "strin"}}}, {"a": 1}, "inputs")

    assert str(problem).startswith("inputs: cannot be checked, for its schema is invalid: ")
    assert "properties.a.type" in problem.message


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        pytest.param(
            {"properties": {"a": {"default": 1}, "b": {"default": 2}}},
            {"b": None},
            {"a": 1, "b": None},
            id="case 51: only what is missing",
        ),
        pytest.param(
            {"properties": {"o": {"properties": {"a": {"default": 1}, "b": {"default": 2}}}}},
            {"o": {"a": 0}},
            {"o": {"a": 0, "b": 2}},
            id="case 51: nested",
        ),
        pytest.param(
            {"properties": {"o": {"type": "object", "properties": {"a": {"default": 1}}}}},
            {},
            {"o": {"a": 1}},
            id="an object is made for its defaults",
        ),
        pytest.param({"properties": {"o": {"properties": {"a": {}}}}}, {}, {}, id="none is made"),
        pytest.param(
            {"allOf": [{"properties": {"a": {"default": 1}}}]}, {}, {"a": 1}, id="every allOf"
        ),
        pytest.param({"properties": {"a": {"default": 1}}}, "text", "text", id="no object"),
        pytest.param(None, {"a": 1}, {"a": 1}, id="no schema"),
    ],
)
def test_defaults_fill_what_is_missing(schema: Any, value: Any, expected: Any) -> None:
    before = json.dumps(value)

    assert with_defaults(schema, value) == expected
    assert json.dumps(value) == before


@pytest.mark.parametrize(("depth", "filled"), [(31, True), (32, False)])
def test_case_51_defaults_reach_thirty_two_levels_deep(depth: int, *, filled: bool) -> None:
    schema: dict[str, Any] = {"properties": {"end": {"default": 1}}}
    value: dict[str, Any] = {}
    for _ in range(depth + 1):
        schema, value = {"properties": {"in": schema}}, {"in": value}

    found = with_defaults(schema, value)

    for _ in range(depth + 1):
        found = found["in"]
    assert found == ({"end": 1} if filled else {})


def test_a_reference_gets_no_defaults() -> None:
    """With more in it, it would be none."""
    schema = {"properties": {"o": {"properties": {"a": {"default": 1}}}}}
    value = {"o": {"$bubuStorageRef": "x"}}

    assert with_defaults(schema, value) == value


def test_a_default_is_nobody_elses() -> None:
    schema: dict[str, Any] = {"properties": {"a": {"default": []}}}

    with_defaults(schema, {})["a"].append(1)

    assert with_defaults(schema, {}) == {"a": []}


def test_what_fits_a_pattern_is_judged_by_its_schema_and_by_no_other() -> None:
    schema = {
        "properties": {"name": {"type": "string"}},
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": {"type": "null"},
    }

    problems = violations(schema, {"name": "a", "x-a": "1", "x-b": 1, "other": 2, "free": None})

    assert [str(problem) for problem in problems] == [
        "other: must be null, not 2",
        'x-a: must be a whole number, not "1"',
    ]
