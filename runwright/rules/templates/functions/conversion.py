"""Numbers from values of any type, and texts from them.

Source: spf13/cast; Sprig, strval.
"""

import math
import re
from typing import Any, Final

from runwright.rules.templates.language.numbers import read_float, read_whole
from runwright.rules.templates.values.kinds import Int, Int64, Kind, kind_of, number, wrapped
from runwright.rules.templates.values.printing import shown

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
_SPECIAL: Final = re.compile(r"([+-]?)(inf|infinity|nan)", re.IGNORECASE)
_LONGEST: Final = 400


def whole(value: Any) -> int:
    """Return a value as the int64 that Sprig makes of it: 0 where it makes none."""
    match kind_of(value):
        case Kind.BOOL:
            return int(value)
        case Kind.FLOAT:
            return _truncated(number(value))
        case Kind.STRING:
            read = read_whole(value) if len(value) <= _LONGEST else None
            return read if read is not None and _LEAST <= read <= _MOST else 0
        case Kind.INT | Kind.UINT if isinstance(value, Int | Int64) or kind_of(value) is Kind.UINT:
            return wrapped(value, Int64)
        case _:
            return 0


def _truncated(value: float) -> int:
    """Return a float64 without its fraction; one that is beyond int64 is its least, as on amd64."""
    if not math.isfinite(value) or not _LEAST <= value <= _MOST:
        return _LEAST
    return int(value)


def decimal(value: Any) -> float:
    """Return a value as the float64 that Sprig makes of it: 0 where it makes none."""
    match kind_of(value):
        case Kind.FLOAT:
            return number(value)
        case Kind.STRING:
            return _read(value)
        case Kind.BOOL:
            return float(value)
        case Kind.INT | Kind.UINT if isinstance(value, Int | Int64) or kind_of(value) is Kind.UINT:
            return float(value)
        case _:
            return 0.0


def _read(text: str) -> float:
    if len(text) > _LONGEST:
        return 0.0
    special = _SPECIAL.fullmatch(text)
    if special and not (special[1] and special[2].lower() == "nan"):
        return float(text)
    read = read_float(text)
    return 0.0 if read is None else read


def text_from(value: Any) -> str:
    """Return a value as the text that Sprig makes of it."""
    return value if isinstance(value, str) else shown(value)


def texts_from(value: Any) -> list[str]:
    """Return a value as a list of texts: its entries without nulls, else the value alone."""
    if value is None:
        return []
    if kind_of(value) is Kind.SLICE:
        return [text_from(one) for one in value if one is not None]
    return [text_from(value)]
