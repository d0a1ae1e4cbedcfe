"""Pages of documentation as tests see them: blocks of code, links, and tables."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
CLUSTER: Final = DOCS / "kubernetes.md"
KRATIX: Final = DOCS / "kratix.md"
ON_A_CLUSTER: Final = frozenset({CLUSTER, KRATIX})
"""The pages that need a cluster to be followed."""
_BLOCK: Final = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_STATUS: Final = re.compile(r"\s+# status (\d+)(?: or (\d+))?$")


class Block(NamedTuple):
    """A block of code, and the words behind its language."""

    language: str
    words: tuple[str, ...]
    text: str

    @property
    def file_name(self) -> str:
        """Under which name the page has it as a file; empty where it is none."""
        return next((word for word in self.words if "." in word), "")

    @property
    def is_only_checked(self) -> bool:
        """Whether it is there to be read, not to be executed."""
        return "check" in self.words


class Command(NamedTuple):
    """A line for a shell, how it may exit, and lines of what it says."""

    line: str
    statuses: frozenset[int]
    said: tuple[str, ...]


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    return [
        Block(language, tuple(words.split()), text)
        for language, words, text in _BLOCK.findall(page.read_text())
    ]


def commands_of(block: Block) -> Iterator[Command]:
    """Yield the commands of a console, or the lines of a script."""
    if block.language == "sh":
        yield from (Command(line, frozenset({0}), ()) for line in block.text.splitlines())
        return
    for chunk in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, *said = chunk.splitlines()
        allowed = _STATUS.search(line)
        numbers = (number for number in allowed.groups() if number) if allowed else ("0",)
        yield Command(_STATUS.sub("", line), frozenset(map(int, numbers)), tuple(said))


def prose_of(page: Path) -> str:
    """Return a page without its blocks."""
    return _BLOCK.sub("", page.read_text())


def links_of(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    return _LINK.findall(prose_of(page))


def anchors_of(page: Path) -> set[str]:
    """Return the names of a page's headings, as links say them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


def tables_of(text: str) -> list[list[list[str]]]:
    """Return the rows of each table, without its head."""
    found = re.findall(r"^\|.*\n\| ?-.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return [
        [[cell.strip() for cell in row.strip("|").split(" | ")] for row in body.splitlines()]
        for body in found
    ]
