"""What Runwright makes of the same questions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from runwright.errors import TemplateError
from runwright.rules.templates import Dialect, render
from runwright.rules.templates.execution.lookup import Missing
from runwright.rules.templates.functions.bubustack import BUBUSTACK
from runwright.rules.templates.functions.builtins import BUILTINS
from runwright.rules.templates.values.faults import ExpressionError
from tests.golden.templates.oracle import Answer, Question

MOMENT: Final = datetime(2024, 2, 9, 14, 3, 5, 123456, tzinfo=UTC)
"""What the program in Go takes for now, to the microsecond."""
_MISSING: Final = {
    "zero": Missing.ZERO,
    "error": Missing.ERROR,
    "default": Missing.NOTHING,
}
_DIALECTS: Final[Mapping[tuple[str, bool], Dialect]] = {
    (missing, plain): Dialect(
        BUILTINS if plain else BUBUSTACK, missing=_MISSING[missing], most_output=1024 * 1024
    )
    for missing in _MISSING
    for plain in (False, True)
}


def answer(asked: Question) -> Answer:
    """Return what a template comes to, in the words of Go's program."""
    dialect = _DIALECTS[asked.missing, asked.plain]
    try:
        dialect.read(asked.template)
    except ExpressionError as fault:
        return Answer(failed="parse", detail=str(fault))
    try:
        result = render(asked.template, asked.data, dialect=dialect, now=MOMENT)
    except TemplateError as error:
        return Answer(failed="execute", detail=str(error))
    return Answer(result)


def differs(ours: Answer, theirs: Answer) -> bool:
    """Return whether two answers are different ones; the words of an error do not matter."""
    return (ours.result if not ours.failed else "", ours.failed) != (theirs.result, theirs.failed)
