"""What a label may be.

Source: Kubernetes, "Labels and Selectors", "Syntax and character set".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from runwright.errors import Problem
from runwright.rules.wording import child, quoted

_LONGEST: Final = 63
_LONGEST_DOMAIN: Final = 253
_NAME: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_DOMAIN: Final = re.compile(
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII
)


def label_problems(labels: Mapping[str, str], path: str) -> Iterator[Problem]:
    """Yield the keys and the values that no label can have."""
    for key, value in labels.items():
        if not is_label_key(key):
            message = "the key of a label must be as NAME or as DOMAIN/NAME"
            yield Problem(child(path, key), message)
        if not is_label_value(value):
            message = (
                f"must be at most {_LONGEST} letters, digits, hyphens, underscores and dots, with a"
                f" letter or digit at both ends, not {quoted(value)}"
            )
            yield Problem(child(path, key), message)


def is_label_key(key: str) -> bool:
    """Return whether a label may be called so."""
    domain, slash, name = key.rpartition("/")
    if slash and (len(domain) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(domain)):
        return False
    return bool(name) and is_label_value(name)


def is_label_value(value: str) -> bool:
    """Return whether a label may have that value."""
    return not value or (len(value) <= _LONGEST and _NAME.fullmatch(value) is not None)
