"""Executes a template over a scope.

Source: Go, text/template, exec.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from runwright.rules.shapes import is_object
from runwright.rules.templates.execution.evaluator import NULL, Evaluator
from runwright.rules.templates.execution.lookup import ABSENT, STORED, offloaded
from runwright.rules.templates.execution.settings import Settings
from runwright.rules.templates.language.tree import (
    Action,
    Break,
    Call,
    Continue,
    If,
    Node,
    Range,
    Template,
    Text,
    With,
)
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, Kind, class_of, is_true, kind_of
from runwright.rules.templates.values.printing import in_order, shown, type_name
from runwright.rules.templates.values.text import joined, length_of, presentable
from runwright.rules.wording import quoted

_Nodes = tuple[Node, ...]


class _BreakLoop(Exception):  # noqa: N818 - it is a way to leave, not an error
    """Leaves a range."""


class _ContinueLoop(Exception):  # noqa: N818 - it is a way to go on, not an error
    """Leaves one turn of a range."""


def execute(template: Template, scope: Mapping[str, Any], settings: Settings) -> str:
    """Return the text that a template comes to.

    Raises:
        ExpressionError: it comes to none, to too much, or takes too many steps; where is noted.
    """
    machine = _Machine(template, scope, settings)
    machine.walk(template.nodes, scope)
    return presentable(joined(machine.pieces))


class _Machine(Evaluator):
    """Walks through the nodes of a template and collects what they print."""

    def __init__(self, template: Template, scope: Mapping[str, Any], settings: Settings) -> None:
        super().__init__(scope, settings)
        self.template = template
        self.pieces: list[str] = []
        self._room = settings.most_output

    def walk(self, nodes: _Nodes, dot: Any) -> None:
        for node in nodes:
            self.spend(1)
            _WALKERS[type(node)](self, node, dot)

    def text(self, node: Text, _: Any) -> None:
        self._print(node.value, node.at)

    def _print(self, text: str, at: int) -> None:
        self._room -= length_of(text)
        if self._room < 0:
            message = f"the text comes to more than {self.settings.most_output} bytes"
            raise ExpressionError(message, at)
        self.pieces.append(text)

    def action(self, node: Action, dot: Any) -> None:
        value = self.pipeline(node.pipeline, dot)
        if node.pipeline.variables:
            return
        if isinstance(value, str):
            self._print(value, node.at)
        elif value is None:
            self._print("<no value>", node.at)
        else:
            self._print(self._shown(value, node.at), node.at)

    def _shown(self, value: Any, at: int) -> str:
        try:
            if is_object(value) and STORED in value:
                raise offloaded(value)
            self.settings.allowance.look_into(value)
            return shown(value)
        except ExpressionError as fault:
            fault.at = at
            raise

    def branch(self, node: If | With, dot: Any) -> None:
        self.enter(node.at)
        visible = len(self.variables)
        value = self.pipeline(node.pipeline, dot)
        if is_true(value):
            self.walk(node.body, value if isinstance(node, With) else dot)
        else:
            self.walk(node.otherwise, dot)
        del self.variables[visible:]
        self.depth -= 1

    def range(self, node: Range, dot: Any) -> None:
        self.enter(node.at)
        visible, depth = len(self.variables), self.depth
        value = self.pipeline(node.pipeline, dot)
        went = False
        try:
            for key, entry in self._entries(value, node):
                went = True
                self._turn(node, key, entry, depth)
        except _BreakLoop:
            pass
        if not went:
            self.walk(node.otherwise, dot)
        del self.variables[visible:]
        self.depth = depth - 1

    def _turn(self, node: Range, key: Any, entry: Any, depth: int) -> None:
        self.spend(1)
        visible = len(self.variables)
        self._bind(node, key, NULL if entry is None else entry)
        try:
            self.walk(node.body, entry)
        except _ContinueLoop:
            self.depth = depth
        finally:
            del self.variables[visible:]

    def _bind(self, node: Range, key: Any, entry: Any) -> None:
        """Set the variables of a range: the entry, or the key and the entry."""
        names = node.pipeline.variables
        values = (key, entry) if len(names) > 1 else (entry,)
        for offset, (name, value) in enumerate(zip(names, values, strict=bool(names))):
            if node.pipeline.assigns:
                self.set(name, value)
            else:
                self.variables[offset - len(names)] = (name, value)

    def _entries(self, value: Any, node: Range) -> Iterable[tuple[Any, Any]]:
        match kind_of(value):
            case Kind.SLICE:
                return ((Int(index), entry) for index, entry in enumerate(value))
            case Kind.MAP:
                self.spend(len(value))
                return in_order(value)
            case Kind.INT | Kind.UINT if len(node.pipeline.variables) < 2:
                make = class_of(value)
                return ((None, make(number)) for number in range(value))
            case Kind.INVALID:
                return ()
            case _:
                hint = ": convert it with int" if kind_of(value) is Kind.FLOAT else ""
                message = f"range goes through no value of type {type_name(value)}{hint}"
                raise ExpressionError(message, node.at)

    def leave(self, _: Break, __: Any) -> None:
        raise _BreakLoop

    def go_on(self, _: Continue, __: Any) -> None:
        raise _ContinueLoop

    def call(self, node: Call, dot: Any) -> None:
        nodes = self.template.defined.get(node.name)
        if nodes is None:
            message = f"there is no template {quoted(node.name)}"
            raise ExpressionError(message, node.at)
        self.enter(node.at)
        value = self.pipeline(node.pipeline, dot) if node.pipeline else None
        inner = ABSENT if value is None else value
        outer, self.variables = self.variables, [("$", inner)]
        self.walk(nodes, inner)
        self.variables = outer
        self.depth -= 1


_WALKERS: Final[Mapping[type, Callable[[_Machine, Any, Any], None]]] = {
    Text: _Machine.text,
    Action: _Machine.action,
    If: _Machine.branch,
    With: _Machine.branch,
    Range: _Machine.range,
    Break: _Machine.leave,
    Continue: _Machine.go_on,
    Call: _Machine.call,
}
