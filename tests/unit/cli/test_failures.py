"""What an error says, in which form, and with which exit status."""

import json

import pytest
import typer

from runwright.cli.failures import reported
from runwright.cli.output import Output
from runwright.client import NoWorkerError
from runwright.errors import (
    ClusterUnavailableError,
    ExistsError,
    InvalidManifestError,
    NotFoundError,
    Problem,
    RefusedError,
    RunwrightError,
    StorageUnavailableError,
    TemporalUnavailableError,
)


def status_and_words(error: BaseException, capture: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(typer.Exit) as exited, reported():
        raise error
    shown = capture.readouterr()
    assert shown.out == ""
    return exited.value.exit_code, shown.err


@pytest.mark.parametrize(
    ("error", "status", "hint"),
    [
        (RefusedError("no"), 2, ""),
        (ExistsError("no"), 2, "hint: choose another --name"),
        (NotFoundError("no"), 2, ""),
        (TemporalUnavailableError("no"), 3, "hint: `runwright dev` starts a server here"),
        (NoWorkerError("no"), 3, "hint: `runwright worker` starts a worker"),
        (ClusterUnavailableError("no"), 3, "hint: KUBECONFIG says which cluster is meant"),
        (StorageUnavailableError("no"), 3, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RunwrightError) else "",
)
def test_an_error_is_told_with_what_would_mend_it(
    error: RunwrightError, status: int, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, words = status_and_words(error, capsys)

    first, *rest = words.splitlines()
    assert (code, first) == (status, "error: no")
    assert "".join(rest).startswith(hint)
    assert len(rest) == bool(hint)


def test_a_run_that_is_not_there_is_looked_for_in_the_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, words = status_and_words(NotFoundError("there is no run default/web"), capsys)

    assert words.splitlines()[1] == "hint: `runwright list` shows the runs there are"


def test_each_problem_of_a_manifest_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    error = InvalidManifestError([Problem("spec", "is bad"), Problem("", "is worse", "a.yaml")])

    assert status_and_words(error, capsys) == (
        2,
        "error: spec: is bad\nerror: a.yaml: is worse\n",
    )


def test_an_interruption_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_and_words(KeyboardInterrupt(), capsys) == (130, "interrupted\n")


def test_an_error_is_json_where_the_output_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    error = InvalidManifestError([Problem("spec", "is bad")])

    with pytest.raises(typer.Exit), reported(Output.JSON):
        raise error

    assert json.loads(capsys.readouterr().err)["error"]["problems"] == [
        {"path": "spec", "message": "is bad", "file": "", "object": ""}
    ]
