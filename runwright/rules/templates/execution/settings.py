"""What an execution needs besides the template and its scope."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from runwright.rules.templates.execution.allowance import Allowance
from runwright.rules.templates.execution.lookup import Missing
from runwright.rules.templates.functions.registry import Functions
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.moments import Moment, moment_of


@dataclass(slots=True)
class Settings:
    """What an execution needs besides the template and its scope."""

    functions: Functions
    missing: Missing
    allowance: Allowance
    most_output: int
    """Bytes that the template may come to."""
    moment: datetime | None = None
    chance: Random | None = None

    def now(self) -> Moment:
        """Return the time of the evaluation.

        Raises:
            ExpressionError: this place has none.
        """
        if self.moment is None:
            message = "the time is not available here"
            raise ExpressionError(message)
        return moment_of(self.moment)

    def random(self) -> Random:
        """Return where chance comes from.

        Raises:
            ExpressionError: this place has none.
        """
        if self.chance is None:
            message = "chance is not available here"
            raise ExpressionError(message)
        return self.chance
