"""Scalars of YAML as JSON values, as the tools of Kubernetes read them."""

import math
import re
from typing import Any, Final

from runwright.rules.wording import quoted

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = re.compile(r"yes|Yes|YES|on|On|ON|true|True|TRUE")
_FALSE: Final = re.compile(r"no|No|NO|off|Off|OFF|false|False|FALSE")
_INTEGER: Final = re.compile(r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})
_PLAIN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "null")
)


class NoScalarError(ValueError):
    """The scalar is nothing that JSON can hold."""


def scalar_value(event: Any) -> Any:
    """Return the value of a scalar event.

    A date remains text, and so does `12:30`, as for the tools of Kubernetes.

    Raises:
        NoScalarError: it is no JSON value, or has a tag that is not understood.
    """
    is_plain, is_quoted = event.implicit
    if is_quoted or event.tag in _TEXT_TAGS:
        return event.value
    if not is_plain and event.tag not in _PLAIN_TAGS:
        message = f"the tag {quoted(str(event.tag))} is not understood"
        raise NoScalarError(message)
    return _plain(event.value)


def _plain(text: str) -> Any:
    if text in _NULL:
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _NO_NUMBER.fullmatch(text):
        message = f"{text} is not a number that JSON can hold"
        raise NoScalarError(message)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    return _float(text) if _FLOAT.fullmatch(text) else text


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    unsigned = digits.lstrip("+-")
    try:
        if unsigned.startswith("0") and unsigned.isdecimal():
            return int(digits, 8)
        return int(digits, 0)
    except ValueError as error:  # only separators after the prefix, or thousands of digits
        message = f"{quoted(text)} is not a number that can be read"
        raise NoScalarError(message) from error


def _float(text: str) -> float:
    number = float(text.replace("_", ""))
    if not math.isfinite(number):
        message = f"{quoted(text)} is not a number that JSON can hold"
        raise NoScalarError(message)
    return number
