"""What the documentation says is executed, or held against what it is about."""

import ast
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pydantic import TypeAdapter

from adapters.temporal.server import Addresses, serving
from runwright.cli.app import COMMANDS
from runwright.models.metrics import METRICS
from runwright.settings import Settings
from tests.acceptance.commands import mistakes, options_of
from tests.acceptance.conftest import Terminal, terminal_at, working
from tests.acceptance.following import Desk, follow
from tests.acceptance.pages import (
    DOCS,
    ON_A_CLUSTER,
    ROOT,
    anchors_of,
    blocks_of,
    commands_of,
    links_of,
    prose_of,
    tables_of,
)
from workflows.presentation import SEARCH_ATTRIBUTES

_PAGES: Final = sorted(DOCS.glob("*.md"))
_OTHERS: Final = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("examples/*/README.md")]
_OWN_COMMANDS: Final = re.compile(r"`runwright ([a-z]+)[^`]*`")
_OWN_METRICS: Final = re.compile(r"\b(runwright_[a-z_]+?)(?:_bucket)?\b")
_ISO: Final = TypeAdapter(timedelta)
_DEFAULTS_IN_WORDS: Final = {
    "state": "~/.local/state/runwright",
    "watch_namespace": "all",
    "instance": "the host's name",
    "probes": "nowhere",
    "metrics": "nowhere",
    "kratix_selector": "all",
    "kratix_most_at_once": "20",
    "kratix_delete_retries": "0",
    "pipeline_adapter_pull_secret": "none",
}

each_page = pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
each_text = pytest.mark.parametrize("page", [*_PAGES, *_OTHERS], ids=lambda page: page.stem)


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Terminal]:
    """Where the reader sits: a server and a worker of the name that is nobody's choice."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "examples").symlink_to(ROOT / "examples")
    async with serving(folder, Addresses(0, 0), SEARCH_ATTRIBUTES) as server:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        terminal = terminal_at(folder, server.grpc, PATH=path)
        async with working(terminal):
            yield terminal


@pytest.mark.parametrize("page", sorted({*_PAGES} - ON_A_CLUSTER), ids=lambda page: page.stem)
def test_the_examples_of_a_page_work(page: Path, place: Terminal) -> None:
    """In their order: a file is written, a command executed and what it is to say compared."""
    follow(page, Desk(place.folder, place.environ))


@each_page
def test_the_files_of_a_page_can_be_read(page: Path) -> None:
    for block in blocks_of(page):
        match block.language:
            case "json":
                json.loads(block.text)
            case "yaml":
                assert list(yaml.safe_load_all(block.text))
            case "python":
                ast.parse(block.text)
            case language:
                assert language in {"console", "sh"}


@each_text
def test_every_command_that_is_mentioned_exists(page: Path) -> None:
    """Those in examples with their options; those in the text by name."""
    shown = [block for block in blocks_of(page) if block.language in {"console", "sh"}]

    wrong = [
        mistake
        for block in shown
        if not block.file_name
        for command in commands_of(block)
        for mistake in mistakes(command.line)
    ]
    wrong += [name for name in _OWN_COMMANDS.findall(prose_of(page)) if name not in COMMANDS]

    assert not wrong


@each_text
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link in links_of(page) if not _leads_somewhere(page, link)]

    assert not broken


def _leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("https://", "http://")):
        return True
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


def test_the_index_has_every_page() -> None:
    linked = set(links_of(DOCS / "index.md"))

    assert {page.name for page in _PAGES} - {"index.md"} <= linked


def test_the_page_of_settings_has_each_with_its_default() -> None:
    """A setting that is left out, or whose default changed, is found by nobody else."""
    table, *_ = tables_of(prose_of(DOCS / "settings.md"))

    documented = {name.strip("`"): default.strip("`") for name, default, _ in table}

    assert documented == {
        f"RUNWRIGHT_{name.upper()}": _default(name, field.default)
        for name, field in Settings.model_fields.items()
    }


def _default(name: str, default: Any) -> str:
    if name in _DEFAULTS_IN_WORDS:
        return _DEFAULTS_IN_WORDS[name]
    shown: str = (
        _ISO.dump_python(default, mode="json") if type(default) is timedelta else str(default)
    )
    return shown


def test_the_page_of_metrics_has_each_as_it_is_scraped() -> None:
    """Dashboards and alarms are made of it."""
    table, *_ = tables_of(prose_of(DOCS / "metrics.md"))

    assert [tuple(row) for row in table] == [
        (
            f"`{one.name}`",
            type(one).__name__.lower(),
            ", ".join(f"`{label}`" for label in one.labels) or "none",
            one.meaning,
        )
        for one in METRICS
    ]


def test_alarms_are_made_of_metrics_that_exist() -> None:
    mentioned = set(_OWN_METRICS.findall(prose_of(DOCS / "metrics.md")))

    assert mentioned == {one.name for one in METRICS}


def test_the_page_of_commands_has_each_with_its_options() -> None:
    sections = re.split(r"^### `runwright ", prose_of(DOCS / "cli.md"), flags=re.MULTILINE)[1:]

    documented = {
        re.split(r"[ `]", section)[0]: {
            (names.replace("`", ""), meaning) for names, meaning in (tables_of(section) or [[]])[0]
        }
        for section in sections
    }

    assert documented == {
        command: {(", ".join(option.names), option.help) for option in options_of(command)}
        for command in COMMANDS
    }


def test_the_picture_is_small_enough_for_a_page() -> None:
    picture = DOCS / "pictures" / "waiting-run.png"

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000
