"""The list of commands and the commands themselves say the same."""

from importlib import import_module
from importlib.util import find_spec

import pytest

from runwright.cli.app import COMMANDS, app
from runwright.cli.schemas import MODELS, Kind

WRITTEN = [name for name, one in COMMANDS.items() if find_spec(f"runwright.cli.{one.module}")]


@pytest.mark.timeout(10)  # imports what all commands need
@pytest.mark.parametrize("name", WRITTEN)
def test_a_command_is_in_the_module_that_the_list_names(name: str) -> None:
    module = import_module(f"runwright.cli.{COMMANDS[name].module}")

    registered = {
        one.name or one.callback.__name__: one.callback
        for one in app.registered_commands
        if one.callback is not None
    }

    assert registered[name].__module__ == module.__name__


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_schema_of_its_own_name(kind: Kind) -> None:
    schema = MODELS[kind].model_json_schema()

    assert schema["type"] == "object"
    assert schema["title"].removeprefix("Start") in {kind, "StoryRun"}
