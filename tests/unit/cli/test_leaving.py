"""How the command line leaves."""

import os
import sys

import pytest

from runwright import cli


class Left(BaseException):
    """The process would be gone."""


@pytest.mark.parametrize("code", [0, 3, None])
def test_whoever_leaves_on_the_way_spares_the_interpreter_its_end(
    monkeypatch: pytest.MonkeyPatch, code: int | None
) -> None:
    """As completion does: threads of Temporal's core could abort what ends by itself."""
    left: list[int] = []

    def leaving(**_: object) -> None:
        sys.exit(code)

    def gone(status: int) -> None:
        left.append(status)
        raise Left

    monkeypatch.setattr(sys, "argv", ["runwright", "schema"])  # not all: they are shared
    monkeypatch.setattr(cli, "app", leaving)
    monkeypatch.setattr(os, "_exit", gone)
    monkeypatch.setitem(sys.modules, "temporalio", sys)

    with pytest.raises(Left):
        cli.main()

    assert left == [code or 0]
