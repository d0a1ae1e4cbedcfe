"""The way in: `make`, and the script that sets up what it needs."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

_PROJECT: Final = Path(__file__).parents[2]
_TOOLS: Final = ("awk", "cat", "dirname", "env", "make", "mkdir", "sh", "touch")
_UV: Final = """#!/bin/sh
case "$1" in
--version) echo "uv ${FAKE_UV:-0.13.9} (fake)"; exit ;;
esac
echo "$* HOME=$HOME downloads=$UV_PYTHON_DOWNLOADS" >>"$CALLS"
[ "$1" != "${FAILING:-}" ]
"""
"""Answers as uv, and writes down how it was called; `FAILING` names the command that fails."""


class Checkout:
    """What a newcomer has: the project's scripts, and a machine with next to nothing on it."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.bin.mkdir()
        (self.project / "scripts").mkdir(parents=True)
        (self.project / ".ci").mkdir()
        for name in ("Makefile", "pyproject.toml", "uv.lock", "scripts/bootstrap", ".ci/run"):
            shutil.copy(_PROJECT / name, self.project / name)
        for name in _TOOLS:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def has(self, name: str, script: str) -> None:
        """Put a command on the PATH."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command with that PATH, the given variables, and no others."""
        given = {"PATH": str(self.bin), "CALLS": str(self.calls), **environ}
        return subprocess.run(
            command,
            cwd=self.project,
            env=given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self) -> list[str]:
        """Return how the commands that write it down were called."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_make_alone_shows_what_there_is(checkout: Checkout) -> None:
    shown = checkout.run("make")

    targets = [line.split()[1] for line in shown.stdout.splitlines()]
    clusters = ["bench-cluster", "bench-kratix", "cluster", "cluster-down", "test-cluster"]
    assert targets == ["help", "demo", "test", "check", "fuzz", "bench", *clusters]


def test_uv_on_the_path_is_used_and_downloads_no_python(checkout: Checkout) -> None:
    checkout.has("uv", _UV)

    done = checkout.run("scripts/bootstrap", HOME="/home/ada")

    assert (done.returncode, done.stderr) == (0, "")
    assert checkout.called() == [
        "python find --quiet >=3.11 HOME=/home/ada downloads=never",
        "sync --quiet --frozen HOME=/home/ada downloads=never",
    ]
    assert (checkout.project / ".venv" / "uv").read_text() == f"{checkout.bin}/uv\n"


@pytest.mark.parametrize("home", [{}, {"HOME": ""}], ids=["none", "empty"])
def test_a_home_is_made_where_there_is_none(checkout: Checkout, home: dict[str, str]) -> None:
    """A container may run as anybody; uv and others keep their caches at home."""
    checkout.has("uv", _UV)

    checkout.run("scripts/bootstrap", **home)

    assert f"HOME={checkout.project}/.tools/home" in checkout.called()[-1]


def test_without_uv_a_pinned_one_is_installed_beside_the_project(checkout: Checkout) -> None:
    """As far as that needs no network: the environment is made, and pip is asked for uv."""
    checkout.has(
        "python3",
        """#!/bin/sh
[ "$1" = -m ] || exit 0
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "pip $*" >>"$CALLS"\\n' >"$3/bin/pip"
"$CHMOD" +x "$3/bin/pip"
""",
    )

    done = checkout.run("scripts/bootstrap", CHMOD=str(shutil.which("chmod")))

    assert "bootstrap: installing uv 0.13.9 into .tools" in done.stderr
    assert checkout.called() == ["pip install --quiet --disable-pip-version-check uv==0.13.9"]


@pytest.mark.parametrize("too_old", [False, True], ids=["no uv", "an old uv"])
def test_a_python_that_cannot_make_environments_is_told_with_what_is_missing(
    checkout: Checkout, *, too_old: bool
) -> None:
    """Debian's python3 comes without ensurepip."""
    checkout.has("python3", "#!/bin/sh\nexit 1\n")
    if too_old:
        checkout.has("uv", _UV)

    done = checkout.run("scripts/bootstrap", FAKE_UV="0.9.30")

    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert checkout.called() == []


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("python", "there is no Python 3.11 or newer on this machine"),
        ("sync", "is the package index reachable?"),
    ],
)
def test_what_cannot_be_set_up_is_said(checkout: Checkout, failing: str, said: str) -> None:
    checkout.has("uv", _UV)

    done = checkout.run("make", "demo", FAILING=failing)

    assert done.returncode == 2
    assert said in done.stderr


def test_ci_runs_check_and_then_the_tests_from_wherever_it_is_called(checkout: Checkout) -> None:
    checkout.has("bash", f'#!/bin/sh\nexec {shutil.which("bash")} "$@"\n')
    checkout.has("make", '#!/bin/sh\necho "make $*" >>"$CALLS"\n[ "$*" != "${FAILING:-}" ]\n')
    run = os.path.relpath(checkout.project / ".ci" / "run", checkout.project)

    assert checkout.run(run).returncode == 0
    assert checkout.run(run, FAILING="check").returncode == 1

    assert checkout.called() == [
        *("make check", "make test", "make test-cluster"),
        "make check",
    ]
