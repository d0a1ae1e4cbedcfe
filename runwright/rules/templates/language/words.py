"""The words of a template, one after the other, with a look ahead."""

from collections.abc import Iterator

from runwright.rules.templates.language.tokens import Token, Word
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.wording import quoted


class Words:
    """A stream of tokens that can be looked at before they are taken."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = tokens
        self._ahead: list[Token] = []
        """In reverse: the next one is the last."""

    def take(self) -> Token:
        """Return the next token and go on behind it."""
        return self._ahead.pop() if self._ahead else next(self._tokens)

    def peek(self) -> Token:
        """Return the next token."""
        if not self._ahead:
            self._ahead.append(next(self._tokens))
        return self._ahead[-1]

    def give_back(self, *tokens: Token) -> None:
        """Put tokens back, in the order in which they were taken."""
        self._ahead.extend(reversed(tokens))

    def take_solid(self) -> Token:
        """Return the next token that is no space, and go on behind it."""
        token = self.take()
        while token.word is Word.SPACE:
            token = self.take()
        return token

    def peek_solid(self) -> Token:
        """Return the next token that is no space."""
        token = self.take_solid()
        self.give_back(token)
        return token

    def expect(self, word: Word, where: str) -> Token:
        """Return the next token that is no space, and go on behind it.

        Raises:
            ExpressionError: it is another one.
        """
        token = self.take_solid()
        if token.word is not word:
            raise unexpected(token, where)
        return token


def unexpected(token: Token, where: str) -> ExpressionError:
    """Return the error for a token that cannot stand where it does."""
    if token.word is Word.END:
        return ExpressionError(f"the template ends within {where}", token.at)
    return ExpressionError(f"{quoted(token.source)} cannot stand in {where}", token.at)
