"""How much there is to read in templates, before anybody reads them."""

from collections.abc import Iterable
from typing import Any, Final, cast

OPENS: Final = "{{"
CLOSES: Final = "}}"


def between_braces(value: Any) -> int:
    """Return how many characters of a JSON value stand between double braces.

    It is those that have to be understood; the text around them is only copied. Braces within the
    quotes of a template are not told from others, and nothing between braces is left out.
    """
    found = 0
    layer: list[Any] = [value]
    while layer:
        found += sum(_of_text(one) for one in layer if isinstance(one, str) and OPENS in one)
        layer = [inner for outer in layer for inner in _inside(outer)]
    return found


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("Iterable[Any]", value) if isinstance(value, list | tuple) else ()


def _of_text(text: str) -> int:
    _, *parts = text.split(OPENS)
    ends = (part.rfind(CLOSES) for part in parts)
    return sum(len(part) if end < 0 else end for part, end in zip(parts, ends, strict=True))
