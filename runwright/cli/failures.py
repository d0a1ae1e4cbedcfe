"""What a command says and how it exits when something does not work."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import typer

from runwright.cli.output import Output
from runwright.client import NoWorkerError
from runwright.errors import (
    ClusterUnavailableError,
    ExistsError,
    InvalidManifestError,
    NotFoundError,
    RunwrightError,
    TemporalUnavailableError,
    TransientError,
)

FAILED: Final = 1
REFUSED: Final = 2
UNAVAILABLE: Final = 3
INTERRUPTED: Final = 130
_HINTS: Final[tuple[tuple[type[RunwrightError], str], ...]] = (
    (NoWorkerError, "`runwright worker` starts a worker, `runwright dev` one with a server"),
    (
        TemporalUnavailableError,
        "`runwright dev` starts a server here; TEMPORAL_ADDRESS says where another one is",
    ),
    (
        ClusterUnavailableError,
        "KUBECONFIG says which cluster is meant; `kubectl cluster-info` tells whether it answers",
    ),
    (ExistsError, "choose another --name; `runwright retry` goes on with a run that is over"),
)
_NO_RUN: Final = "`runwright list` shows the runs there are"
_NOT_LOOKED_AFTER: Final = " that is looked after in cluster "
_NO_PARENT: Final = (
    "RUNWRIGHT_CLUSTER is to be as the worker has it; `runwright list promises` and "
    "`runwright list requests` show what there is"
)


@contextmanager
def reported(output: Output = Output.TABLE) -> Generator[None]:
    """Say an error of ours on standard error, and exit with its status."""
    try:
        yield
    except RunwrightError as error:
        typer.echo(_said(error, output), err=True)
        raise typer.Exit(status_of(error)) from error
    except KeyboardInterrupt as interrupt:
        typer.echo("interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from interrupt


def status_of(error: RunwrightError) -> int:
    """Return the exit status: 3 where the world may change, else 2."""
    return UNAVAILABLE if isinstance(error, TransientError) else REFUSED


def hint_for(error: RunwrightError) -> str:
    """Return what would mend it; empty where that is not known."""
    if isinstance(error, NotFoundError) and str(error).startswith("there is no run "):
        return _NO_RUN  # and not for a step or a log that is not there
    if isinstance(error, NotFoundError) and _NOT_LOOKED_AFTER in str(error):
        return _NO_PARENT
    return next((hint for kind, hint in _HINTS if isinstance(error, kind)), "")


def _said(error: RunwrightError, output: Output) -> str:
    hint = hint_for(error)
    if output is not Output.TABLE:
        return json.dumps({"error": _as_json(error, hint)}, indent=2, ensure_ascii=False)
    lines = [f"error: {line}" for line in str(error).splitlines() or [type(error).__name__]]
    return "\n".join([*lines, f"hint: {hint}"] if hint else lines)


def _as_json(error: RunwrightError, hint: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if hint:
        shown["hint"] = hint
    if isinstance(error, InvalidManifestError):
        shown["problems"] = [problem._asdict() for problem in error.problems]
    return shown
