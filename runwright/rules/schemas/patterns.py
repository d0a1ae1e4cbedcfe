"""Regular expressions of a schema's author, in time that is linear in the text."""

from functools import lru_cache
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError

_KEPT: Final = 128


def matches(pattern: str, text: str) -> bool:
    """Return whether the pattern, which can be compiled, is found anywhere in the text.

    Raises:
        ValueError: the pattern cannot be compiled.
    """
    try:
        _compiled(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def must_compile(pattern: str) -> None:
    """Refuse what is no pattern, or one that needs to look around or back to be matched.

    Raises:
        ValueError: the pattern cannot be compiled.
    """
    _compiled(pattern)


@lru_cache(maxsize=_KEPT)
def _compiled(pattern: str) -> TypeAdapter[str]:
    # Python's own engine takes exponential time where an author wishes it to, and cannot be ended.
    try:
        return TypeAdapter(Annotated[str, Field(pattern=pattern)])
    except (SchemaError, UnicodeEncodeError) as error:
        message = "it is no regular expression that can be matched in linear time"
        raise ValueError(message) from error
