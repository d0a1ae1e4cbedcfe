"""Text of others in the Markdown of the Temporal UI."""

from typing import Final

_CELL: Final = 120


def cell(text: str) -> str:
    """Return a text, cut, that breaks no table and is no Markdown of its own."""
    line = " ".join(text.split()).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
    return line if len(line) <= _CELL else line[: _CELL - 1] + "…"
