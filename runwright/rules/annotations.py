"""Annotations that look like ours and that nobody reads: most of them are misspelt."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from runwright.errors import Problem
from runwright.rules.wording import child, suggestion

OURS: Final = "runwright.dev/"


def unknown_annotations(
    names: Iterable[str], known: Collection[str], path: str = "metadata.annotations"
) -> Iterator[Problem]:
    """Yield the annotations below `path` that begin as ours do and are none of those `known`."""
    for name in names:
        if name.startswith(OURS) and name not in known:
            message = f"there is no such annotation{suggestion(name, known)}"
            yield Problem(child(path, name), message)
