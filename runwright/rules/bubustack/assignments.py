"""Inputs as they are given on a command line: `tag=v1`, `deploy.replicas=3`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from runwright.errors import Problem
from runwright.rules.documents.scalars import NoScalarError, scalar_value
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.shapes import is_object
from runwright.rules.wording import quoted, written

_FLOW: Final = ("[", "{", '"', "'")
"""How a value begins that is YAML or JSON of its own, and not one plain scalar."""


def assigned(
    texts: Iterable[str], base: Mapping[str, Any] | None = None, schema: Any = None
) -> tuple[dict[str, Any], list[Problem]]:
    """Return `base` with each `key=value` set in it, and what is wrong with the texts.

    A value is read as a manifest reads it, so `3`, `true` and `null` are no text; one that begins
    with a bracket or a quote is read as YAML. Where `schema` asks for text, such a scalar is text
    as it stands. A dot in a key leads into an object.
    """
    inputs = dict(base or {})
    problems: list[Problem] = []
    for text in texts:
        key, equals, value = text.partition("=")
        path = key.split(".")
        try:
            if not equals or not all(path):
                message = f"{quoted(text)} is not of the form key=value"
                raise NoScalarError(message)
            inputs = _with(inputs, path, _read(value, is_text=_asks_for_text(schema, path)))
        except ValueError as error:
            problems.append(Problem(f"inputs.{key}", str(error)))
    return inputs, problems


def merged(base: Mapping[str, Any], upon: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, where `upon` wins; objects that both have are merged in their turn."""
    return {**base, **{key: _merged(base.get(key), value) for key, value in upon.items()}}


def _merged(base: Any, upon: Any) -> Any:
    return merged(base, upon) if is_object(base) and is_object(upon) else upon


def _with(inputs: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    key, *rest = path
    if not rest:
        return {**inputs, key: value}
    inner = inputs.get(key, {})
    if not is_object(inner):
        message = f"{key} is {written(inner)}, which holds no {'.'.join(rest)}"
        raise NoScalarError(message)
    return {**inputs, key: _with(inner, rest, value)}


def _asks_for_text(schema: Any, path: list[str]) -> bool:
    for key in path:
        properties = schema.get("properties") if is_object(schema) else None
        schema = properties.get(key) if is_object(properties) else None
    return is_object(schema) and schema.get("type") == "string"


def _read(text: str, *, is_text: bool) -> Any:
    if not text:
        return ""  # nothing said in a shell is an empty text, where a manifest would say null
    if not text.startswith(_FLOW):
        if is_text:
            return text
        plain = yaml.ScalarEvent(anchor=None, tag=None, implicit=(True, False), value=text)
        return scalar_value(plain)
    documents = list(read_documents(text))
    if problems := [problem.message for document in documents for problem in document.problems]:
        raise NoScalarError("; ".join(problems))
    return documents[0].value if documents else None
