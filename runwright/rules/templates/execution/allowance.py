"""How much a template may do: counted, never timed, so that it is the same everywhere."""

from collections.abc import Mapping
from typing import Any, Final, cast

from runwright.rules.templates.values.faults import ExpressionError

MOST_STEPS: Final = 75_000
"""Of one evaluation; a step is a node of a template, or work of some microseconds."""
QUICK: Final = 8
"""The pace of functions that handle texts as a whole."""
SLOW: Final = 3
"""The pace of functions that go from character to character."""
LONGEST_VALUE: Final = 2 * 1024 * 1024
"""Characters of a text that a function may make."""


class Allowance:
    """The steps that an evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MOST_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            ExpressionError: there are none left.
        """
        self.left -= steps
        if self.left < 0:
            message = f"the evaluation takes more than {MOST_STEPS} steps"
            raise ExpressionError(message)

    def make_room(self, size: int) -> None:
        """Count the steps of making a text of that many characters.

        Raises:
            ExpressionError: it is too long, or too much work.
        """
        if size > LONGEST_VALUE:
            message = f"a function would make a text of more than {LONGEST_VALUE} characters"
            raise ExpressionError(message)
        self.spend(size >> 8)

    def handle(self, value: object, pace: int = QUICK) -> None:
        """Count the steps of a function that looks at a value, but not into its entries.

        The pace is how many characters or entries a step is, as a power of two.
        """
        if isinstance(value, str | list | tuple | Mapping):
            self.spend(len(cast("list[Any]", value)) >> pace)

    def look_into(self, value: object, pace: int = QUICK) -> None:
        """Count the steps of a function that goes through a value with all that lies in it."""
        layer = [value]
        while layer:
            found: list[object] = []
            for one in layer:
                if isinstance(one, str):
                    self.handle(one, pace)
                elif isinstance(one, Mapping):
                    found += cast("Mapping[str, object]", one).values()
                elif isinstance(one, list | tuple):
                    found += cast("list[object]", one)
            self.spend(len(found))
            layer = found
