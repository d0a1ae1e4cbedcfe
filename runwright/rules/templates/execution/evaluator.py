"""What pipelines, commands and operands come to.

Source: Go, text/template, exec.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from runwright.rules.templates.execution.arguments import (
    CONSTANTS,
    check_number,
    constant,
    fitted,
    ideal,
    parameter_of,
)
from runwright.rules.templates.execution.lookup import (
    ABSENT,
    STORED,
    entry,
    field,
    offloaded,
)
from runwright.rules.templates.execution.methods import method_of
from runwright.rules.templates.execution.settings import Settings
from runwright.rules.templates.functions.builtins import CONNECTIVE
from runwright.rules.templates.functions.registry import Function as Callee
from runwright.rules.templates.functions.registry import Parameter
from runwright.rules.templates.language.tree import (
    Bool,
    Command,
    Dot,
    Function,
    Nil,
    Number,
    Operand,
    Path,
    Pipeline,
    Root,
    Subscript,
    Text,
    Variable,
)
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, is_true

NO_ARGUMENT: Final = object()
"""Handed on by the first command of a pipeline: nothing came before it."""
DEEPEST: Final = 100
"""How deep blocks, parentheses and templates may be executed within each other."""


class Null:
    """The null of an entry that a range went to: unlike that of a pipeline, it has no fields."""


NULL: Final = Null()


class Evaluator:
    """Comes to the values of pipelines, and remembers variables."""

    def __init__(self, scope: Mapping[str, Any], settings: Settings) -> None:
        self.scope = scope
        self.settings = settings
        self.spend = settings.allowance.spend
        self.variables: list[tuple[str, Any]] = [("$", scope)]
        self.depth = 0

    def enter(self, at: int) -> None:
        """Note that what follows is executed one level deeper.

        Raises:
            ExpressionError: that is too deep.
        """
        self.depth += 1
        if self.depth > DEEPEST:
            message = f"blocks and templates call each other more than {DEEPEST} deep"
            raise ExpressionError(message, at)

    def pipeline(self, node: Pipeline, dot: Any) -> Any:
        """Return what a pipeline comes to, and set its variables.

        Raises:
            ExpressionError: it comes to nothing; where is noted.
        """
        value: Any = NO_ARGUMENT
        for command in node.commands:
            value = self._command(command, dot, value)
        for name in node.variables:
            self.set(name, value) if node.assigns else self.variables.append((name, value))
        return value

    def set(self, name: str, value: Any) -> None:
        """Change the variable of that name that was made last."""
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return
        message = f"there is no variable {name} here"
        raise ExpressionError(message)

    def _command(self, node: Command, dot: Any, final: Any) -> Any:
        self.spend(1)
        first, *rest = node.words
        try:
            if type(first) is Function:
                return self._call(
                    self.settings.functions[first.name], first.name, rest, (dot, final)
                )
            if type(first) is Path:
                return _plain(self._path(first, rest, (dot, final)))
            if rest or final is not NO_ARGUMENT:
                message = "only functions and methods take arguments"
                raise ExpressionError(message, first.at)
            return self.value(first, dot)
        except ExpressionError as fault:
            if fault.at is None:
                fault.at = first.at
            raise

    def value(self, node: Operand, dot: Any) -> Any:
        """Return what an operand comes to."""
        return _READERS[type(node)](self, node, dot)

    def constant(self, node: Bool | Number | Text, _: Any) -> Any:
        """Return a constant."""
        return ideal(node)

    def nil(self, node: Nil, _: Any) -> Any:
        """Raise: alone, it is no value."""
        message = "nil is no command"
        raise ExpressionError(message, node.at)

    def dot(self, _: Dot, dot: Any) -> Any:
        """Return the value that a block is about."""
        return _plain(dot)

    def root(self, node: Root, _: Any) -> Any:
        """Return a root of the scope."""
        return field(self.scope, node.name, self.settings.missing)

    def variable(self, node: Variable, _: Any) -> Any:
        """Return the value of a variable."""
        value = self._variable_as_it_is(node.name)
        return None if value is NULL else _plain(value)

    def _variable_as_it_is(self, name: str) -> Any:
        self.spend(len(self.variables) >> 5)
        for known, value in reversed(self.variables):
            if known == name:
                return value
        message = f"there is no variable {name} here"
        raise ExpressionError(message)

    def nested(self, node: Pipeline, dot: Any) -> Any:
        """Return what parentheses come to."""
        self.enter(node.at)
        value = self.pipeline(node, dot)
        self.depth -= 1
        return value

    def function(self, node: Function, dot: Any) -> Any:
        """Return the result of a function without arguments."""
        return self._call(self.settings.functions[node.name], node.name, (), (dot, NO_ARGUMENT))

    def path(self, node: Path, dot: Any) -> Any:
        """Return what a path leads to."""
        return _plain(self._path(node, (), (dot, NO_ARGUMENT)))

    def _path(self, node: Path, rest: Any, context: tuple[Any, Any]) -> Any:
        """Return what a path leads to; ABSENT where that is not even null."""
        dot, final = context
        value = self._start(node.start, dot)
        missing = self.settings.missing
        takes_arguments = bool(rest) or final is not NO_ARGUMENT
        last = len(node.steps) - 1
        for index, step in enumerate(node.steps):
            arguments = (rest, (dot, final)) if index == last else ((), (dot, NO_ARGUMENT))
            if isinstance(step, Subscript):
                value = entry(value, Int(step.key) if isinstance(step.key, int) else step.key)
                continue
            method = method_of(value, step)
            if method is not None:
                value = self._call(method, step, arguments[0], arguments[1], value)
                takes_arguments = False
                continue
            value = field(value, step, missing)
        if takes_arguments:
            message = "only functions and methods take arguments"
            raise ExpressionError(message)
        return value

    def _start(self, node: Operand, dot: Any) -> Any:
        """Return where a path starts; what a pipeline came to has no fields, and is no error."""
        match node:
            case Dot():
                return dot
            case Root():
                return self.root(node, dot)
            case Variable():
                value = self._variable_as_it_is(node.name)
            case _:
                value = self.value(node, dot)
        if value is NULL:
            return None
        return ABSENT if value is None else value

    def _call(
        self,
        callee: Callee,
        name: str,
        operands: Any,
        context: tuple[Any, Any],
        receiver: Any = NO_ARGUMENT,
    ) -> Any:
        dot, final = context
        check_number(name, callee, len(operands) + (final is not NO_ARGUMENT))
        if callee is CONNECTIVE:
            return self._connected(name, operands, dot, final)
        arguments = [] if receiver is NO_ARGUMENT else [receiver]
        for index, operand in enumerate(operands):
            arguments.append(self._argument(callee, index, operand, dot))
        if final is not NO_ARGUMENT:
            arguments.append(fitted(final, parameter_of(callee, len(operands))))
        return self._result(callee, name, arguments)

    def _argument(self, callee: Callee, index: int, operand: Operand, dot: Any) -> Any:
        parameter = parameter_of(callee, index)
        try:
            if type(operand) in CONSTANTS:
                return constant(cast("Bool | Nil | Number | Text", operand), parameter)
            value = self._as_it_is(operand, dot)
            if value is None and parameter is not Parameter.ANY:
                message = f"expected {parameter.value}, got null"
                raise ExpressionError(message)
            return fitted(_plain(value), parameter)
        except ExpressionError as fault:
            if fault.at is None:
                fault.at = operand.at
            raise

    def _as_it_is(self, operand: Operand, dot: Any) -> Any:
        """Return what an operand comes to; null only where an object or a list has it."""
        match operand:
            case Path():
                return self._path(operand, (), (dot, NO_ARGUMENT))
            case Dot():
                return dot
            case Variable():
                value = self._variable_as_it_is(operand.name)
                return None if value is NULL else ABSENT if value is None else value
            case _:
                value = _READERS[type(operand)](self, operand, dot)
                return ABSENT if value is None else value

    def _result(self, callee: Callee, name: str, arguments: list[Any]) -> Any:
        allowance = self.settings.allowance
        allowance.spend(len(arguments) + 1)
        for argument in arguments:
            if callee.goes_deep:
                allowance.look_into(argument, callee.pace)
            else:
                allowance.handle(argument, callee.pace)
            if not callee.takes_offloaded and isinstance(argument, Mapping) and STORED in argument:
                raise offloaded(cast("Mapping[str, Any]", argument))
        try:
            result = callee.call(*((self.settings,) if callee.asks else ()), *arguments)
        except ExpressionError as fault:
            message = f"{name}: {fault}"
            raise type(fault)(message, fault.at) from None
        allowance.handle(result)
        return result

    def _connected(self, name: str, operands: Any, dot: Any, final: Any) -> Any:
        """Return the first argument that decides an `and` or an `or`, else the last one.

        What stands behind it is not evaluated.
        """
        value: Any = None
        for index, operand in enumerate(operands):
            value = self._argument(CONNECTIVE, index, operand, dot)
            if is_true(value) is (name == "or"):
                return value
        return value if final is NO_ARGUMENT else final


def _plain(value: Any) -> Any:
    return None if value is ABSENT else value


_READERS: Final[Mapping[type, Callable[[Evaluator, Any, Any], Any]]] = {
    Bool: Evaluator.constant,
    Number: Evaluator.constant,
    Text: Evaluator.constant,
    Nil: Evaluator.nil,
    Dot: Evaluator.dot,
    Root: Evaluator.root,
    Variable: Evaluator.variable,
    Pipeline: Evaluator.nested,
    Function: Evaluator.function,
    Path: Evaluator.path,
}
