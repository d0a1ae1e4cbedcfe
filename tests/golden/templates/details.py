"""Random calls of the functions whose details are many: formats, times, versions, names."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from tests.golden.templates.cases import TABLES

_WORDS: Final[dict[str, list[str]]] = TABLES["details"]


class Details:
    """Writes calls from a source of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def template(self) -> str:
        """Return a template of one call, or of a number."""
        return f"{{{{ {self._random.choice(_CALLS)(self)} }}}}"

    def _some(self, kind: str, least: int, most: int) -> str:
        return "".join(self._random.choices(_WORDS[kind], k=self._random.randint(least, most)))

    def _one(self, kind: str) -> str:
        return self._random.choice(_WORDS[kind])

    def _maybe(self, share: float, text: str) -> str:
        return text if self._random.random() < share else ""

    def _format(self) -> str:
        directives = "".join(self._directive() for _ in range(self._random.randint(1, 3)))
        values = " ".join(self._random.choices(_WORDS["values"], k=self._random.randint(0, 3)))
        return f"printf {_quoted(directives)} {values}"

    def _directive(self) -> str:
        index = f"[{self._random.randint(0, 4)}]"
        parts = (
            *("%", self._some("flags", 0, 2), self._maybe(0.1, index), self._one("widths")),
            *(self._maybe(0.4, f".{self._one('precisions')}"), self._maybe(0.05, index)),
            *(self._one("verbs"), self._one("gaps")),
        )
        return "".join(parts)

    def _date(self) -> str:
        return self._shown(self._some("layout", 1, 6))

    def _shown(self, layout: str) -> str:
        return f'dateInZone {_quoted(layout)} {self._one("times")} "{self._one("zones")}"'

    def _reading(self) -> str:
        layout = self._some("layout", 1, 6)
        other = layout if self._random.random() < 0.8 else self._some("layout", 1, 6)
        return f"mustToDate {_quoted(layout)} ({self._shown(other)})"

    def _number(self) -> str:
        return self._some("digits", 1, 6)

    def _converted(self) -> str:
        return f"{self._one('conversions')} {_quoted(self._some('digits', 1, 6))}"

    def _constraint(self) -> str:
        between = self._one("between")
        parts = [f"{self._one('operators')}{self._version()}" for _ in range(self._count())]
        version = self._version().replace("x", "1").replace("*", "2")
        return f"semverCompare {_quoted(between.join(parts))} {_quoted(version)}"

    def _count(self) -> int:
        return self._random.choice((1, 1, 2, 3))

    def _version(self) -> str:
        length = self._random.choice((1, 2, 3, 3, 3, 4))
        parts = ".".join(self._random.choices(_WORDS["parts"], k=length))
        prerelease = self._maybe(0.4, f"-{self._one('prereleases')}")
        return f"{self._maybe(0.2, 'v')}{parts}{prerelease}{self._maybe(0.2, '+m.1')}"

    def _text(self) -> str:
        return f"{self._one('of_text')} {_quoted(self._some('letters', 0, 9))}"

    def _pair(self) -> str:
        return f"{self._one('of_two')} {self._one('values')} {self._one('values')}"


_CALLS: Final[Sequence[Callable[[Details], str]]] = (
    *(Details._format, Details._format, Details._date, Details._reading, Details._number),
    *(Details._converted, Details._constraint, Details._text, Details._text, Details._pair),
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
