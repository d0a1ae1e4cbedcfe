"""What a label selector may be, as a query has it: `team=data, tier in (a, b), !hidden`.

Source: Kubernetes, "Labels and Selectors", "Label selectors"; what the API server takes beyond that
page, `KEY > 1` and `KEY < 1`, is taken as well.
"""

import re
from collections.abc import Iterator
from typing import Final

from runwright.rules.kubernetes.labels import is_label_key, is_label_value
from runwright.rules.wording import quoted

_FORMS: Final = "KEY, !KEY, KEY=VALUE, KEY!=VALUE, KEY in (VALUE, …) and KEY notin (VALUE, …)"
_BETWEEN: Final = re.compile(r",(?![^(]*\))")
"""A comma that stands in no parentheses."""
_BLANK: Final = r"[ \t\r\n]"
_WORD: Final = r"[^ \t\r\n=!<>(),]"
_REQUIREMENT: Final = re.compile(
    rf"""
    (?: !{_BLANK}* )? (?P<lone>{_WORD}+)
    | (?P<key>{_WORD}+)
      (?: {_BLANK}* (?: ==|=|!= ) {_BLANK}* (?P<value>{_WORD}*)
        | {_BLANK}* [<>] {_BLANK}* (?P<number>[0-9]{{1,18}})
        | {_BLANK}+ (?: in|notin ) {_BLANK}* \( (?P<values>[^()]*) \)
      )
    """,
    re.VERBOSE,
)


def selector_problems(selector: str) -> Iterator[str]:
    """Yield what keeps a text from being a label selector; an empty one selects everything."""
    if not selector.strip():
        return
    for piece in _BETWEEN.split(selector):
        requirement = piece.strip()
        found = _REQUIREMENT.fullmatch(requirement)
        if not requirement:
            yield "there is nothing before, or after, a comma"
        elif found is None:
            yield f"{quoted(requirement)} is not understood; there are {_FORMS}"
        else:
            yield from _name_problems(found)


def _name_problems(requirement: re.Match[str]) -> Iterator[str]:
    key = requirement["lone"] or requirement["key"]
    if not is_label_key(key):
        yield f"{quoted(key)} is no key of a label, which is as NAME or as DOMAIN/NAME"
    values = (requirement["values"] or requirement["value"] or "").split(",")
    for value in (one.strip() for one in values):
        if not is_label_value(value):
            yield f"{quoted(value)} is no value of a label"
