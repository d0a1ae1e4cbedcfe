"""What templates come to."""

from collections.abc import Mapping
from typing import Any, Final

from runwright.errors import TemplateError
from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates.inspection import DEEPEST, too_deep
from runwright.rules.templates.printing import printed
from runwright.rules.templates.syntax import (
    DELAYED,
    Reference,
    delayed_evaluation,
    is_template,
    read_reference,
    split,
)
from runwright.rules.wording import child, listed, quoted, written

LONGEST_TEXT: Final = 64 * 1024
"""Bytes that one text may come to."""

_VERDICTS: Final = {
    "true": True,
    "1": True,
    "yes": True,
    "y": True,
    "false": False,
    "0": False,
    "no": False,
    "n": False,
    "": False,
}


def evaluate(value: Any, scope: Mapping[str, Any]) -> Any:
    """Return a JSON value with every template in it replaced by what it comes to.

    A text that is one reference and nothing else becomes the value referred to, whatever its type;
    a reference within text is printed as Go prints it. Keys are left alone.

    Raises:
        TemplateError: a template cannot be read, refers to what is not there, or cannot be printed.

    Source: BubuStack core, package templating. Ours: a reference to something missing is an error
    in text too, where the upstream prints nothing.
    """
    return _evaluate(value, scope, "", 0)


def truth(value: Any, scope: Mapping[str, Any]) -> bool:
    """Return whether a condition holds; one that is absent or blank does.

    Raises:
        TemplateError: as `evaluate`, or the condition comes to neither true nor false.

    Source: BubuStack core, package templating, condition evaluation.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    result = evaluate(value, scope)
    if isinstance(result, bool):
        return result
    verdict = _VERDICTS.get(result.strip().lower()) if isinstance(result, str) else None
    if verdict is None:
        message = (
            f"the condition {quoted(str(value))} came to {_described(result)}, not true or false"
        )
        raise TemplateError(message)
    return verdict


def _evaluate(value: Any, scope: Mapping[str, Any], path: str, depth: int) -> Any:
    if isinstance(value, str):
        return _evaluate_text(value, scope, path)
    if depth > DEEPEST and (is_object(value) or is_list(value)):
        raise _placed(too_deep(), path)
    if is_list(value):
        parts = enumerate(value)
        return [_evaluate(part, scope, child(path, index), depth + 1) for index, part in parts]
    if not is_object(value):
        return value
    if DELAYED in value:
        raise _placed(delayed_evaluation(), path)
    fields = value.items()
    return {key: _evaluate(part, scope, child(path, key), depth + 1) for key, part in fields}


def _evaluate_text(text: str, scope: Mapping[str, Any], path: str) -> Any:
    if not is_template(text):
        return text
    try:
        return _render(text, scope)
    except TemplateError as error:
        raise _placed(error, path) from None


def _render(text: str, scope: Mapping[str, Any]) -> Any:
    parts = [part if isinstance(part, str) else read_reference(part) for part in split(text)]
    present = [part for part in parts if isinstance(part, Reference) or part.strip()]
    if len(present) == 1 and isinstance(present[0], Reference):
        return _look_up(present[0], scope)
    pieces: list[str] = []
    size = 0
    for part in parts:
        pieces.append(part if isinstance(part, str) else _print(part, scope))
        size += len(pieces[-1].encode(errors="surrogatepass"))
        if size > LONGEST_TEXT:
            message = f"the text comes to more than {LONGEST_TEXT} bytes"
            raise TemplateError(message)
    return "".join(pieces)


def _print(reference: Reference, scope: Mapping[str, Any]) -> str:
    try:
        return printed(_look_up(reference, scope))
    except ValueError as error:
        message = f"{reference.action} {error}"
        raise TemplateError(message, reference.action.column) from None


def _look_up(reference: Reference, scope: Mapping[str, Any]) -> Any:
    value: Any = scope
    walked = ""
    for segment in reference.path:
        lacking = _lacking(value, segment)
        if lacking is not None:
            message = f"{reference.action}: {walked or 'this place'} {lacking}"
            raise TemplateError(message, reference.action.column)
        value = value[segment]
        walked = child(walked, segment)
    return value


def _lacking(value: Any, segment: str | int) -> str | None:
    """Return why a value has no such part; None where it has."""
    if isinstance(segment, int):
        return _lacking_entry(value, segment)
    if not is_object(value):
        return f"is {_described(value)} and has no {quoted(segment)}"
    return None if segment in value else f"has no {quoted(segment)}, {_present(value)}"


def _lacking_entry(value: Any, index: int) -> str | None:
    if not is_list(value):
        return f"is {_described(value)} and has no [{index}]"
    return None if index < len(value) else f"has no [{index}], its length is {len(value)}"


def _present(fields: Mapping[str, Any]) -> str:
    return f"it has {listed(sorted(fields))}" if fields else "it is empty"


def _described(value: Any) -> str:
    if value is None:
        return "null"
    if is_object(value):
        return "an object"
    if is_list(value):
        return "a list"
    if isinstance(value, str):
        return "a text"  # which one may be a secret
    return written(value)


def _placed(error: TemplateError, path: str) -> TemplateError:
    return TemplateError(error.message, error.column, path)
