"""Gates that people decide with kubectl, as their policies demand."""

from adapters.kubernetes.resources import STORY_RUNS
from runwright.models.objects import Manifest
from tests.cluster.hands import told
from tests.cluster.runs import Stage, gate, phase_of


async def test_a_decision_that_was_written_before_the_start_counts(stage: Stage) -> None:
    """It is on the object when the run begins, and holds when its gate is reached."""
    await stage.story("release", gate("ready"), gate("go", "ready"))
    await stage.run("web-1", "release")
    await stage.approve("web-1", "go", by="ada")
    await stage.approve("web-1", "ready", by="grace")

    async with stage.served():
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    gates = run["status"]["gates"]
    assert phase_of(run) == "Succeeded"
    assert {name: (one["state"], one["updatedBy"]) for name, one in gates.items()} == {
        "ready": ("Approved", "grace"),
        "go": ("Approved", "ada"),
    }


async def test_a_gate_that_wants_two_waits_for_two(stage: Stage) -> None:
    """The same one twice is one; the status counts, and takes back what looks decided."""
    await stage.story("release", gate("go", approval={"required": 2}))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await stage.until("web-1", lambda run: "0 of 2 approvals" in _said(run))
        await stage.approve("web-1", "go", by="ada")
        first = await stage.until("web-1", lambda run: "1 of 2 approvals" in _said(run))
        await stage.approve("web-1", "go", by="ada")
        again = await stage.until("web-1", lambda run: _state(run) == "Pending")
        state = await stage.state(run)
        await stage.approve("web-1", "go", by="grace")
        over = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert _state(first) == "Pending"
    assert "1 of 2 approvals" in _said(again)
    assert [said.by for said in state.gates["go"].decisions] == ["ada"]
    assert over["status"]["gates"]["go"]["updatedBy"] == "ada, grace"


async def test_a_decision_that_does_not_count_is_put_right(stage: Stage) -> None:
    """Who reads Approved there believes it; so it says Pending again, and why."""
    policy = {"users": ["grace"], "identity": "claimed"}
    await stage.story("release", gate("go", approval=policy))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1", lambda run: "0 of 1 approvals" in _said(run))
        await stage.approve("web-1", "go", by="ada")
        refused = await stage.until("web-1", lambda run: "refused" in _said(run))
        await stage.until_event("DecisionRefused", "web-1")
        events = await told(stage, "web-1")
        await stage.approve("web-1", "go", by="grace")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert _state(refused) == "Pending"
    assert "may be decided by grace; ada is not among them" in _said(refused)
    assert "ada may not approve gate go" in events["DecisionRefused"][0]
    assert run["status"]["gates"]["go"]["updatedBy"] == "grace"


async def test_a_decided_gate_stays_as_it_was_decided(stage: Stage) -> None:
    """Whoever changes his mind later finds the entry put right, and the run unmoved."""
    await stage.story("release", gate("go"), gate("ready", "go"))

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.approve("web-1", "go", by="ada")
        await stage.until("web-1", lambda run: "0 of 1 approvals" in _said(run, "ready"))
        rejection = {"status": {"gates": {"go": {"state": "Rejected", "updatedBy": "eve"}}}}
        name = stage.namespace, "web-1"
        await stage.cluster.patch(STORY_RUNS, name, rejection, subresource="status")
        await stage.until_event("DecisionRefused", "web-1")
        right = await stage.until("web-1", lambda run: _state(run) == "Approved")
        await stage.approve("web-1", "ready")
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    assert right["status"]["gates"]["go"]["updatedBy"] == "ada"
    assert phase_of(run) == "Succeeded"


async def test_what_is_decided_once_the_run_is_over_is_put_right(stage: Stage) -> None:
    """A gate that nobody decided in time does not look approved later, nor does an invented one."""
    await stage.story("release", gate("ready"), gate("go", "ready", timeout="1s"))
    own = {"ready": "Rejected", "go": "Approved", "sales": "Approved"}
    late = {name: {"state": state, "updatedBy": "eve"} for name, state in own.items()}

    async with stage.served():
        await stage.run("web-1", "release")
        await stage.until("web-1", lambda run: "0 of 1 approvals" in _said(run, "ready"))
        await stage.approve("web-1", "ready", by="ada")
        ended = await stage.until_phase("web-1", "Failed")
        name = stage.namespace, "web-1"
        await stage.cluster.patch(
            STORY_RUNS, name, {"status": {"gates": late}}, subresource="status"
        )
        run = await stage.until("web-1", lambda run: "sales" not in run["status"]["gates"])
        await stage.until_event("DecisionRefused", "web-1")
        events = await told(stage, "web-1")

        cancel = {"spec": {"cancelRequested": True}}
        await stage.cluster.patch(STORY_RUNS, name, cancel)
        await stage.until_event("CancelRefused", "web-1")
        over = await stage.story_run("web-1")

    gates = run["status"]["gates"]
    assert _state(ended, "ready") == "Approved"
    assert over is not None
    assert over["status"]["observedGeneration"] == over["metadata"]["generation"] == 2
    assert {name: (one["state"], one["updatedBy"]) for name, one in gates.items()} == {
        "ready": ("Approved", "ada")
    }
    assert "eve may not approve gate go: the run is over" in events["DecisionRefused"]


def _said(run: Manifest, gate: str = "go") -> str:
    entry = ((run.get("status") or {}).get("gates") or {}).get(gate) or {}
    return str(entry.get("message", ""))


def _state(run: Manifest, gate: str = "go") -> str:
    return str(run["status"]["gates"][gate]["state"])
