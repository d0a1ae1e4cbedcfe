"""The commands for Promises and requests, on a real cluster with a worker that serves them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.kubernetes.resources import PODS
from testbed.cluster import Testbed
from tests.acceptance.conftest import Terminal, terminal_at
from tests.cluster.platform import Platform, phases, pipeline

_ASKS = """
echo planning
if grep -q 'go: true' /kratix/input/object.yaml; then exit 0; fi
printf 'suspend: true\\nmessage: check the plan\\n' > /kratix/metadata/workflow-control.yaml
"""


@pytest.fixture
def terminal(testbed: Testbed, namespace: str, temporal: str, tmp_path: Path) -> Terminal:
    """A terminal whose kubectl is in the namespace of the requests."""
    config = yaml.safe_load(testbed.kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = namespace
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return terminal_at(
        *(tmp_path, temporal),
        KUBECONFIG=str(file),
        RUNWRIGHT_BACKEND="kubernetes",
        RUNWRIGHT_CLUSTER=namespace,
    )


async def run(terminal: Terminal, *words: str, status: int = 0) -> str:
    """Return what a command printed."""
    result = await terminal.run(*words)
    assert result.status == status, result.err
    return result.out if status == 0 else result.err


async def document(terminal: Terminal, *words: str) -> Any:
    """Return what a command printed as JSON."""
    return json.loads(await run(terminal, *words, "--output", "json"))


async def test_a_request_is_looked_at_approved_and_run_again_by_commands(
    platform: Platform, terminal: Terminal
) -> None:
    async with platform.served():
        db = await platform.promise("db", pipeline("make"), pipeline("plan", _ASKS))
        address = f"request/{db}/one"
        await platform.request(db)
        await platform.until(lambda one: phases(one) == ["Succeeded", "Suspended"], db, "one")
        held = await _until_said(terminal, f"runwright approve request/{db}/", "get", address)
        why = await run(terminal, "explain", address)
        listed = await document(terminal, "list", "requests")
        log = await run(terminal, "logs", address, "plan")
        await run(terminal, "approve", address, "plan", "--as", "ada")
        while len(await platform.jobs(db, "one")) < 3:
            await asyncio.sleep(0.1)
        await platform.edit(db, go=True)
        seen = await run(terminal, "watch", address)
        await platform.until_reconciled(db)
        await run(terminal, "retry", address, "--only", "plan", "--as", "ada")
        again = await _until_past(terminal, address, "manual")
        by_kind = await document(terminal, "get", f"{platform.kind(db).kind}/one")
        promise = await run(terminal, "get", f"promise/{db}")
        told = await run(terminal, "history", address)
        missing = await run(terminal, "get", f"promise/{db}-none", status=2)

    assert "check the plan" in held
    assert "plan waits for a decision (0 of 1 approvals): check the plan:" in " ".join(why.split())
    assert "plan: Running" in seen
    assert ": Ready" in seen.splitlines()[-1]
    assert [(one["name"], one["promise"]) for one in listed] == [("one", db)]
    assert log == "planning\n"
    assert again["pipelines"] == ["plan"]
    assert by_kind["parent"]["name"] == "one"
    assert "Available" in promise
    assert "ada" in told
    assert "there is no promise/" in missing


async def test_what_pipelines_write_is_followed_until_nothing_is_done_any_more(
    platform: Platform, terminal: Terminal
) -> None:
    async with platform.served():
        slow = pipeline("slow", "echo begins; sleep 3; echo ends")
        db = await platform.promise("db", slow, pipeline("last", "echo after"))
        await platform.request(db)
        await platform.until(lambda one: phases(one)[:1] == ["Running"], db, "one")
        followed = await terminal.run("logs", f"request/{db}/one", "--follow")
        of_one = await terminal.run("logs", f"request/{db}/one", "last", "--follow")
        unknown = await run(terminal, "logs", f"request/{db}/one", "lost", "--follow", status=2)

    assert followed.out == "slow/work | begins\nslow/work | ends\nlast/work | after\n"
    assert (followed.status, of_one.out) == (0, "last/work | after\n")
    assert 'has no pipeline lost (did you mean "last"?); it has slow and last' in unknown


async def test_the_log_of_a_pipeline_that_failed_is_printed_when_its_pod_is_gone(
    platform: Platform, terminal: Terminal
) -> None:
    """A Job whose step is restarted in its pod deletes that when it gives up."""
    async with platform.served():
        script = "echo no such size; exit 7"
        db = await platform.promise("db", pipeline("make", script, jobOptions={"backoffLimit": 1}))
        await platform.request(db)
        await platform.until(lambda one: phases(one) == ["Failed"], db, "one")
        logs = [await run(terminal, "logs", f"request/{db}/one")]
        while await platform.all(PODS):
            await asyncio.sleep(0.1)
        logs += [await run(terminal, "logs", f"request/{db}/one", "make")]

    assert logs == ["no such size\n"] * 2


async def _until_said(terminal: Terminal, text: str, *words: str) -> str:
    """Return what a command printed, once that is in it."""
    while text not in (said := await run(terminal, *words)):
        await asyncio.sleep(0.2)
    return said


async def _until_past(terminal: Terminal, address: str, trigger: str) -> dict[str, Any]:
    """Return the newest run that is over, once it had that trigger."""
    while True:
        past: list[dict[str, Any]] = (await document(terminal, "get", address))["past"]
        if past and past[-1]["trigger"] == trigger:
            return past[-1]
        await asyncio.sleep(0.2)
