"""Things that must not change by accident, and pairs that must not drift apart."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions, packages_distributions
from pathlib import Path
from typing import Final

import pytest

import runwright.client
from runwright import errors
from runwright.errors import PermanentError, RunwrightError, TransientError
from workflows import policies

PACKAGES: Final = ("runwright", "workflows", "activities", "adapters")
ROOT: Final = Path(runwright.__file__).parents[1]
starts_an_interpreter = pytest.mark.timeout(20)
"""A second when the machine is idle, and it seldom is."""


def below(kind: type[RunwrightError]) -> Iterator[type[RunwrightError]]:
    """Yield a class of errors and all below it that are defined beside it."""
    if kind.__module__ == errors.__name__:
        yield kind
        for one in kind.__subclasses__():
            yield from below(one)


def loaded_by(code: str, folder: Path) -> set[str]:
    """Return the modules that a fresh interpreter in that folder has after running the code."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(printed.stdout.split())


def providers(package: str) -> list[str]:
    """Return the distributions that bring a package of that name."""
    installed = packages_distributions().get(package, [])
    linked = [one.name for one in distributions() if _links_to(one, package)]
    return sorted({*installed, *linked})


def _links_to(distribution: Distribution, package: str) -> bool:
    """Return whether the package is found by a path that the distribution adds.

    An editable installation records such a path instead of its files, and those of a package
    are all that `packages_distributions` knows.
    """
    paths = [file for file in distribution.files or [] if file.suffix == ".pth"]
    lines = [line for path in paths for line in path.read_text().splitlines()]
    return any((Path(line) / package / "__init__.py").exists() for line in lines if line.strip())


def test_every_permanent_error_is_one_that_activities_do_not_retry() -> None:
    """One that is missing there would be tried for ever."""
    assert set(policies.PERMANENT_ERRORS) == {kind.__name__ for kind in below(PermanentError)}
    assert len(policies.PERMANENT_ERRORS) == len(set(policies.PERMANENT_ERRORS))


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    """The drawing is what people read."""
    drawn = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}

    assert drawn == {kind.__name__ for kind in below(RunwrightError)}


def test_every_error_is_below_one_of_the_two_kinds() -> None:
    kinds = set(below(PermanentError)) | set(below(TransientError))

    assert set(below(RunwrightError)) - kinds == {RunwrightError}


def test_the_client_exports_what_people_import() -> None:
    """A name that disappears breaks their programs."""
    assert runwright.client.__all__ == [
        "Away",
        "Missing",
        "NoWorkerError",
        "ParentAddress",
        "ParentEntity",
        "ParentSummary",
        "ParentView",
        "Run",
        "RunwrightClient",
        "StartRequest",
        "Summary",
        "Trouble",
        "View",
        "changes",
        "changes_until",
        "connect",
        "parent_address",
        "start_request",
    ]
    assert all(hasattr(runwright.client, name) for name in runwright.client.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_else_brings_a_package_of_our_names(package: str) -> None:
    """Three of the names are common words: the last one installed would overwrite the others."""
    assert providers(package) == ["runwright"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_tells_type_checkers_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


@starts_an_interpreter
def test_workflows_are_imported_without_a_client_library(tmp_path: Path) -> None:
    """Each worker loads them, and whoever starts a run; what another system needs is not there."""
    loaded = loaded_by("import workflows.story_run", tmp_path)

    heavy = {"kubernetes", "aiohttp", "grpc", "adapters", "yaml", "typer", "rich"}
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(heavy)
    assert not [name for name in loaded if "kratix" in name]


@starts_an_interpreter
def test_rules_and_models_are_imported_without_temporal(tmp_path: Path) -> None:
    code = "import runwright.rules.bubustack.verdicts, runwright.ports"

    loaded = loaded_by(code, tmp_path)

    assert {name for name in loaded if name.startswith("temporalio")} == set()


@starts_an_interpreter
def test_commands_that_serve_nothing_are_loaded_without_a_client_library(tmp_path: Path) -> None:
    """Each takes longer to import than the help of all commands takes to be read."""
    code = """
import contextlib, io, sys
import runwright.cli
sys.argv = ["runwright", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    runwright.cli.main()
"""

    loaded = loaded_by(code, tmp_path)

    heavy = {"aiohttp", "kubernetes", "temporalio"}
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(heavy)


@starts_an_interpreter
def test_a_worker_of_local_tasks_is_loaded_without_the_library_of_a_cluster(tmp_path: Path) -> None:
    loaded = loaded_by("import runwright.cli.serving, runwright.cli.embedded", tmp_path)

    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"aiohttp", "kubernetes"})


@starts_an_interpreter
@pytest.mark.parametrize(
    "code",
    [
        "import runwright.cli",
        "import runwright.client",
        "import runwright.cli.launching, runwright.cli.overview, runwright.cli.logs",
    ],
)
def test_the_client_library_of_a_cluster_is_imported_only_where_one_is_asked(
    code: str, tmp_path: Path
) -> None:
    """It takes longer than most commands, and who works without a cluster never needs it."""
    loaded = loaded_by(code, tmp_path)

    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"kubernetes", "aiohttp"})
