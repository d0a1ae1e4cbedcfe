"""What goes wrong inside a template, before anybody knows which template it is."""

from collections.abc import Collection

from runwright.rules.wording import quoted, suggestion


class ExpressionError(Exception):
    """Something that a template says or does cannot be; the message says what.

    It never leaves the package: whoever knows the template makes a TemplateError of it.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at
        """Where in the template, in characters from 0; None: not known yet."""


class UnknownFunctionError(ExpressionError):
    """A template calls a function that is none of the known names.

    What was meant is looked for when somebody reads the message: it takes longer than the rest of
    the template, which most do not care about that only look for references.
    """

    def __init__(self, name: str, known: Collection[str], at: int) -> None:
        super().__init__(f"there is no function {quoted(name)}", at)
        self._name = name
        self._known = known

    def __str__(self) -> str:
        """Return the message, with the name that is closest."""
        return f"{super().__str__()}{suggestion(self._name, self._known)}"


class MissingPathError(ExpressionError):
    """A plain path leads to nothing; `root` is where it started."""

    def __init__(self, message: str, root: str) -> None:
        super().__init__(message)
        self.root = root


class StoredValueError(ExpressionError):
    """A template looks into what lies in a store."""
