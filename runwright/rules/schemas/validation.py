"""Whether a value fits a schema."""

from typing import Any, Final

from runwright.errors import Problem
from runwright.rules.schemas.definitions import prepared, schema_problems
from runwright.rules.schemas.dialect import problems_of_value
from runwright.rules.shapes import is_deeper_than

_DEEPEST: Final = 128
"""As deep as a template may be; a library that follows a value further may crash."""


def violations(
    schema: Any, value: Any, path: str = "", *, templates: bool = False
) -> list[Problem]:
    """Return the places where a JSON value does not fit a schema, ordered by place.

    `path` is where the value stands. What stands for a value in a store fits everywhere, and with
    `templates` a template does, too: what it comes to is not known yet. A schema that cannot be
    applied is a problem as well.

    Source: bobrapet, schema validation.
    """
    if faults := schema_problems(schema):
        place, message = faults[0].path or "the schema", faults[0].message
        return [Problem(path, f"cannot be checked, for its schema is invalid: {place}: {message}")]
    if is_deeper_than(_DEEPEST, value):
        message = f"objects and lists lie within each other more than {_DEEPEST} deep"
        return [Problem(path, message)]
    return problems_of_value(prepared(schema), value, path, templates=templates)
