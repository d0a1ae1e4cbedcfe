"""What a parser knows besides the text."""

from collections.abc import Collection
from typing import NamedTuple


class Grammar(NamedTuple):
    """The names that a template may use, and how paths are written."""

    functions: Collection[str]
    roots: Collection[str] = ()
    """Names that stand for roots of the scope without a dot before them."""
    paths: bool = False
    """Whether fields may have hyphens, and brackets lead into a value."""
