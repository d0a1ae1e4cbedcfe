"""Commands that need no server: what they say of good and of bad manifests."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from runwright.models.story_run import StartStoryRun
from tests.acceptance.conftest import Terminal, release

BAD = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  steps:
  - {name: Build, type: condition}
  - {name: ship, type: condition, needs: [nothing]}
"""


async def test_validate_reads_whole_folders(offline: Terminal) -> None:
    (offline.folder / "manifests").mkdir()
    (offline.folder / "manifests" / "release.yaml").write_text(release())
    (offline.folder / "manifests" / "notes.txt").write_text("not a manifest")

    result = await offline.run("validate", "manifests")

    assert (result.status, result.err) == (0, "")
    assert result.out == "valid: 6 objects\n"


async def test_validate_judges_a_request_by_the_promise_beside_it(offline: Terminal) -> None:
    example = Path(__file__).parents[2] / "examples" / "03-kratix"
    request = (example / "request.yaml").read_text()
    (offline.folder / "request.yaml").write_text(request.replace("small", "huge"))
    promise = str(example / "promise.yaml")

    good = await offline.run("validate", str(example))
    bad = await offline.run("validate", promise, "request.yaml")

    assert (good.status, good.out) == (0, "valid: 2 objects\n")
    assert bad.status == 2
    assert 'spec.size: must be "small" or "large", not "huge"' in bad.out


async def test_validate_tells_every_problem_under_its_object(offline: Terminal) -> None:
    result = await offline.run("validate", "-", typed=BAD)

    heading, *problems, verdict = result.out.splitlines()
    assert (result.status, result.err) == (2, "")
    assert heading == "standard input: Story/release:"
    assert [line.split(": ")[:2] for line in problems] == [
        ["  error", "spec.steps[0].name"],
        ["  error", "spec.steps[1].needs[0]"],
    ]
    assert verdict == "2 problems"


async def test_start_refuses_what_validate_would_refuse(offline: Terminal) -> None:
    result = await offline.run("start", "-", "-o", "json", typed=BAD)

    said = json.loads(result.err)["error"]
    assert (result.status, result.out) == (2, "")
    assert said["type"] == "InvalidManifestError"
    assert [problem["path"] for problem in said["problems"]] == [
        "spec.steps[0].name",
        "spec.steps[1].needs[0]",
    ]


async def test_a_file_that_is_not_there_is_a_problem_like_any_other(offline: Terminal) -> None:
    result = await offline.run("start", "nothing.yaml")

    assert (result.status, result.out) == (2, "")
    assert result.err == "error: nothing.yaml: no such file or directory\n"


async def test_a_dry_run_prints_what_any_temporal_client_can_start(offline: Terminal) -> None:
    """And needs no connection for it."""
    (offline.folder / "release.yaml").write_text(release())
    (offline.folder / "inputs.yaml").write_text("tag: v2\nforce: false\n")
    words = ("--name", "mine", "--inputs", "inputs.yaml", "--input", "force=true", "--dry-run")

    result = await offline.run("start", "release.yaml", *words)

    request = json.loads(result.out)
    start = StartStoryRun.model_validate(request["input"])
    unknown = "inputs.force: the inputsSchema of story release has no such input"
    assert (result.status, result.err) == (0, f"warning: {unknown}\n")
    assert request["workflowId"] == "storyrun/default/mine/local"
    assert (request["workflowType"], request["taskQueue"]) == ("StoryRun", "runwright-local")
    assert start.inputs == {"tag": "v2", "force": True}


async def test_schemas_are_json_schema(offline: Terminal) -> None:
    result = await offline.run("schema", "storyrun", "-o", "yaml")

    schema = yaml.safe_load(result.out)
    assert (result.status, result.err) == (0, "")
    assert {"story", "engrams", "inputs", "resumeFrom"} <= schema["properties"].keys()


async def test_without_a_server_a_command_says_where_it_looked_and_what_helps(
    offline: Terminal,
) -> None:
    result = await offline.run("list")

    error, hint = result.err.splitlines()
    assert (result.status, result.out) == (3, "")
    assert error.startswith("error: connect to Temporal at 127.0.0.1:1: ")
    assert hint.startswith("hint: `runwright dev` starts a server here; TEMPORAL_ADDRESS")


async def test_wrong_usage_is_told_like_every_other_error(offline: Terminal) -> None:
    result = await offline.run("get", "a/b/c")

    error, hint = result.err.splitlines()
    assert (result.status, result.out) == (2, "")
    assert error.endswith("'a/b/c' is neither NAME nor NAMESPACE/NAME")
    assert hint == "hint: `runwright get --help` tells how it is used"


def test_the_help_of_all_commands_loads_none_of_them() -> None:
    """So that it is quick."""
    script = (
        "import sys; sys.argv = ['runwright', '--help']\n"
        "from runwright.cli import main\n"
        "try: main()\n"
        "finally: assert not {'temporalio', 'pydantic', 'yaml'} & sys.modules.keys()\n"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "Start the run that manifests describe." in shown.stdout
