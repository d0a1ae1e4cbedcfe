"""Commands on runs, against a real server and a real worker."""

import asyncio
import json
from typing import Any

import yaml

from runwright.models.bubustack import Phase
from runwright.models.history import History
from runwright.models.story_run import StoryRunState
from tests.acceptance.conftest import Result, Terminal, ended, release, until_said


async def started(terminal: Terminal, name: str, *words: str, ship: str = "echo shipped") -> Result:
    """Return how the start of a release ended."""
    result = await terminal.run("start", "-", "--name", name, *words, typed=release(ship))
    assert result.status == 0, result.err
    return result


async def gate_reached(terminal: Terminal, name: str) -> None:
    """Return once the gate of a release waits."""
    watch = await terminal.begin("watch", name)
    await until_said(watch.stdout, "waits for a decision")
    watch.kill()
    await watch.communicate()


async def test_a_release_from_its_start_to_its_logs(terminal: Terminal) -> None:
    begun = await started(terminal, "whole", "--as", "ada", "-o", "json")
    assert json.loads(begun.out)["workflowId"] == "storyrun/default/whole/local"
    await gate_reached(terminal, "whole")

    shown = await terminal.run("get", "whole")
    assert (shown.status, shown.err) == (0, "")
    assert "by ada" in shown.out
    assert "  runwright approve whole sign-off\n" in shown.out

    listed = await terminal.run("list")
    (row,) = [line for line in listed.out.splitlines() if line.startswith("default/whole ")]
    assert row.rstrip().endswith("gate sign-off")

    explained = await terminal.run("explain", "default/whole")
    assert "Gate sign-off waits for a decision" in " ".join(explained.out.split())

    watch = await terminal.begin("watch", "whole")
    await until_said(watch.stdout, "waits for a decision")
    approved = await terminal.run("approve", "whole", "sign-off", "--as", "ada", "-o", "json")
    assert (approved.status, approved.err) == (0, "")
    assert json.loads(approved.out)["outcome"] == "Approved"

    watched = await ended(watch)
    assert (watched.status, watched.err) == (0, "")
    assert "run default/whole: Succeeded after" in watched.out.splitlines()[-1]

    written = await terminal.run("logs", "whole")
    assert (written.status, written.out) == (0, "build | built\nship | shipped\n")
    followed = await terminal.run("logs", "-f", "whole", "ship")
    assert (followed.status, followed.out) == (0, "shipped\n")

    late = await terminal.run("approve", "whole", "sign-off")
    assert (late.status, late.out) == (2, "")
    assert late.err == "error: decide a gate of run default/whole: it is over\n"


async def test_a_failed_run_says_what_to_do_and_goes_on_from_there(terminal: Terminal) -> None:
    once = "test -e failed || { touch failed; echo no >&2; exit 3; }"
    await started(terminal, "failing", ship=once.replace("failed", str(terminal.folder / "once")))
    await terminal.run("approve", "failing", "sign-off")

    watched = await terminal.run("watch", "failing", "-o", "json")
    state = StoryRunState.model_validate_json(watched.out)
    assert (watched.status, state.phase) == (1, Phase.FAILED)
    assert watched.err.splitlines()[-1].endswith("Story completed with failed step: ship.")

    shown = await terminal.run("get", "failing")
    assert "  runwright logs failing ship\n" in shown.out
    assert shown.out.endswith("Go on from what did not succeed: runwright retry failing\n")

    retried = await terminal.run("retry", "failing", "--wait", "--input", "tag=v2", "-o", "yaml")
    again = StoryRunState.model_validate(yaml.safe_load(retried.out))
    assert retried.status == 0, retried.err
    assert (again.activation, again.inputs) == (2, {"tag": "v2"})


async def test_the_history_of_a_run_tells_who_did_what_and_when(terminal: Terminal) -> None:
    await started(terminal, "past", "--as", "ada", ship="exit 3")
    await terminal.run("pause", "past", "--as", "grace", "--comment", "lunch")
    await terminal.run("resume", "past", "--as", "grace")
    await terminal.run("approve", "past", "sign-off", "--as", "linus", "--comment", "read it")
    open_run = await terminal.run("history", "past", "-o", "json")
    await terminal.run("watch", "past")
    await terminal.run("retry", "past", "--as", "margaret", "--wait")

    shown, whole, ship, nothing = await asyncio.gather(
        terminal.run("history", "past"),
        terminal.run("history", "past", "-o", "json"),
        terminal.run("history", "default/past", "--step", "ship", "-o", "yaml"),
        terminal.run("history", "past", "--step", "nothing"),
    )

    told = History.model_validate(_without_names(json.loads(whole.out)))
    assert [(one.reason, one.by) for one in told.transitions if one.by is not None] == [
        ("Started", "ada"),
        ("Paused", "grace"),
        ("Resumed", "grace"),
        ("Approve", "linus"),
        ("Retried", "margaret"),
    ]
    early = History.model_validate(_without_names(json.loads(open_run.out)))
    assert early.transitions == told.transitions[: len(early.transitions)]
    assert (shown.status, shown.err) == (0, "")
    assert len(shown.out.splitlines()) == len(told.transitions) + 1
    assert "Retried: execution 2, keeps build and sign-off" in shown.out
    assert {one["name"] for one in yaml.safe_load(ship.out)["transitions"]} == {"ship"}
    assert nothing.err.startswith("error: run default/past has no step nothing; it has ")
    assert (nothing.status, nothing.out) == (2, "")


def _without_names(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in {"namespace", "name"}}


async def test_a_run_is_paused_resumed_and_cancelled(terminal: Terminal) -> None:
    await started(terminal, "stopped")

    paused = await terminal.run("pause", "stopped", "--as", "ada", "--comment", "lunch")
    shown = await terminal.run("get", "stopped")
    resumed = await terminal.run("resume", "stopped")
    words = ("--grace", "1s", "--reason", "enough", "--wait", "-o", "json")
    cancelled = await terminal.run("cancel", "stopped", *words)
    again = await terminal.run("cancel", "stopped")

    assert (paused.status, paused.out) == (0, "paused: run default/stopped\n")
    assert "Paused by ada since" in shown.out
    assert (resumed.status, resumed.out) == (0, "resumed: run default/stopped\n")
    state = StoryRunState.model_validate_json(cancelled.out)
    assert (cancelled.status, state.phase) == (0, Phase.FINISHED)
    assert state.cancelled is not None
    assert state.cancelled.reason == "enough"
    assert (again.status, again.err) == (2, "error: cancel run default/stopped: it is over\n")


async def test_what_cannot_be_is_refused_with_a_reason(terminal: Terminal) -> None:
    await started(terminal, "taken")

    twice, no_gate, no_step, open_run, both = await asyncio.gather(
        terminal.run("start", "-", "--name", "taken", typed=release()),
        terminal.run("reject", "taken", "nothing"),
        terminal.run("logs", "-f", "taken", "nothing"),
        terminal.run("retry", "taken"),
        terminal.run("retry", "taken", "--from", "build", "--all"),
    )

    assert [twice.status, no_gate.status, no_step.status, open_run.status] == [2, 2, 2, 2]
    assert (both.status, "either --from STEP or --all" in both.err) == (2, True)
    assert twice.err.startswith("error: start run default/taken: a run of that name exists\nhint: ")
    assert no_gate.err == "error: there is no gate nothing; the gates are: sign-off\n"
    assert no_step.err.startswith("error: run default/taken has no step nothing; it has build")
    assert open_run.err == "error: retry run default/taken: it is not over\n"


async def test_a_run_that_nobody_started_is_unknown_to_every_command(terminal: Terminal) -> None:
    commands = (("get",), ("history",), ("watch",), ("logs", "-f"), ("cancel",), ("retry",))

    results = await asyncio.gather(*(terminal.run(*words, "nobody") for words in commands))

    for words, result in zip(commands, results, strict=True):
        assert (result.status, result.out) == (2, ""), words
        error, hint = result.err.splitlines()
        assert error == "error: there is no run default/nobody"
        assert hint == "hint: `runwright list` shows the runs there are"


async def test_a_shell_completes_the_names_of_runs(terminal: Terminal) -> None:
    await started(terminal, "half-typed")
    asking = {"_RUNWRIGHT_COMPLETE": "complete_bash", "COMP_WORDS": "runwright get half"}

    offered = await terminal.with_environ(**asking, COMP_CWORD="2").run()
    nowhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    silent = await terminal.with_environ(**asking, COMP_CWORD="2", **nowhere).run()

    assert offered.out.split() == ["half-typed"]
    assert (silent.out.strip(), silent.err) == ("", "")
