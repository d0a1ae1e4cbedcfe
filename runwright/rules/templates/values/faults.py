"""What goes wrong inside a template, before anybody knows which template it is."""


class ExpressionError(Exception):
    """Something that a template says or does cannot be; the message says what.

    It never leaves the package: whoever knows the template makes a TemplateError of it.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at
        """Where in the template, in characters from 0; None: not known yet."""


class MissingPathError(ExpressionError):
    """A plain path leads to nothing; `root` is where it started."""

    def __init__(self, message: str, root: str) -> None:
        super().__init__(message)
        self.root = root


class StoredValueError(ExpressionError):
    """A template looks into what lies in a store."""
