"""Functions about semantic versions.

Source: Masterminds/semver, constraints.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.versions import (
    Version,
    compare,
    compare_prereleases,
    read_version,
)
from runwright.rules.wording import quoted

_PART: Final = r"[0-9|xX*]+"
_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_WRITTEN: Final = rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
_OPERATOR: Final = r"=>|=<|>=|<=|!=|~>|=|>|<|~|\^|"
_SINGLE: Final = re.compile(
    rf"\s*({_OPERATOR})\s*v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?"
    rf"(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?\s*"
)
_ONE: Final = re.compile(rf"(?:{_OPERATOR})\s*(?:{_WRITTEN})")
_GROUP: Final = re.compile(
    rf"\s*(?:{_OPERATOR})\s*{_WRITTEN}\s*(?:(?:\s+|,\s*)(?:{_OPERATOR})\s*{_WRITTEN}\s*)*"
)
_SPAN: Final = re.compile(rf"\s*({_WRITTEN})\s+-\s+({_WRITTEN})\s*")
_ANY: Final = frozenset({None, "x", "X", "*"})
_LONGEST: Final = 1024


class _Constraint(NamedTuple):
    """One comparison; `open_minor` and `open_patch` tell which parts may be anything."""

    operator: str
    version: Version
    is_open: bool = False
    open_minor: bool = False
    open_patch: bool = False


def _satisfies(surroundings: Surroundings, constraint: str, version: str) -> bool:
    """Return whether a version satisfies one of several groups of comparisons."""
    surroundings.allowance.spend(len(constraint))
    if len(constraint) > _LONGEST:
        message = f"a constraint has at most {_LONGEST} characters"
        raise ExpressionError(message)
    groups = [_group(text) for text in _without_spans(constraint).split("||")]
    wanted = read_version(version)
    return any(_holds_for_all(group, wanted) for group in groups)


def _without_spans(text: str) -> str:
    """Return a constraint with `1.2 - 1.4` written as two comparisons."""
    return _SPAN.sub(lambda found: f">= {found[1]}, <= {found[2]} ", text)


def _group(text: str) -> list[_Constraint]:
    if _GROUP.fullmatch(text) is None:
        message = f"{quoted(text)} is no constraint for versions"
        raise ExpressionError(message)
    return [_constraint(found) for found in _ONE.findall(text)]


def _constraint(text: str) -> _Constraint:
    found = _SINGLE.fullmatch(text)
    if found is None:
        message = f"{quoted(text)} is no constraint for versions"
        raise ExpressionError(message)
    operator, major, minor, patch, prerelease, _ = found.groups()
    suffix = f"-{prerelease}" if prerelease else ""
    if major in _ANY:
        return _Constraint(operator, read_version(f"0.0.0{suffix}"), is_open=True)
    if minor in _ANY:
        version = read_version(f"{major}.0.0{suffix}")
        return _Constraint(operator, version, is_open=True, open_minor=True)
    if patch in _ANY:
        version = read_version(f"{major}.{minor}.0{suffix}")
        return _Constraint(operator, version, is_open=True, open_patch=True)
    return _Constraint(operator, read_version(f"{major}.{minor}.{patch}{suffix}"))


def _holds_for_all(group: list[_Constraint], version: Version) -> bool:
    """Return whether all hold; a prerelease counts only where one of them names one."""
    names_one = any(constraint.version.prerelease for constraint in group)
    if version.prerelease and not names_one:
        return False
    return all(_CHECKS[constraint.operator](version, constraint) for constraint in group)


def _equal(version: Version, wanted: _Constraint) -> bool:
    return _near(version, wanted) if wanted.is_open else compare(version, wanted.version) == 0


def _not_equal(version: Version, wanted: _Constraint) -> bool:
    other = wanted.version
    if not wanted.is_open:
        return compare(version, other) != 0
    if version.major != other.major:
        return True
    if wanted.open_minor:
        return False
    if version.minor != other.minor:
        return True
    if not wanted.open_patch:
        return version.patch != other.patch or compare(version, other) != 0
    differ = compare_prereleases(version.prerelease, other.prerelease)
    return bool(version.prerelease or other.prerelease) and differ != 0


def _greater(version: Version, wanted: _Constraint) -> bool:
    other = wanted.version
    if not wanted.is_open or (version.major == other.major and not _opens(wanted)):
        return compare(version, other) > 0
    if version.major != other.major:
        return version.major > other.major
    return wanted.open_patch and version.minor > other.minor


def _opens(wanted: _Constraint) -> bool:
    return wanted.open_minor or wanted.open_patch


def _less(version: Version, wanted: _Constraint) -> bool:
    return compare(version, wanted.version) < 0


def _at_least(version: Version, wanted: _Constraint) -> bool:
    return compare(version, wanted.version) >= 0


def _at_most(version: Version, wanted: _Constraint) -> bool:
    other = wanted.version
    if not wanted.is_open:
        return compare(version, other) <= 0
    if version.major != other.major:
        return version.major < other.major
    return version.minor <= other.minor or wanted.open_minor


def _near(version: Version, wanted: _Constraint) -> bool:
    """Return whether the version is at least the one wanted, and of its major and minor."""
    other = wanted.version
    if compare(version, other) < 0:
        return False
    if other[:3] == (0, 0, 0) and not _opens(wanted):
        return True
    same_minor = version.minor == other.minor or wanted.open_minor
    return version.major == other.major and same_minor


def _compatible(version: Version, wanted: _Constraint) -> bool:
    """Return whether the version is at least the one wanted, and no part before it changed."""
    other = wanted.version
    if compare(version, other) < 0:
        return False
    if version.major != other.major or other.major or wanted.open_minor:
        return version.major == other.major
    if other.minor or wanted.open_patch:
        return version.minor == other.minor
    return version.minor == 0 and version.patch == other.patch


_CHECKS: Final[Mapping[str, Callable[[Version, _Constraint], bool]]] = {
    "": _equal,
    "=": _equal,
    "!=": _not_equal,
    ">": _greater,
    "<": _less,
    ">=": _at_least,
    "=>": _at_least,
    "<=": _at_most,
    "=<": _at_most,
    "~": _near,
    "~>": _near,
    "^": _compatible,
}

VERSIONS: Final[Functions] = {
    "semver": function(read_version, "text"),
    "semverCompare": function(_satisfies, "text text", asks=True),
}
