"""Pipelines, commands and their operands.

Source: Go, text/template/parse, pipeline, command, operand and term.
"""

from typing import Final

from runwright.rules.templates.language.grammar import Grammar
from runwright.rules.templates.language.numbers import read_number
from runwright.rules.templates.language.tokens import Token, Word
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
    Step,
    Subscript,
    Text,
    Variable,
)
from runwright.rules.templates.language.words import Words, unexpected
from runwright.rules.templates.values.faults import ExpressionError, UnknownFunctionError
from runwright.rules.templates.values.quoting import unquoted
from runwright.rules.wording import quoted

DEEPEST: Final = 100
"""How deep blocks and parentheses may lie within each other."""
_LITERALS: Final = (Bool, Text, Number, Nil, Dot)


class Expressions:
    """Reads pipelines from a stream of words."""

    def __init__(self, words: Words, grammar: Grammar, depth: int = 0) -> None:
        self.words = words
        self.grammar = grammar
        self.variables = ["$"]
        self.depth = depth

    def enter(self, at: int) -> None:
        """Note that what follows lies one level deeper.

        Raises:
            ExpressionError: that is too deep.
        """
        self.depth += 1
        if self.depth > DEEPEST:
            message = f"blocks and parentheses lie within each other more than {DEEPEST} deep"
            raise ExpressionError(message, at)

    def leave(self) -> None:
        """Note that a level has ended."""
        self.depth -= 1

    def pipeline(self, where: str, end: Word = Word.RIGHT) -> Pipeline:
        """Return the pipeline up to the word that ends it, which is taken."""
        at = self.words.peek_solid().at
        variables, assigns = self._declared(where)
        commands: list[Command] = []
        while (token := self.words.take_solid()).word is not end:
            if token.word not in _OPERANDS:
                raise unexpected(token, where)
            self.words.give_back(token)
            commands.append(self._command())
        self._judge(commands, where, at)
        return Pipeline(at, tuple(commands), variables, assigns)

    def _judge(self, commands: list[Command], where: str, at: int) -> None:
        if not commands:
            message = f"{where} has no value"
            raise ExpressionError(message, at)
        for command in commands[1:]:
            if isinstance(command.words[0], _LITERALS):
                message = "what follows a | must be a function or a method"
                raise ExpressionError(message, command.at)

    def _declared(self, where: str) -> tuple[tuple[str, ...], bool]:
        """Return the variables that a pipeline starts with, and whether they exist already."""
        names: list[str] = []
        while (token := self.words.peek_solid()).word is Word.VARIABLE:
            self.words.take_solid()
            space = self.words.peek()
            following = self.words.take_solid()
            if following.word in {Word.ASSIGN, Word.DECLARE}:
                self._declare(names, token)
                return tuple(names), following.word is Word.ASSIGN
            if following.word is not Word.COMMA:
                self._give_back(token, space, following)
                break
            self._declare(names, token)
            self._judge_pair(names, where, following)
        return tuple(names), False

    def _give_back(self, variable: Token, space: Token, following: Token) -> None:
        spaces = (space,) if space.word is Word.SPACE else ()
        self.words.give_back(variable, *spaces, following)

    def _declare(self, names: list[str], token: Token) -> None:
        names.append(token.source)
        self.variables.append(token.source)

    def _judge_pair(self, names: list[str], where: str, comma: Token) -> None:
        if where != "range" or len(names) > 1:
            message = f"{where} cannot set several variables"
            raise ExpressionError(message, comma.at)
        if self.words.peek_solid().word not in {Word.VARIABLE, Word.RIGHT, Word.CLOSE}:
            message = "range can only set variables"
            raise ExpressionError(message, comma.at)

    def _command(self) -> Command:
        at = self.words.peek_solid().at
        operands: list[Operand] = []
        while True:
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self.words.take()
            if token.word is not Word.SPACE:
                break
        if token.word in {Word.RIGHT, Word.CLOSE}:
            self.words.give_back(token)
        elif token.word is not Word.PIPE:
            raise unexpected(token, "a command")
        if not operands:
            message = "a command is empty"
            raise ExpressionError(message, at)
        return Command(at, tuple(operands))

    def _operand(self) -> Operand | None:
        term = self._term()
        if term is None or self.words.peek().word not in _STEPS:
            return term
        if isinstance(term, _LITERALS):
            message = f"{quoted(self.words.peek().source)} cannot follow a constant"
            raise ExpressionError(message, self.words.peek().at)
        steps: list[Step] = []
        while self.words.peek().word in _STEPS:
            steps.append(_step(self.words.take()))
        if isinstance(term, Path):
            return Path(term.at, term.start, (*term.steps, *steps))
        return Path(term.at, term, tuple(steps))

    def _term(self) -> Operand | None:
        token = self.words.take_solid()
        match token.word:
            case Word.NAME:
                return self._named(token)
            case Word.FIELD:
                return Path(token.at, Dot(token.at), (token.source[1:],))
            case Word.VARIABLE:
                return self._variable(token)
            case Word.OPEN:
                return self._parenthesised(token)
            case _ if token.word in _CONSTANTS:
                return _constant(token)
            case _:
                self.words.give_back(token)
                return None

    def _named(self, token: Token) -> Operand:
        if token.source in self.grammar.roots:
            return Root(token.at, token.source)
        if token.source in self.grammar.functions:
            return Function(token.at, token.source)
        known = {*self.grammar.functions, *self.grammar.roots}
        raise UnknownFunctionError(token.source, known, token.at)

    def _variable(self, token: Token) -> Operand:
        if token.source not in self.variables:
            message = f"there is no variable {quoted(token.source)} here"
            raise ExpressionError(message, token.at)
        return Variable(token.at, token.source)

    def _parenthesised(self, token: Token) -> Pipeline:
        self.enter(token.at)
        pipeline = self.pipeline("parentheses", Word.CLOSE)
        self.leave()
        return pipeline


_CONSTANTS: Final = frozenset(
    {
        Word.DOT,
        Word.NIL,
        Word.BOOL,
        Word.NUMBER,
        Word.COMPLEX,
        Word.CHARACTER,
        Word.STRING,
    }
)
_OPERANDS: Final = _CONSTANTS | {Word.NAME, Word.FIELD, Word.VARIABLE, Word.OPEN}
_STEPS: Final = frozenset({Word.FIELD, Word.SUBSCRIPT})


def _constant(token: Token) -> Operand:
    match token.word:
        case Word.DOT:
            return Dot(token.at)
        case Word.NIL:
            return Nil(token.at)
        case Word.BOOL:
            return Bool(token.at, token.source == "true")
        case Word.STRING:
            return Text(token.at, text_in(token))
        case _:
            return read_number(token)


def text_in(token: Token) -> str:
    """Return the text that a quotation writes.

    Raises:
        ExpressionError: it has an escape that Go does not know.
    """
    try:
        return unquoted(token.source)
    except ExpressionError as fault:
        raise ExpressionError(str(fault), token.at) from None


def _step(token: Token) -> Step:
    if token.word is Word.FIELD:
        return token.source[1:]
    inside = token.source[1:-1].strip()
    if inside[0] not in "\"'":
        return Subscript(int(inside))
    return Subscript(text_in(Token(Word.STRING, inside, token.at)))
