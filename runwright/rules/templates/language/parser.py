"""From the words of a template to its tree.

Source: Go, text/template/parse.
"""

from collections.abc import Callable, Mapping
from typing import Final

from runwright.rules.templates.language.expressions import Expressions, text_in
from runwright.rules.templates.language.grammar import Grammar
from runwright.rules.templates.language.lexer import words_of
from runwright.rules.templates.language.tokens import Token, Word
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
from runwright.rules.templates.language.words import Words, unexpected
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.wording import quoted

LONGEST: Final = 64 * 1024
"""Characters that a template may have."""
_ENDS: Final = frozenset({"else", "end"})
_Nodes = tuple[Node, ...]


def parse(text: str, grammar: Grammar) -> Template:
    """Return the tree of a template.

    Raises:
        ExpressionError: it cannot be read, or uses a function or a variable that is not there.
    """
    if len(text) > LONGEST:
        message = f"the template has more than {LONGEST} characters"
        raise ExpressionError(message, 0)
    words = Words(words_of(text, paths=grammar.paths))
    defined: dict[str, _Nodes] = {}
    nodes = _Block(words, grammar, defined).everything()
    return Template(text, nodes, defined)


class _Block:
    """Reads nodes: those of the whole text, or of a template that it defines."""

    def __init__(
        self, words: Words, grammar: Grammar, defined: dict[str, _Nodes], depth: int = 0
    ) -> None:
        self._words = words
        self._grammar = grammar
        self._defined = defined
        self._expressions = Expressions(words, grammar, depth)
        self._ranges = 0

    def everything(self) -> _Nodes:
        """Return the nodes up to the end of the text."""
        nodes: list[Node] = []
        while self._words.peek().word is not Word.END:
            if self._starts_definition():
                self._define()
                continue
            node = self._node()
            if isinstance(node, Token):
                message = f"{quoted(node.source)} ends nothing"
                raise ExpressionError(message, node.at)
            nodes.append(node)
        return tuple(nodes)

    def _starts_definition(self) -> bool:
        """Return whether a definition starts here; if so, its first words are taken."""
        left = self._words.take()
        if left.word is Word.LEFT:
            token = self._words.take_solid()
            if token.source == "define" and token.word is Word.KEYWORD:
                return True
            self._words.give_back(token)
        self._words.give_back(left)
        return False

    def _define(self) -> None:
        name = text_in(self._words.expect(Word.STRING, "the name of a definition"))
        self._words.expect(Word.RIGHT, "a definition")
        self._add(name, self._inner())

    def _inner(self) -> _Nodes:
        """Return the nodes of a template of its own, up to its end."""
        depth = self._expressions.depth
        inner = _Block(self._words, self._grammar, self._defined, depth)
        nodes, end = inner._nodes()
        _must_be_end(end)
        return nodes

    def _add(self, name: str, nodes: _Nodes) -> None:
        known = self._defined.get(name, ())
        if _is_blank(known):
            self._defined[name] = nodes
        elif not _is_blank(nodes):
            message = f"the template {quoted(name)} is defined twice"
            raise ExpressionError(message, nodes[0].at)

    def _nodes(self) -> tuple[_Nodes, Token]:
        """Return the nodes up to `else` or `end`, and that word."""
        nodes: list[Node] = []
        while True:
            if self._words.peek_solid().word is Word.END:
                message = 'a block has no "{{ end }}"'
                raise ExpressionError(message, self._words.peek().at)
            node = self._node()
            if isinstance(node, Token):
                return tuple(nodes), node
            nodes.append(node)

    def _node(self) -> Node | Token:
        token = self._words.take_solid()
        if token.word is Word.TEXT:
            return Text(token.at, token.source)
        if token.word is not Word.LEFT:
            raise unexpected(token, "a template")
        keyword = self._words.take_solid()
        if keyword.word is Word.KEYWORD and keyword.source in _ENDS:
            return self._ended(keyword)
        if keyword.word is Word.KEYWORD and keyword.source in _CONTROLS:
            return _CONTROLS[keyword.source](self, keyword)
        self._words.give_back(keyword)
        return Action(keyword.at, self._expressions.pipeline("an action"))

    def _ended(self, keyword: Token) -> Token:
        """Return the word, when nothing but another block stands behind it."""
        following = self._words.peek_solid()
        continues = keyword.source == "else" and following.source in {"if", "with"}
        if not (continues and following.word is Word.KEYWORD):
            self._words.expect(Word.RIGHT, f"{keyword.source!s}")
        return keyword

    def control(self, keyword: Token) -> Node:
        """Return an if, a with or a range."""
        kind = keyword.source
        self._expressions.enter(keyword.at)
        visible = len(self._expressions.variables)
        pipeline = self._expressions.pipeline(kind)
        self._ranges += kind == "range"
        body, end = self._nodes()
        self._ranges -= kind == "range"
        otherwise = self._otherwise(kind) if end.source == "else" else ()
        del self._expressions.variables[visible:]
        self._expressions.leave()
        return _BLOCKS[kind](keyword.at, pipeline, body, otherwise)

    def _otherwise(self, kind: str) -> _Nodes:
        following = self._words.peek_solid()
        if following.word is Word.KEYWORD and following.source == kind and kind != "range":
            return (self.control(self._words.take_solid()),)
        nodes, end = self._nodes()
        _must_be_end(end)
        return nodes

    def leap(self, keyword: Token) -> Node:
        """Return a break or a continue."""
        self._words.expect(Word.RIGHT, keyword.source)
        if not self._ranges:
            message = f"{quoted(keyword.source)} stands outside every range"
            raise ExpressionError(message, keyword.at)
        return Break(keyword.at) if keyword.source == "break" else Continue(keyword.at)

    def call(self, keyword: Token) -> Node:
        """Return the place of a template."""
        name = text_in(self._words.expect(Word.STRING, "the name of a template"))
        if self._words.peek_solid().word is Word.RIGHT:
            self._words.take_solid()
            return Call(keyword.at, name, None)
        return Call(keyword.at, name, self._expressions.pipeline("template"))

    def block(self, keyword: Token) -> Node:
        """Return the place of a template that is defined here."""
        name = text_in(self._words.expect(Word.STRING, "the name of a block"))
        pipeline = self._expressions.pipeline("block")
        self._expressions.enter(keyword.at)
        self._add(name, self._inner())
        self._expressions.leave()
        return Call(keyword.at, name, pipeline)


def _must_be_end(word: Token) -> None:
    if word.source != "end":
        message = 'after an "else" only "{{ end }}" can follow'
        raise ExpressionError(message, word.at)


def _is_blank(nodes: _Nodes) -> bool:
    return all(isinstance(node, Text) and not node.value.strip() for node in nodes)


_BLOCKS: Final[Mapping[str, type[If | With | Range]]] = {"if": If, "with": With, "range": Range}
_CONTROLS: Final[Mapping[str, Callable[[_Block, Token], Node]]] = {
    "if": _Block.control,
    "with": _Block.control,
    "range": _Block.control,
    "break": _Block.leap,
    "continue": _Block.leap,
    "template": _Block.call,
    "block": _Block.block,
}
