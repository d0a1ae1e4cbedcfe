"""How fields and values are named in a message."""

import difflib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_$-]+")
_LONGEST_VALUE: Final = 80
_MOST_NAMES: Final = 10
_SENTENCE: Final = 300
"""Characters of foreign text in one sentence."""


def child(path: str, key: str | int) -> str:
    """Return the path of what `path` holds under `key`: `spec.steps[2]`, `labels["a.b/c"]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN.fullmatch(key) is None:
        return f"{path}[{quoted(key)}]"
    return f"{path}.{key}" if path else key


def is_within(path: str, other: str) -> bool:
    """Return whether `path` is `other` or a field somewhere below it."""
    return path == other or path.startswith((f"{other}.", f"{other}["))


def excerpt(text: str, longest: int = _LONGEST_VALUE) -> str:
    """Return the text on one line, cut to `longest` characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sentence(text: str) -> str:
    """Return the text as one sentence of one line, cut, with a stop at its end."""
    line = excerpt(text, _SENTENCE)
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def quoted(text: str) -> str:
    """Return the text in double quotes, on one line and cut."""
    return f'"{excerpt(text)}"'


def written(value: Any) -> str:
    """Return a value as JSON, on one line and cut."""
    return excerpt(json.dumps(value, ensure_ascii=False, default=str))


def listed(names: Iterable[str], last: str = "and") -> str:
    """Return the names as a person lists them, in the order given: `a, b and c`."""
    shown = [excerpt(name) for name in names]
    if len(shown) > _MOST_NAMES:
        rest = len(shown) - _MOST_NAMES
        return f"{', '.join(shown[:_MOST_NAMES])} {last} {rest} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "build"?)` if a known name is close, else nothing."""
    close = difflib.get_close_matches(name[:_LONGEST_VALUE], sorted(known), n=1, cutoff=0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""
