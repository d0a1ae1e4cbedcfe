"""Whether a schema is one."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Final

from runwright.errors import Problem
from runwright.rules.circles import circles
from runwright.rules.schemas.dialect import problems_of_definition
from runwright.rules.schemas.structure import mapped, parts, resolve
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import child, quoted

_DEEPEST: Final = 64
_ANNOTATIONS: Final = frozenset({"$id", "$schema"})


def schema_problems(schema: Any, path: str = "") -> list[Problem]:
    """Return everything that keeps a schema from being applied, with `path` as where it stands.

    A reference that leaves the schema is such a thing: nothing is ever fetched.
    """
    if isinstance(schema, bool):
        return []
    if not is_object(schema):
        return [Problem(path, "a schema must be an object")]
    if _is_too_deep(schema):
        return [Problem(path, f"schemas lie within each other more than {_DEEPEST} deep")]
    root = prepared(schema)
    return problems_of_definition(root, path) or _reference_problems(root, path)


def prepared(schema: Any) -> Any:
    """Return the schema in the form that draft 7 knows, references and places unchanged.

    A property that says of itself `required: true` is listed by its parent instead. What would
    give the schema another dialect or address is dropped.

    Source: bobrapet, schema validation.
    """
    if not is_object(schema):
        return schema
    known = {keyword: value for keyword, value in schema.items() if keyword not in _ANNOTATIONS}
    return mapped(_with_required_lifted(known), prepared)


def _with_required_lifted(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose properties say no more of themselves that they are required.

    From the outside in: a property may say so, and have properties of its own that do.
    """
    properties, listed = schema.get("properties"), schema.get("required", [])
    if not is_object(properties):
        return schema
    lifted = [name for name, rule in properties.items() if _own_required(rule) is True]
    names = {"required": list(dict.fromkeys([*listed, *lifted]))} if is_list(listed) else {}
    plain = {name: _without_own_required(rule) for name, rule in properties.items()}
    return {**schema, "properties": plain, **(names if lifted else {})}


def _own_required(rule: Any) -> bool | None:
    """Return what a property says of itself; None: nothing."""
    own = rule.get("required") if is_object(rule) else None
    return own if isinstance(own, bool) else None


def _without_own_required(rule: Any) -> Any:
    if _own_required(rule) is None:
        return rule
    return {keyword: value for keyword, value in rule.items() if keyword != "required"}


def _is_too_deep(schema: Any, depth: int = 0) -> bool:
    if not is_object(schema):
        return False
    if depth > _DEEPEST:
        return True
    return any(_is_too_deep(part.schema, depth + 1) for part in parts(schema))


def _reference_problems(root: Any, path: str) -> list[Problem]:
    schemas = list(_walk(root, path))
    places = {id(schema) for _, schema in schemas}
    problems = [
        Problem(child(where, "$ref"), f"{quoted(str(schema['$ref']))} {trouble}")
        for where, schema in schemas
        if "$ref" in schema and (trouble := _trouble(root, schema["$ref"], places))
    ]
    if problems or not _returns_to_itself([schema for _, schema in schemas], root):
        return problems
    return [Problem(path, "the schema refers to itself without end")]


def _trouble(root: Any, reference: Any, places: Set[int]) -> str:
    try:
        target = resolve(root, reference)
    except LookupError as error:
        return str(error.args[0])
    return "" if isinstance(target, bool) or id(target) in places else "does not lead to a schema"


def _walk(schema: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not is_object(schema):
        return
    yield path, schema
    for part in parts(schema):
        place = path
        for key in part.keys:
            place = child(place, key)
        yield from _walk(part.schema, place)


def _returns_to_itself(schemas: Iterable[Mapping[str, Any]], root: Any) -> bool:
    """Return whether applying one of them leads back to it without going into the value."""
    graph = {
        id(schema): [id(one) for one in _next(schema, root) if is_object(one)] for schema in schemas
    }
    return next(circles(graph), None) is not None


def _next(schema: Mapping[str, Any], root: Any) -> list[Any]:
    if "$ref" in schema:
        return [resolve(root, schema["$ref"])]
    return [part.schema for part in parts(schema) if part.judges_the_same_value]
