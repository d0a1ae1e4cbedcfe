"""Structural schemas: JSON Schema as far as a CustomResourceDefinition may use it.

Source: Kubernetes, "Extend the Kubernetes API with CustomResourceDefinitions", "Specifying a
structural schema".
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from runwright.rules.crds.descriptions import DescribedJsonSchema, summary

Schema = dict[str, Any]
FREE: Final = "x-kubernetes-preserve-unknown-fields"

_AS_IT_IS: Final = (
    *("type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum"),
    *("minItems", "maxItems"),
)
_HANDLED: Final = frozenset(
    {
        *_AS_IT_IS,
        *("$defs", "$ref", "additionalProperties", "anyOf", "const", "default", "description"),
        *("enum", "items", "properties", "required", "title"),
    }
)
_INT32: Final = range(-(2**31), 2**31)


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the structural schema of a model, in which no part is shared with another.

    Every restriction of the model is in it, but for those that are functions: a duration is any
    text. A value of free shape keeps fields that nobody knows. Of the defaults those that are a
    word are in it; an empty or a zero one says no more than the field's absence.

    Raises:
        ValueError: the model says something that a structural schema cannot.
    """
    generated = model.model_json_schema(schema_generator=DescribedJsonSchema)
    return _structural(generated, generated.get("$defs", {}))


def _structural(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    schema = _resolved(schema, definitions)
    if unknown := schema.keys() - _HANDLED:
        message = f"a structural schema has no {sorted(unknown)[0]!r}: {dict(schema)}"
        raise ValueError(message)
    made = _described(schema) | {word: schema[word] for word in _AS_IT_IS if word in schema}
    made |= _values(schema)
    if schema.get("type") == "integer":
        made = _sized(made)
    if "items" in schema:
        made["items"] = _structural(schema["items"], definitions)
    return made | _fields(schema, definitions)


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Mapping[str, Any]:
    """Return the schema with what it refers to in it; what stands beside a reference wins.

    That a value may be null is left out: the API server drops a null field before it looks.
    """
    if "$ref" in schema:
        beside = {word: value for word, value in schema.items() if word != "$ref"}
        named = definitions[schema["$ref"].removeprefix("#/$defs/")]
        return _resolved({**named, **beside}, definitions)
    if "anyOf" in schema:
        beside = {word: value for word, value in schema.items() if word != "anyOf"}
        choices = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        if len(choices) != 1:
            message = f"a structural schema knows no choice of shapes: {dict(schema)}"
            raise ValueError(message)
        return _resolved({**choices[0], **beside}, definitions)
    return schema


def _described(schema: Mapping[str, Any]) -> Schema:
    described = schema.get("description")
    return {"description": summary(described)} if described else {}


def _values(schema: Mapping[str, Any]) -> Schema:
    made: Schema = {}
    if isinstance(schema.get("default"), str) and schema["default"]:
        made["default"] = schema["default"]
    if "const" in schema:
        made["enum"] = [schema["const"]]
    if "enum" in schema:
        made["enum"] = list(schema["enum"])
    return made


def _sized(schema: Schema) -> Schema:
    """Return the schema of an integer with its size as format, in place of what that implies.

    The bounds of an int64 would be written as floating point, and be wrong.
    """
    rest = {word: value for word, value in schema.items() if word not in {"minimum", "maximum"}}
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    rest["format"] = "int64" if highest is None or highest > _INT32[-1] else "int32"
    if lowest is not None and lowest > _INT32[0]:
        rest["minimum"] = lowest
    if highest is not None and highest < _INT32[-1]:
        rest["maximum"] = highest
    return rest


def _fields(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    made: Schema = {}
    others = schema.get("additionalProperties")
    if others is True or "type" not in schema:
        made[FREE] = True
    elif others:
        made["additionalProperties"] = _structural(others, definitions)
    if "properties" in schema:
        fields = schema["properties"]
        made["properties"] = {name: _structural(fields[name], definitions) for name in fields}
    if "required" in schema:
        made["required"] = list(schema["required"])
    return made
