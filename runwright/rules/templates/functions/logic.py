"""Functions that choose, and those that say what a value is.

Source: Sprig, defaults and reflection.
"""

from typing import Any, Final

from runwright.rules.templates.functions.registry import Functions, function
from runwright.rules.templates.values.comparison import deep_equal
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import go_type, is_true
from runwright.rules.templates.values.printing import type_name


def is_empty(value: Any) -> bool:
    """Return whether a value is null or the zero of its type: 0, false, an empty text or list."""
    return not is_true(value)


def _default(substitute: Any, *given: Any) -> Any:
    return substitute if not given or is_empty(given[0]) else given[0]


def _first_of(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


def _all(*values: Any) -> bool:
    return not any(map(is_empty, values))


def _any(*values: Any) -> bool:
    return not all(map(is_empty, values))


def _chosen(if_true: Any, if_false: Any, which: bool) -> Any:  # noqa: FBT001 - as templates give it
    return if_true if which else if_false


def _is_type(wanted: str, value: Any) -> bool:
    return type_name(value) == wanted


def _is_type_like(wanted: str, value: Any) -> bool:
    return type_name(value) in {wanted, f"*{wanted}"}


def _kind(value: Any) -> str:
    return go_type(value).kind_name


def _is_kind(wanted: str, value: Any) -> bool:
    return _kind(value) == wanted


def _fail(message: str) -> str:
    raise ExpressionError(message)


LOGIC: Final[Functions] = {
    "default": function(_default, "any any..."),
    "empty": function(is_empty, "any"),
    "coalesce": function(_first_of, "any..."),
    "all": function(_all, "any..."),
    "any": function(_any, "any..."),
    "ternary": function(_chosen, "any any bool"),
    "typeOf": function(type_name, "any", takes_offloaded=True),
    "typeIs": function(_is_type, "text any", takes_offloaded=True),
    "typeIsLike": function(_is_type_like, "text any", takes_offloaded=True),
    "kindOf": function(_kind, "any", takes_offloaded=True),
    "kindIs": function(_is_kind, "text any", takes_offloaded=True),
    "deepEqual": function(deep_equal, "any any", goes_deep=True),
    "fail": function(_fail, "text"),
}
