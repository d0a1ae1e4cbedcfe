"""`runwright crds`, and the files that it made."""

import json
from pathlib import Path
from typing import Final

import pytest
import yaml

from runwright.cli.crds import Form, crds, file_text
from runwright.rules.crds import Kind, definition

_FILES: Final = Path(__file__).parents[3] / "deploy" / "crds"


def texts(folder: Path) -> dict[str, str]:
    """Return what the files below a folder hold, by their paths in it."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.yaml")}


def test_the_files_are_as_the_models_are(tmp_path: Path) -> None:
    crds(folder=tmp_path)

    made = texts(tmp_path)
    kept = texts(_FILES)

    assert kept == made, "deploy/crds is not current: `runwright crds --folder deploy/crds`"


def test_the_kinds_that_a_worker_takes_in_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    crds(output=Form.JSON)

    printed = json.loads(capsys.readouterr().out)["items"]

    assert {one["spec"]["names"]["kind"] for one in printed} == {
        "Story",
        "StoryRun",
        "StepRun",
        "Engram",
        "EngramTemplate",
    }


def test_some_kinds_are_printed_as_they_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    crds([Kind.STORY_RUN, Kind.STORY])

    printed = list(yaml.safe_load_all(capsys.readouterr().out))

    assert printed == [definition(Kind.STORY_RUN), definition(Kind.STORY)]


def test_json_is_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    crds([Kind.STEP_RUN], Form.JSON)

    printed = json.loads(capsys.readouterr().out)

    assert printed == {"apiVersion": "v1", "kind": "List", "items": [definition(Kind.STEP_RUN)]}


def test_a_file_says_how_it_was_made() -> None:
    assert file_text(definition(Kind.STORY)).startswith("# Made by `runwright crds ")
