"""What the testbed raises on purpose."""


class TestbedError(Exception):
    """The root; its message says what to do, or where the log is."""

    __test__ = False


class UnavailableError(TestbedError):
    """This machine cannot have what was asked for."""


class CommandError(TestbedError):
    """A command ended with an error."""
