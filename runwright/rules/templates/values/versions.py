"""Semantic versions, as loosely as the library that Sprig uses reads them."""

import re
from typing import Final, NamedTuple

from runwright.rules.templates.values.faults import ExpressionError

_PARTS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_LOOSE: Final = re.compile(
    rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_PARTS}))?(?:\+({_PARTS}))?"
)
_LARGEST: Final = 2**64 - 1
_LONGEST: Final = 1024


class Version(NamedTuple):
    """A version; `original` is how it was written."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""
    metadata: str = ""
    original: str = ""

    def __str__(self) -> str:
        prerelease = f"-{self.prerelease}" if self.prerelease else ""
        metadata = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{metadata}"


def read_version(text: str) -> Version:
    """Return the version that a text writes; `v1`, `1.2` and `01.2.3` are some too.

    Raises:
        ExpressionError: it is none.

    Source: Masterminds/semver, NewVersion.
    """
    found = _LOOSE.fullmatch(text) if len(text) <= _LONGEST else None
    numbers = [int(part or "0") for part in found.groups()[:3]] if found else []
    if found is None or any(part > _LARGEST for part in numbers):
        message = f'"{text[:80]}" is no semantic version'
        raise ExpressionError(message)
    prerelease = found[4] or ""
    if any(re.fullmatch("0[0-9]+", part) for part in prerelease.split(".")):
        message = f'"{text[:80]}" is no semantic version: a number in "{prerelease}" starts with 0'
        raise ExpressionError(message)
    return Version(numbers[0], numbers[1], numbers[2], prerelease, found[5] or "", text)


def compare(one: Version, other: Version) -> int:
    """Return -1, 0 or 1; metadata does not count, and a prerelease comes before its release."""
    mine, yours = one[:3], other[:3]
    if mine != yours:
        return 1 if mine > yours else -1
    if not one.prerelease or not other.prerelease:
        return bool(other.prerelease) - bool(one.prerelease)
    return compare_prereleases(one.prerelease, other.prerelease)


def compare_prereleases(one: str, other: str) -> int:
    """Return -1, 0 or 1 for two prereleases, part by part."""
    mine, yours = one.split("."), other.split(".")
    for index in range(max(len(mine), len(yours))):
        left = mine[index] if index < len(mine) else ""
        right = yours[index] if index < len(yours) else ""
        if left != right:
            return 1 if _rank(left) > _rank(right) else -1
    return 0


def _rank(part: str) -> tuple[int, int, str]:
    """Return what orders the parts: nothing, then numbers, then words."""
    if not part:
        return 0, 0, ""
    return (1, int(part), "") if part.isdecimal() and part.isascii() else (2, 0, part)
