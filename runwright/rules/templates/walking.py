"""What a template mentions, found without executing it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from runwright.rules.templates.language.tree import (
    Action,
    Call,
    Command,
    Function,
    If,
    Node,
    Operand,
    Path,
    Pipeline,
    Range,
    Template,
    With,
)
from runwright.rules.templates.paths import (
    AT_THE_ROOT,
    Bindings,
    Segments,
    key_of,
    path_of,
    path_of_command,
    path_of_pipeline,
)


class Found(NamedTuple):
    """A path from the root of the scope that a template mentions, and where."""

    segments: Segments
    at: int


_Variables = dict[str, Segments | None]


def paths_in(template: Template) -> Iterator[Found]:
    """Yield every path from the root of the scope that a template mentions, in order.

    A path that starts at an entry of a range, or at what a function returns, is none.
    """
    yield from _Walk(template).nodes(template.nodes, AT_THE_ROOT.dot, {"$": ()})


class _Walk:
    """Goes through a template with what is known of the dot and of variables."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._called: set[tuple[str, Segments | None]] = set()

    def nodes(
        self, nodes: tuple[Node, ...], dot: Segments | None, variables: _Variables
    ) -> Iterator[Found]:
        for node in nodes:
            match node:
                case Action():
                    yield from self._pipeline(node.pipeline, dot, variables)
                case If() | With() | Range():
                    yield from self._block(node, dot, variables)
                case Call():
                    yield from self._call(node, dot, variables)
                case _:
                    pass

    def _block(
        self, node: If | With | Range, dot: Segments | None, variables: _Variables
    ) -> Iterator[Found]:
        inner = dict(variables)
        yield from self._pipeline(node.pipeline, dot, inner)
        inside = dot
        if isinstance(node, With):
            inside = path_of_pipeline(_bare(node.pipeline), Bindings(dot, variables))
        elif isinstance(node, Range):
            inside = None
            inner |= dict.fromkeys(node.pipeline.variables)
        yield from self.nodes(node.body, inside, inner)
        yield from self.nodes(node.otherwise, dot, inner)
        _forget_changed(variables, inner)

    def _call(self, node: Call, dot: Segments | None, variables: _Variables) -> Iterator[Found]:
        inside: Segments | None = None
        if node.pipeline is not None:
            yield from self._pipeline(node.pipeline, dot, variables)
            inside = path_of_pipeline(_bare(node.pipeline), Bindings(dot, variables))
        if (node.name, inside) not in self._called:
            self._called.add((node.name, inside))
            yield from self.nodes(self._template.defined.get(node.name, ()), inside, {"$": inside})

    def _pipeline(
        self, node: Pipeline, dot: Segments | None, variables: _Variables
    ) -> Iterator[Found]:
        bindings = Bindings(dot, variables)
        for command in node.commands:
            yield from self._command(command, bindings, variables)
        path = path_of_pipeline(_bare(node), bindings)
        for name in node.variables:
            known = variables.get(name) == path or not node.assigns
            variables[name] = path if known else None

    def _command(self, node: Command, bindings: Bindings, variables: _Variables) -> Iterator[Found]:
        path = path_of_command(node, bindings)
        if path is None:
            path = _looked_up(node, bindings)
        if path is not None:
            yield from _found(path, node.at)
            return
        for word in node.words:
            yield from self._operand(word, bindings, variables)

    def _operand(self, node: Operand, bindings: Bindings, variables: _Variables) -> Iterator[Found]:
        path = path_of(node, bindings)
        if path is not None:
            yield from _found(path, node.at)
        elif isinstance(node, Pipeline):
            yield from self._pipeline(node, bindings.dot, variables)
        elif isinstance(node, Path):
            yield from self._operand(node.start, bindings, variables)


def _found(path: Segments, at: int) -> Iterator[Found]:
    if path:
        yield Found(path, at)


def _bare(node: Pipeline) -> Pipeline:
    """Return the pipeline without its variables: what it comes to is the same."""
    return Pipeline(node.at, node.commands)


def _forget_changed(variables: _Variables, inner: _Variables) -> None:
    """Note that a block may have changed variables, or may not have been executed at all."""
    for name, path in inner.items():
        if name in variables and variables[name] != path:
            variables[name] = None


def _looked_up(node: Command, bindings: Bindings) -> Segments | None:
    """Return the path that `get` and `dig` go; where it ends the default takes over."""
    first, *rest = node.words
    if not isinstance(first, Function) or first.name not in _LOOK_UPS:
        return None
    objects, keys = _LOOK_UPS[first.name](rest) if len(rest) > 1 else (None, [])
    start = path_of(objects, bindings) if objects is not None else None
    names = [key_of(key) for key in keys]
    if start is None or None in names:
        return None
    return (*start, *(name for name in names if name is not None))


def _of_get(words: list[Operand]) -> tuple[Operand, list[Operand]]:
    return words[0], words[1:2]


def _of_dig(words: list[Operand]) -> tuple[Operand, list[Operand]]:
    return words[-1], words[:-2]


_LOOK_UPS: Final = {"get": _of_get, "dig": _of_dig}
