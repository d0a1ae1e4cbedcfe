"""JSON of an API server, however deep it nests."""

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic_core import from_json

_DEEPEST: Final = 190
"""The parser gives up at 200; an API server takes ten thousand."""
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)


def read_json(body: bytes) -> Any:
    """Return what a body says, with null for what nests too deep to be read.

    One object that somebody made so must not hide all others of a list. Whatever is made of that
    one finds it too deep as well.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        return from_json(b"".join(_shallow(body)))


def _shallow(body: bytes) -> Iterator[bytes]:
    """Yield a body in pieces, with null for every list and object that lies too deep."""
    depth = taken = 0
    for token in _TOKEN.finditer(body):
        if token[0] in b"{[":
            depth += 1
            if depth == _DEEPEST:
                yield body[taken : token.start()] + b"null"
        elif token[0] in b"}]":
            if depth == _DEEPEST:
                taken = token.end()
            depth -= 1
    yield body[taken:]
