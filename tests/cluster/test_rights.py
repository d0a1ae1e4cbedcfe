"""The rights of a worker: enough for all that it does, and none beyond."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, Final

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from adapters.kubernetes import identity
from adapters.kubernetes.objects import KubernetesObjects
from adapters.kubernetes.resources import (
    JOBS,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
    STORY_RUNS,
    Resource,
)
from runwright.models.objects import Manifest
from testbed.cluster import Testbed
from tests.cluster.account import Account
from tests.cluster.audit import Right, rights_of
from tests.cluster.hands import kubectl
from tests.cluster.runs import Stage, condition, executes, gate, is_ready, retries, step

_ENDLESS: Final = "trap 'exit 1' TERM; while true; do sleep 0.05; done"
_RUNS: Final = "runs.bubustack.io"
_ASKED_OF_ADMISSION: Final = frozenset(
    {Right(_RUNS, f"{kind}/finalizers", "update") for kind in ("storyruns", "stepruns")}
)
"""What no request asks for: the plugin OwnerReferencesPermissionEnforcement looks whether the owner
that an object names is one whose deletion may be blocked."""
_READ_SECRETS: Final = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


async def test_a_worker_has_no_right_that_it_does_not_use(stage: Stage, account: Account) -> None:
    """What it does is done here once; that nothing is forbidden, the stage sees to."""
    audited = account.audited()
    await stage.engram("work", 'test "$RUNWRIGHT_TRY" = 3 || exit 137')
    await stage.engram("endless", _ENDLESS)
    short = {"execution": {"job": {"ttlSecondsAfterFinished": 1, "storyRunRetentionSeconds": 1}}}
    await stage.story(
        "release", gate("go"), step("build", "work", "go", execution=retries(2)), policy=short
    )
    await stage.story("hold", step("wait", "endless"))
    await stage.story("stray", step("late", "work"))
    await stage.story("early", step("build", "later"))
    await stage.story("note", {"name": "noted", "type": "condition"})
    await stage.story("outer", executes("call", "note"))

    async with stage.served():
        await _is_approved_and_goes(stage)
        await _waits_for_its_engram(stage)
        await _makes_its_account_again(stage, account)
        await _is_deleted_while_it_runs(stage)
        await _executes_another(stage)
        await _gets_no_pod(stage)
        await audited.until_used(Right("", "events", "list"))

    granted = frozenset[Right]().union(*map(rights_of, account.roles))
    unused = granted - audited.used() - _ASKED_OF_ADMISSION
    assert sorted(map(str, unused)) == []


async def _is_approved_and_goes(stage: Stage) -> None:
    """A gate, three tries, and a retention of seconds; what was kept of an earlier one is there."""
    await _kept_of_another(stage, "web-1-build-log")
    await stage.run("web-1", "release")
    await stage.until("web-1", lambda run: "go" in (run.get("status") or {}).get("gates", {}))
    await stage.approve("web-1", "go")
    await stage.until_phase("web-1", "Succeeded")
    await stage.until_gone("web-1")


async def _waits_for_its_engram(stage: Stage) -> None:
    await stage.run("web-5", "early")
    await stage.until_event("StepBlocked", "web-5")
    await stage.engram("later")
    await stage.until_phase("web-5", "Succeeded")


async def _kept_of_another(stage: Stage, name: str) -> None:
    annotations = {identity.WORKFLOW: "storyrun/another"}
    metadata = {"name": name, "namespace": stage.namespace, "annotations": annotations}
    await stage.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


async def _makes_its_account_again(stage: Stage, account: Account) -> None:
    """As an attempt does whose predecessor did it, and died before it could say so."""
    await stage.run("web-2", "hold")
    await stage.until("web-2-wait", is_ready, JOBS)
    kinds = (SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS)
    made = [await _of_run(stage, kind, "web-2") for kind in kinds]
    async with account.cluster() as cluster:
        await KubernetesObjects(cluster).ensure(made)


async def _of_run(stage: Stage, resource: Resource, run: str) -> Manifest:
    found = await stage.cluster.get(resource, stage.namespace, f"{run}-engram-runner")
    assert found
    metadata = {key: found["metadata"][key] for key in ("name", "namespace", "ownerReferences")}
    return {**found, "metadata": metadata, "apiVersion": resource.api_version}


async def _is_deleted_while_it_runs(stage: Stage) -> None:
    await stage.cluster.delete(STORY_RUNS, (stage.namespace, "web-2"))
    await stage.until_gone("web-2")


async def _executes_another(stage: Stage) -> None:
    await stage.run("web-4", "outer")
    await stage.until_phase("web-4", "Succeeded")


async def _gets_no_pod(stage: Stage) -> None:
    """Nothing but an Event says why."""
    await kubectl(stage, "create", "quota", "few", "--hard=pods=0")
    await stage.run("web-3", "stray")
    await stage.until_event("StepStalled", "web-3")


async def test_what_a_template_wants_its_pods_to_do_has_to_be_granted(
    stage: Stage, account: Account
) -> None:
    """The API server lets nobody pass on more than they have; until then the run says so."""
    wants = {"rbac": {"rules": [_READ_SECRETS]}}
    await stage.engram("work", execution=wants)
    await stage.story("release", step("build"))

    async with stage.served():
        await stage.run("web-1", "release")
        refused = await stage.until_phase("web-1", "Failed")
        account.may_grant("secrets", _READ_SECRETS)
        await account.until_it_may("get", "secrets", stage.namespace)
        await stage.run("web-2", "release")
        run = await stage.until_phase("web-2", "Succeeded", "Failed")

    said = condition(refused, "Ready")["message"]
    assert "is attempting to grant RBAC permissions not currently held" in said
    assert '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}' in said
    assert condition(run, "Ready")["status"] == "True"


@pytest.fixture
async def confined(node: Testbed, client: Client, crds: None) -> AsyncGenerator[Stage]:  # noqa: ARG001
    """A namespace, and a worker that has rights in it alone."""
    namespace = f"test-{uuid.uuid4().hex[:12]}"
    node.kubectl("create", "namespace", namespace)
    account = Account(node, namespace)
    try:
        account.make()
        await account.until_it_counts(namespace)
        stage = Stage(node, client, namespace, account)
        yield stage
        await stage.close()
    finally:
        account.remove()
        node.kubectl("delete", "--ignore-not-found", "namespace", namespace, "--wait=false")


async def test_a_worker_of_one_namespace_needs_rights_in_no_other(confined: Stage) -> None:
    audited = confined.account.audited()
    await confined.engram("work")
    await confined.engram("endless", _ENDLESS)
    await confined.story("release", step("build"))
    await confined.story("hold", step("wait", "endless"))

    async with confined.served():
        await confined.run("web-1", "release")
        run = await confined.until_phase("web-1", "Succeeded", "Failed")
        await confined.run("web-2", "hold")
        await confined.until("web-2-wait", is_ready, JOBS)
        await _is_deleted_while_it_runs(confined)

    assert condition(run, "Ready")["status"] == "True"
    assert audited.forbidden() == []


async def test_a_namespace_whose_bindings_went_first_goes_once_there_are_others(
    confined: Stage,
) -> None:
    """Deleted with runs in it, it takes the rights away that would let them go.

    In which order is chance: here they go first.
    """
    await confined.story("release", gate("go"))
    async with confined.served():
        await confined.run("web-1", "release")
        await confined.until(
            "web-1", lambda run: "go" in (run.get("status") or {}).get("gates", {})
        )
        here = ("rolebindings", "--all", f"--namespace={confined.namespace}")
        await asyncio.to_thread(confined.account.testbed.kubectl, "delete", *here)
        await confined.account.until_it_may_not("patch", "storyruns", confined.namespace)
        await confined.cluster.delete(NAMESPACES, ("", confined.namespace))
        held = await confined.until("web-1", _is_being_deleted)
        deletion = await _begun(confined.client, f"deletion/{confined.workflow(held).id}")
        with pytest.raises(WorkflowFailureError):
            await deletion.result()

    confined.account.may_work_everywhere()
    async with confined.served():
        await confined.until_gone("web-1")
        while await confined.cluster.get(NAMESPACES, "", confined.namespace):
            await asyncio.sleep(0.2)


def _is_being_deleted(run: Manifest) -> bool:
    return "deletionTimestamp" in run["metadata"]


async def _begun(client: Client, workflow: str) -> WorkflowHandle[Any, Any]:
    handle = client.get_workflow_handle(workflow)
    while True:
        with suppress(RPCError):
            await handle.describe()
            return handle
        await asyncio.sleep(0.05)
