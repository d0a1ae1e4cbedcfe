"""Plain paths: ways from a root of the scope to one value, and nothing else."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runwright.rules.shapes import is_list, is_object
from runwright.rules.templates.execution.lookup import STORED
from runwright.rules.templates.functions.bubustack import STORED_PATH
from runwright.rules.templates.language.tree import (
    Command,
    Dot,
    Function,
    Number,
    Operand,
    Path,
    Pipeline,
    Root,
    Subscript,
    Text,
    Variable,
)
from runwright.rules.templates.scope import OUTPUTS, STEPS
from runwright.rules.templates.values.faults import ExpressionError, MissingPathError
from runwright.rules.wording import child, listed, quoted, written

Segments = tuple[str | int, ...]
"""From the scope: `("steps", "build", "output", "files", 0)`; empty: the scope itself."""
_ACCESSORS: Final = frozenset({"index"})


class Bindings(NamedTuple):
    """What is known of the dot and of variables; None: they may be anything."""

    dot: Segments | None
    variables: Mapping[str, Segments | None]


AT_THE_ROOT: Final = Bindings((), {"$": ()})


def path_of_pipeline(node: Pipeline, bindings: Bindings) -> Segments | None:
    """Return the path that a pipeline is; None: it is more than that."""
    if len(node.commands) != 1 or node.variables:
        return None
    return path_of_command(node.commands[0], bindings)


def path_of_command(node: Command, bindings: Bindings) -> Segments | None:
    """Return the path that a command is: a path, or `index` with constant keys."""
    first, *rest = node.words
    if not rest:
        return path_of(first, bindings)
    if not (isinstance(first, Function) and first.name in _ACCESSORS):
        return None
    start = path_of(rest[0], bindings)
    keys = [key_of(word) for word in rest[1:]]
    if start is None or None in keys:
        return None
    return (*start, *(key for key in keys if key is not None))


def key_of(node: Operand) -> str | int | None:
    """Return a constant that can be a key."""
    if isinstance(node, Text):
        return node.value
    return node.whole if isinstance(node, Number) else None


def path_of(node: Operand, bindings: Bindings) -> Segments | None:
    """Return the path that an operand is; None: it is more than that."""
    match node:
        case Dot():
            return bindings.dot
        case Root():
            return (node.name,)
        case Variable():
            return bindings.variables.get(node.name)
        case Pipeline():
            return path_of_pipeline(node, bindings)
        case Path():
            start = path_of(node.start, bindings)
            return None if start is None else (*start, *map(_segment, node.steps))
        case _:
            return None


def _segment(step: str | Subscript) -> str | int:
    return step.key if isinstance(step, Subscript) else step


def path_text(path: Segments) -> str:
    """Return a path as a template writes it: `{{ inputs.tags[2] }}`, in quotes."""
    inside = ""
    for segment in path:
        inside = child(inside, segment)
    return quoted(f"{{{{ {inside} }}}}")


def follow(path: Segments, scope: Mapping[str, Any]) -> Any:
    """Return what a path leads to, as it is in the scope.

    What lies within an output that is in a store comes to a reference into the store.

    Raises:
        MissingPathError: something on the way is not there.
        ExpressionError: something on the way has no fields or entries.

    Source: BubuStack core, package templating.
    """
    value: Any = scope
    for index, segment in enumerate(path):
        stored = _reference(path, index, value)
        if stored is not None:
            return stored
        lacking = _lacking(value, segment)
        if lacking is not None:
            raise _fault(path, index, value, lacking)
        value = value[segment]
    return value


def _fault(path: Segments, index: int, value: Any, lacking: str) -> ExpressionError:
    walked = ""
    for segment in path[:index]:
        walked = child(walked, segment)
    message = f"{path_text(path)}: {walked or 'this place'} {lacking}"
    has_entries = is_list(value) if isinstance(path[index], int) else is_object(value)
    return MissingPathError(message, str(path[0])) if has_entries else ExpressionError(message)


def _reference(path: Segments, index: int, value: Any) -> dict[str, Any] | None:
    """Return a reference into the store for a path that leads into a stored output."""
    inside_an_output = index > 2 and path[0] == STEPS and path[2] in OUTPUTS
    if not (inside_an_output and is_object(value) and isinstance(value.get(STORED), str)):
        return None
    rest = ""
    for segment in path[index:]:
        rest = f"{rest}[{segment}]" if isinstance(segment, int) else f"{rest}.{segment}"
    return {STORED: value[STORED], STORED_PATH: rest.removeprefix(".")}


def _lacking(value: Any, segment: str | int) -> str | None:
    """Return why a value has no such part; None where it has."""
    if isinstance(segment, int):
        return _lacking_entry(value, segment)
    if not is_object(value):
        return f"is {described(value)} and has no {quoted(segment)}"
    return None if segment in value else f"has no {quoted(segment)}, {_present(value)}"


def _lacking_entry(value: Any, index: int) -> str | None:
    if not is_list(value):
        return f"is {described(value)} and has no [{index}]"
    if 0 <= index < len(value):
        return None
    return f"has no [{index}], its length is {len(value)}"


def _present(fields: Mapping[str, Any]) -> str:
    return f"it has {listed(sorted(fields))}" if fields else "it is empty"


def described(value: Any) -> str:
    """Return what kind of value something is; a text, which may be a secret, is not shown."""
    if value is None:
        return "null"
    if is_object(value):
        return "an object"
    if is_list(value):
        return "a list"
    return "a text" if isinstance(value, str) else written(value)
