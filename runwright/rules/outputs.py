"""Whether what a task wrote is an output: one JSON object that every part of a run can carry."""

import json
import math
from typing import Any, Final, NoReturn

from runwright.rules.shapes import is_deeper_than

_KINDS: Final[dict[type, str]] = {  # of JSON, all but the object
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}
_DEEPEST: Final = 128
"""As deep as templates reach; serializers give up not far beyond."""


class OutputError(ValueError):
    """What was written is no output; says why, as `is not JSON`, without quoting it."""


def read_output(content: bytes) -> dict[str, Any]:
    """Return the object that the text of a task's output holds.

    Raises:
        OutputError: it holds none, or one that cannot be carried to the run.
    """
    try:
        value = json.loads(content.decode(), parse_constant=_refuse, parse_float=_finite_float)
        json.dumps(value, ensure_ascii=False).encode()  # refuses halves of surrogate pairs
    except OutputError:
        raise
    except (ValueError, RecursionError) as error:
        raise OutputError(_fault(error)) from error
    return carried(value)


def carried(value: Any) -> dict[str, Any]:
    """Return the value, read from JSON, as the output that it is.

    Raises:
        OutputError: it is no object, or is nested too deeply.
    """
    if (kind := _kind(value)) is not None:
        message = f"holds {kind}, not an object"
        raise OutputError(message)
    if is_deeper_than(_DEEPEST, value):
        message = f"is nested more than {_DEEPEST} deep"
        raise OutputError(message)
    output: dict[str, Any] = value
    return output


def _kind(value: object) -> str | None:
    return _KINDS.get(type(value))


def _fault(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8: byte {error.start} cannot be read"
    if isinstance(error, UnicodeEncodeError):
        return "holds half of a surrogate pair, which is no character"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return "holds a number with too many digits"


def _refuse(constant: str) -> NoReturn:
    message = f"holds {constant}, which is no JSON"
    raise OutputError(message)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = "holds a number that is too large"
        raise OutputError(message)
    return number
