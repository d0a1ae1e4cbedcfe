"""Which command runs in the place of an image's own."""

from contextlib import suppress
from typing import Final

from pydantic import TypeAdapter, ValidationError

COMMAND: Final = "runwright.dev/command"
"""The annotation of an EngramTemplate with the command of its container: any image will do then."""
LOCAL_COMMAND: Final = "runwright.dev/local-command"
"""The annotation of an EngramTemplate that says what runs in its container's place here."""
_WORDS: Final = TypeAdapter(tuple[str, ...])


def words_of(annotation: str) -> tuple[str, ...]:
    """Return the argument vector: a JSON list as it is, any other text for a shell.

    It is empty where the annotation says nothing.
    """
    if not annotation.strip():
        return ()
    if annotation.lstrip().startswith("["):
        with suppress(ValidationError):
            return _WORDS.validate_json(annotation)
    return ("/bin/sh", "-c", annotation)
