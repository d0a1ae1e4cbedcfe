"""The defaults that a schema holds."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runwright.rules.schemas.references import is_reference
from runwright.rules.shapes import is_list, is_object

_DEEPEST: Final = 32


def with_defaults(schema: Mapping[str, Any] | None, value: Any) -> Any:
    """Return the value with every property it lacks set to its schema's default.

    What the value holds is never changed. An object that is missing as a whole is made when one of
    its properties has a default. Neither references nor alternatives are followed.

    Source: bobrapet, ApplySchemaDefaults.
    """
    return _filled(schema, value, 0)


def _filled(schema: Any, value: Any, depth: int) -> Any:
    if not is_object(schema) or not is_object(value) or depth > _DEEPEST:
        return value
    if is_reference(value):
        return value  # with more in it, it would be none
    filled: Any = dict(value)
    for part in _listed(schema.get("allOf")):
        filled = _filled(part, filled, depth + 1)
    for name, rule in _fields(schema.get("properties")).items():
        if name in filled:
            filled[name] = _filled(rule, filled[name], depth + 1)
        elif is_object(rule):
            filled |= _made(name, rule, depth + 1)
    return filled


def _made(name: str, rule: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if "default" in rule:
        return {name: copy.deepcopy(rule["default"])}
    if rule.get("type", "object") != "object":
        return {}
    made = _filled(rule, {}, depth)
    return {name: made} if made else {}


def _fields(value: Any) -> Mapping[str, Any]:
    return value if is_object(value) else {}


def _listed(value: Any) -> Sequence[Any]:
    return value if is_list(value) else ()
