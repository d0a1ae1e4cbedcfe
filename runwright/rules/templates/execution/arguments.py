"""Arguments as Go's templates check them: constants take the type that is asked for.

Source: Go, text/template, evalArg and validateType.
"""

from collections.abc import Mapping
from typing import Any, Final

from runwright.rules.templates.functions.registry import Function, Parameter
from runwright.rules.templates.language.tree import Bool, Nil, Number, Text
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, Int64, StringMap, number
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.printing import type_name
from runwright.rules.templates.values.versions import Version

Constant = Bool | Nil | Number | Text
CONSTANTS: Final = frozenset({Bool, Nil, Number, Text})
_NIL: Final = frozenset({Parameter.ANY, Parameter.OBJECT, Parameter.VERSION})
_PLURAL: Final = {1: "1 argument"}


def check_number(name: str, function: Function, given: int) -> None:
    """Return if a function can have that many arguments.

    Raises:
        ExpressionError: it cannot.
    """
    wanted = len(function.parameters)
    if given == wanted or (given > wanted and function.rest is not None):
        return
    least = "at least " if function.rest is not None else ""
    message = f"{name} takes {least}{_PLURAL.get(wanted, f'{wanted} arguments')}, not {given}"
    raise ExpressionError(message)


def parameter_of(function: Function, index: int) -> Parameter:
    """Return the parameter that an argument is for."""
    if index < len(function.parameters):
        return function.parameters[index]
    return function.rest or Parameter.ANY


def constant(node: Constant, parameter: Parameter) -> Any:
    """Return a constant as the type that a parameter has.

    Raises:
        ExpressionError: it cannot be of that type.
    """
    if isinstance(node, Nil):
        if parameter not in _NIL:
            message = f"nil is no {parameter.value}"
            raise ExpressionError(message)
        return {} if parameter is Parameter.OBJECT else None
    if parameter is Parameter.ANY:
        return ideal(node)
    value = _as_asked(node, parameter)
    if value is None:
        written = node.source if isinstance(node, Number) else node.value
        message = f"{written!s:.80} is no {parameter.value}"
        raise ExpressionError(message)
    return value


def _as_asked(node: Constant, parameter: Parameter) -> Any:
    match node, parameter:
        case Text(), Parameter.TEXT:
            return node.value
        case Bool(), Parameter.BOOL:
            return node.value
        case Number(), Parameter.INT if node.whole is not None:
            return Int(node.whole)
        case Number(), Parameter.INT64 if node.whole is not None:
            return Int64(node.whole)
        case Number(), Parameter.FLOAT:
            return node.decimal
        case _:
            return None


def ideal(node: Bool | Number | Text) -> Any:
    """Return a constant as the type that it shows: `3` an int, `3.0` a float64.

    Raises:
        ExpressionError: it is too large for an int.

    Source: Go, text/template, idealConstant.
    """
    if not isinstance(node, Number):
        return node.value
    if node.pair is not None:
        return node.pair
    if node.decimal is not None and _shows_a_decimal(node.source):
        return node.decimal
    if node.whole is None:
        message = f"{node.source} is too large for an int"
        raise ExpressionError(message)
    return Int(node.whole)


def _shows_a_decimal(source: str) -> bool:
    if source[0] == "'":
        return False
    is_hexadecimal = source[:2] in {"0x", "0X"} and not any(mark in source for mark in "pP")
    return not is_hexadecimal and any(mark in source for mark in ".eEpP")


def fitted(value: Any, parameter: Parameter) -> Any:
    """Return a value if it is of the type that a parameter has.

    Raises:
        ExpressionError: it is of another one.
    """
    if parameter is Parameter.ANY:
        return value
    if parameter is Parameter.OBJECT and value is None:
        return {}
    if parameter is Parameter.VERSION and value is None:
        return None
    if not _is_a(value, parameter):
        message = f"expected {parameter.value}, got {type_name(value)}{_hint(value, parameter)}"
        raise ExpressionError(message)
    return number(value) if parameter is Parameter.FLOAT else value


def _is_a(value: Any, parameter: Parameter) -> bool:
    if parameter is Parameter.FLOAT:
        return type(value) in {int, float}
    if parameter is Parameter.OBJECT:
        return isinstance(value, Mapping) and not isinstance(value, StringMap)
    return isinstance(value, _CLASSES[parameter])


def _hint(value: Any, parameter: Parameter) -> str:
    if parameter is Parameter.INT and isinstance(value, int | float):
        return ": convert it with int"
    if parameter is Parameter.TEXT and value is not None:
        return ": convert it with toString"
    return ""


_CLASSES: Final[Mapping[Parameter, type]] = {
    Parameter.TEXT: str,
    Parameter.INT: Int,
    Parameter.INT64: Int64,
    Parameter.BOOL: bool,
    Parameter.MOMENT: Moment,
    Parameter.VERSION: Version,
}
