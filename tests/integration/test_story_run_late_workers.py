"""What comes late and is of no use, and what it may ask for that comes late."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import pytest
from temporalio.client import Client

from adapters.kubernetes.resources import ENGRAMS, ROLE_BINDINGS, ROLES, SERVICE_ACCOUNTS, Resource
from runwright.errors import RefusedError
from runwright.models.bubustack import Phase
from runwright.models.objects import Manifest
from runwright.models.story_run import StepReason
from tests.integration.accounts import account_of, without
from tests.integration.clusters import object_of, placed, placed_run
from tests.integration.missing import (
    CHECK,
    CHECK_AND_BUILD,
    blocked,
    checker,
    cluster_of,
    failed,
    image,
    look_again,
)
from tests.integration.runs import engram
from tests.unit.adapters_kubernetes.memory_cluster import MemoryCluster

SECRETS: Final = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


@pytest.mark.parametrize(
    ("objects", "reason", "words"),
    [
        pytest.param(
            [
                checker(mode="deployment"),
                image(image=None, secretSchema={"key": {"required": True}}),
            ],
            StepReason.INVALID_CONFIGURATION,
            ["runs as a deployment", "names no image", "secrets.key is required"],
            id="no Job can be made",
        ),
        pytest.param(
            [checker(version="2"), image()],
            StepReason.ENGRAM_REFERENCE_INVALID,
            ['Engram "checker": version "1" is asked for, "2" is there'],
            id="another version",
        ),
        pytest.param(
            [checker(), image(supportedModes="job")],
            StepReason.INVALID_CONFIGURATION,
            ["EngramTemplate/test-image: spec.supportedModes: must be a list"],
            id="unreadable",
        ),
    ],
)
async def test_what_comes_and_is_of_no_use_fails_its_step_with_every_reason(
    client: Client,
    task_queue: str,
    objects: list[Manifest],
    reason: StepReason,
    words: list[str],
) -> None:
    start = placed({"steps": [{**CHECK, "ref": {"name": "checker", "version": "1"}}]})
    if reason is not StepReason.ENGRAM_REFERENCE_INVALID:
        start = placed({"steps": [CHECK]})
    cluster = cluster_of(start)

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        for one in objects:
            await cluster.create(one)
        await look_again(run)
        state = await failed(run)

    step = state.steps["test"]
    assert (step.phase, step.reason) == (Phase.FAILED, reason)
    assert [word for word in words if word not in step.message] == []
    assert run.tasks.started == []


async def test_what_a_template_asks_for_that_came_later_is_granted_before_its_job(
    client: Client, task_queue: str
) -> None:
    """By a Role of its own: the one of the run is never changed."""
    start = placed(CHECK_AND_BUILD)
    cluster = cluster_of(start, image(execution={"rbac": {"rules": [SECRETS]}}))

    async with placed_run(client, task_queue, start, cluster) as run:
        await blocked(run)
        before = await cluster.get(ROLES, "default", f"{start.name}-engram-runner")
        await cluster.create(checker())
        await look_again(run)
        state = await run.handle.result()
        after = await cluster.get(ROLES, "default", f"{start.name}-engram-runner")

    assert state.phase is Phase.SUCCEEDED
    assert before == after
    added = [one for one in all_of(cluster, ROLES.kind) if one != before]
    assert [one["rules"] for one in added] == [[SECRETS]]
    (binding,) = [
        one
        for one in all_of(cluster, ROLE_BINDINGS.kind)
        if one["roleRef"]["name"] == added[0]["metadata"]["name"]
    ]
    assert binding["subjects"][0]["name"] == f"{start.name}-engram-runner"


async def test_with_an_account_come_the_rights_that_were_granted_later(
    client: Client, task_queue: str
) -> None:
    """Whoever removes the account of a run, as a deletion in the foreground, removes them all."""
    start = placed({"steps": [CHECK]})
    cluster = cluster_of(start, image(execution={"rbac": {"rules": [SECRETS]}}))

    async with placed_run(client, task_queue, start, cluster, immediate=False) as run:
        await blocked(run)
        await cluster.create(checker())
        await look_again(run)
        test = await run.until_started(1)
        before = all_of(cluster, ROLES.kind)
        for resource in (SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS):
            for one in all_of(cluster, resource.kind):
                await cluster.delete(resource, ("default", one["metadata"]["name"]))
        (key,) = run.tasks.executed
        await run.handle.signal("note_task", without(account_of(start)[1], key))
        while len(again := all_of(cluster, ROLES.kind)) < len(before):
            await asyncio.sleep(0.01)
        await run.tasks.end(test)
        await run.handle.result()

    assert [one["rules"] for one in again] == [one["rules"] for one in before]
    assert len(before) == 2


def all_of(cluster: MemoryCluster, kind: str) -> list[Mapping[str, Any]]:
    """Return all objects of a kind."""
    return [one for (named, *_), one in cluster.objects.items() if named == kind]


class _GrantsNothingMore(MemoryCluster):
    """An API server that lets nobody pass on a right to read Secrets."""

    async def create(self, manifest: Manifest, resource: Resource | None = None) -> Manifest:
        """Create the object, unless it is a Role that lets read Secrets."""
        if SECRETS in manifest.get("rules", ()):
            message = "create role: HTTP 403 attempting to grant RBAC permissions"
            raise RefusedError(message)
        return await super().create(manifest, resource)


async def test_what_cannot_be_granted_fails_the_step_and_no_other(
    client: Client, task_queue: str
) -> None:
    start = placed({"steps": [{**CHECK, "allowFailure": True}, engram("build")]})
    cluster = _GrantsNothingMore(
        object_of(start), image(execution={"rbac": {"rules": [SECRETS]}}), checker()
    )

    async with placed_run(client, task_queue, start, cluster) as run:
        state = await run.handle.result()

    step = state.steps["test"]
    assert (step.phase, step.reason) == (Phase.FAILED, StepReason.EXECUTION_FAILED)
    assert 'EngramTemplate "test-image"' in step.message
    assert "attempting to grant RBAC permissions" in step.message
    assert state.steps["build"].phase is Phase.SUCCEEDED


class _ShowsNoEngrams(MemoryCluster):
    """An API server that does not let the worker look."""

    async def get(self, resource: Any, namespace: str, name: str) -> Manifest | None:
        """Return the object, unless it is an Engram."""
        if resource is ENGRAMS:
            message = f"get engram {namespace}/{name}: HTTP 403 Forbidden"
            raise RefusedError(message)
        return await super().get(resource, namespace, name)


async def test_a_worker_that_may_not_look_says_so_of_the_step(
    client: Client, task_queue: str
) -> None:
    start = placed(CHECK_AND_BUILD)

    async with placed_run(client, task_queue, start, _ShowsNoEngrams(object_of(start))) as run:
        state = await failed(run)

    message = "get engram default/checker: HTTP 403 Forbidden"
    assert state.steps["test"].message.endswith(message)
    assert state.steps["test"].reason is StepReason.EXECUTION_FAILED
