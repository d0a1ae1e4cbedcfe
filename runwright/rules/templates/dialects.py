"""Whose templates they are: the functions they may call, and how paths are written."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from runwright.models.templates import between_braces
from runwright.rules.templates.cache import Cache
from runwright.rules.templates.execution.lookup import Missing
from runwright.rules.templates.functions.bubustack import BUBUSTACK as BUBUSTACK_FUNCTIONS
from runwright.rules.templates.functions.registry import Functions
from runwright.rules.templates.language.grammar import Grammar
from runwright.rules.templates.language.parser import parse
from runwright.rules.templates.language.tree import Action, Node, Template, Text
from runwright.rules.templates.paths import AT_THE_ROOT, Segments, path_of_pipeline
from runwright.rules.templates.scope import INPUTS, PACKET, STEPS


class Reading(NamedTuple):
    """A template that was read."""

    template: Template
    path: Segments = ()
    """Where the template is one plain path and nothing else; empty: it is more, or less."""
    is_one_action: bool = False
    """Whether it is one action and nothing else."""
    steps: int = 0
    """What it takes to read it: one for each character between braces."""


@dataclass(frozen=True, eq=False)
class Dialect:
    """What the templates of one system can do."""

    functions: Functions
    roots: tuple[str, ...] = ()
    """Names that stand for roots of the scope without a dot before them."""
    paths: bool = False
    """Whether fields may have hyphens, and brackets lead into a value."""
    missing: Missing = Missing.ERROR
    most_output: int = 64 * 1024
    """Bytes that one template may come to."""
    readings: Cache[Reading] = field(init=False)

    def __post_init__(self) -> None:
        grammar = Grammar(self.functions, self.roots, self.paths)
        object.__setattr__(self, "readings", Cache(lambda text: _read(text, grammar)))

    def read(self, text: str) -> Reading:
        """Return a template that was read.

        Raises:
            ExpressionError: it cannot be read; where is noted.
        """
        return self.readings.get(text)


def _read(text: str, grammar: Grammar) -> Reading:
    template = parse(text, grammar)
    actions = [node for node in template.nodes if not _is_blank(node)]
    if len(actions) != 1 or not isinstance(actions[0], Action):
        return Reading(template, steps=between_braces(text))
    path = path_of_pipeline(actions[0].pipeline, AT_THE_ROOT)
    return Reading(template, path or (), is_one_action=True, steps=between_braces(text))


def _is_blank(node: Node) -> bool:
    return isinstance(node, Text) and not node.value.strip()


BUBUSTACK: Final = Dialect(
    BUBUSTACK_FUNCTIONS, (INPUTS, STEPS, PACKET), paths=True, missing=Missing.ZERO
)
"""The templates of a Story."""
