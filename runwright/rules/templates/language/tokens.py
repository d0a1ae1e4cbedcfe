"""The words of a template."""

from enum import Enum, auto
from typing import Final, NamedTuple


class Word(Enum):
    """What a token is."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    PIPE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    COMMA = auto()
    OPEN = auto()
    CLOSE = auto()
    SUBSCRIPT = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    NAME = auto()
    KEYWORD = auto()
    NIL = auto()
    BOOL = auto()
    NUMBER = auto()
    COMPLEX = auto()
    CHARACTER = auto()
    STRING = auto()
    SIGN = auto()
    END = auto()


class Token(NamedTuple):
    """A word of a template, as it stands in the text."""

    word: Word
    source: str
    at: int
    """Where it starts, in characters from 0."""


KEYWORDS: Final = frozenset(
    {
        "block",
        "break",
        "continue",
        "define",
        "else",
        "end",
        "if",
        "range",
        "template",
        "with",
    }
)
