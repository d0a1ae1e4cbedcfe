"""JSON text, as strictly as YAML is read."""

import json
import math
from typing import Any, Final

from runwright.rules.shapes import is_list, is_object


class NoJsonError(ValueError):
    """The text is not one JSON object that a manifest may be."""


def json_object(text: str, deepest: int) -> dict[str, Any]:
    r"""Return the object that a JSON text describes.

    YAML is nearly a superset of JSON. What it lacks are the two escapes for one character that
    most writers of JSON make of an emoji: `\ud83d\ude80`.

    Raises:
        NoJsonError: the text is something else, or holds what no manifest may: a key twice, a
            number beyond float64, half a character, more levels than `deepest`.
    """
    if not text.lstrip().startswith("{"):
        raise NoJsonError
    try:
        value: dict[str, Any] = _DECODER.decode(text)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise NoJsonError from error
    if _is_deeper(value, deepest):
        raise NoJsonError
    return value


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise NoJsonError
    return fields


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NoJsonError
    return number


def _is_deeper(value: Any, levels: int) -> bool:
    parts = value.values() if is_object(value) else value if is_list(value) else None
    if parts is None:
        return False
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_fields, parse_float=_finite, parse_constant=_finite
)
