"""Functions about lists.

Source: Sprig, list functions.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from runwright.rules.templates.functions.conversion import whole
from runwright.rules.templates.functions.logic import is_empty
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.comparison import deep_equal
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Kind, NilList, Strings, kind_of
from runwright.rules.templates.values.printing import type_name

_List = Sequence[Any]


def _must_be_list(value: Any) -> None:
    if kind_of(value) is not Kind.SLICE:
        message = f"a value of type {type_name(value)} is no list"
        raise ExpressionError(message)


def _make(*values: Any) -> list[Any]:
    return list(values)


def _appended(value: _List, entry: Any) -> list[Any]:
    _must_be_list(value)
    return [*value, entry]


def _prepended(value: _List, entry: Any) -> list[Any]:
    _must_be_list(value)
    return [entry, *value]


def _first(value: _List) -> Any:
    _must_be_list(value)
    return value[0] if value else None


def _last(value: _List) -> Any:
    _must_be_list(value)
    return value[-1] if value else None


def _rest(value: _List) -> list[Any]:
    _must_be_list(value)
    return list(value[1:]) if value else NilList()


def _initial(value: _List) -> list[Any]:
    _must_be_list(value)
    return list(value[:-1]) if value else NilList()


def _reversed(value: _List) -> list[Any]:
    _must_be_list(value)
    return list(value[::-1])


def _compact(value: _List) -> list[Any]:
    _must_be_list(value)
    return [entry for entry in value if not is_empty(entry)]


def _is_within(surroundings: Surroundings, entries: _List, wanted: Any) -> bool:
    surroundings.allowance.spend(len(entries))
    return any(deep_equal(entry, wanted) for entry in entries)


def _unique(surroundings: Surroundings, value: _List) -> list[Any]:
    _must_be_list(value)
    result: list[Any] = []
    for entry in value:
        if not _is_within(surroundings, result, entry):
            result.append(entry)
    return result


def _without(surroundings: Surroundings, value: _List, *unwanted: Any) -> list[Any]:
    _must_be_list(value)
    return [entry for entry in value if not _is_within(surroundings, unwanted, entry)]


def _has(surroundings: Surroundings, wanted: Any, value: _List | None) -> bool:
    if value is None:
        return False
    _must_be_list(value)
    return _is_within(surroundings, value, wanted)


def _slice(value: _List, *bounds: Any) -> Any:
    """Return the entries from the first bound to the second; null where there are none at all."""
    _must_be_list(value)
    if not value:
        return None
    start = whole(bounds[0]) if bounds else 0
    end = whole(bounds[1]) if len(bounds) > 1 else len(value)
    if not 0 <= start <= end <= len(value):
        message = f"there is nothing from {start} to {end} in a list of {len(value)}"
        raise ExpressionError(message)
    part = value[start:end]
    return Strings(part) if isinstance(value, Strings) else part


def _concatenated(*values: Any) -> list[Any]:
    result: list[Any] = []
    for value in values:
        _must_be_list(value)
        result += value
    return result or NilList()


def _each(call: Callable[..., Any], signature: str, *names: str, **traits: bool) -> Functions:
    """Return a function under several names; those with `must` differ in Go's errors only."""
    return dict.fromkeys(names, function(call, signature, **traits))


LISTS: Final[Functions] = {
    **_each(_make, "any...", "list", "tuple"),
    **_each(_appended, "any any", "append", "push", "mustAppend", "mustPush"),
    **_each(_prepended, "any any", "prepend", "mustPrepend"),
    **_each(_first, "any", "first", "mustFirst"),
    **_each(_last, "any", "last", "mustLast"),
    **_each(_rest, "any", "rest", "mustRest"),
    **_each(_initial, "any", "initial", "mustInitial"),
    **_each(_reversed, "any", "reverse", "mustReverse"),
    **_each(_compact, "any", "compact", "mustCompact", slow=True),
    **_each(_unique, "any", "uniq", "mustUniq", asks=True, goes_deep=True),
    **_each(_without, "any any...", "without", "mustWithout", asks=True, goes_deep=True),
    **_each(_has, "any any", "has", "mustHas", asks=True, goes_deep=True),
    **_each(_slice, "any any...", "slice", "mustSlice"),
    "concat": function(_concatenated, "any..."),
}
