"""As whom pipelines act in a real cluster, and what they may do there."""

import asyncio

from adapters.kubernetes.resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CONFIG_MAPS,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
)
from runwright.models.kratix import SYSTEM_NAMESPACE, PipelineRun
from runwright.models.objects import Manifest
from testbed.errors import CommandError
from tests.cluster.kratix import DELETE, Stand, run, stand

__all__ = ["stand"]

RIGHTS = (SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)
SECRETS = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}


def asking(*namespaces: str) -> Manifest:
    """Return what a pipeline says whose steps may read Secrets in these namespaces."""
    permissions = [
        {**SECRETS, **({"resourceNamespace": namespace} if namespace else {})}
        for namespace in namespaces
    ]
    return {"rbac": {"permissions": permissions}}


async def versions(stand: Stand) -> dict[str, str]:
    """Return the versions of all rights of the Promise's pipelines, by kind and name."""
    found: dict[str, str] = {}
    for kind in (*RIGHTS, CONFIG_MAPS):
        for one in await stand.listed(kind):
            metadata = one["metadata"]
            name = f"{kind.kind} {metadata.get('namespace', '')}/{metadata['name']}"
            found[name] = metadata["resourceVersion"]
    return found


async def may(stand: Stand, of: PipelineRun, verb: str, what: str, namespace: str) -> bool:
    """Return whether the pods of a pipeline may do something in a namespace."""
    account = of.pipeline.spec.rbac.service_account or (
        f"{of.parent.promise}-{of.parent.type}-{of.action}-{of.pipeline.name}"
    )
    user = f"system:serviceaccount:{of.parent.home}:{account}"
    words = ("auth", "can-i", verb, what, f"--as={user}")
    where = f"--namespace={namespace}" if namespace else "--all-namespaces"
    try:
        await asyncio.to_thread(stand.testbed.kubectl, *words, where)
    except CommandError:
        return False
    return True


async def allowed(stand: Stand, of: PipelineRun, verb: str, what: str, namespace: str) -> None:
    """Return once the API server has heard of a right."""
    while not await may(stand, of, verb, what, namespace):
        pass


async def test_a_pipeline_has_an_account_that_may_read_its_parent(stand: Stand) -> None:
    """K2: and leave a ConfigMap; whatever else it has to tell, the worker writes."""
    await stand.offered()
    one = run(await stand.request())

    await stand.pipelines.prepare(one, [{"environment": "dev"}])

    databases, here = f"databases.{stand.name}.example.org", stand.namespace
    await allowed(stand, one, "get", databases, here)
    assert await may(stand, one, "create", "configmaps", here)
    for verb, what in (
        ("update", databases),
        ("patch", f"{databases}/status"),
        ("create", "works.platform.kratix.io"),
        ("get", "configmaps"),
    ):
        assert not await may(stand, one, verb, what, here), (verb, what)
    assert not await may(stand, one, "get", databases, "default")


async def test_a_pipeline_elsewhere_reads_its_request_and_no_other(stand: Stand) -> None:
    """K40: with a role of the cluster, which upstream binds in every namespace."""
    config = {"workflows": {"config": {"pipelineNamespace": SYSTEM_NAMESPACE}}}
    await stand.offered(**config)
    one = run(await stand.request())

    await stand.pipelines.prepare(one, [])

    databases = f"databases.{stand.name}.example.org"
    await allowed(stand, one, "get", databases, stand.namespace)
    assert not await may(stand, one, "get", databases, "default")
    assert not await may(stand, one, "create", "configmaps", stand.namespace)
    assert await may(stand, one, "create", "configmaps", SYSTEM_NAMESPACE)


async def test_what_is_so_already_is_not_written(stand: Stand) -> None:
    """K43."""
    await stand.offered()
    one = run(await stand.request(), **asking("", "default", "*"))
    await stand.pipelines.prepare(one, [{"a": "b"}])
    before = await versions(stand)

    await stand.pipelines.prepare(one, [{"a": "b"}])

    assert await versions(stand) == before
    assert len(before) == 10


async def test_what_is_no_longer_asked_for_goes(stand: Stand) -> None:
    """K43: and what still is stays as it was."""
    await stand.offered()
    request = await stand.request()
    await stand.pipelines.prepare(run(request, **asking("", "default", "*")), [])
    before = await versions(stand)

    await stand.pipelines.prepare(run(request, **asking("default")), [])

    now = await versions(stand)
    assert now.items() <= before.items()
    gone = sorted(name.split()[0] for name in before.keys() - now.keys())
    assert gone == ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]


async def test_what_another_workflow_asks_for_stays(stand: Stand) -> None:
    """Of a pipeline of the same name: upstream takes it away."""
    await stand.offered()
    request = await stand.request()
    await stand.pipelines.prepare(run(request, action=DELETE, **asking("default")), [])
    before = await versions(stand)

    await stand.pipelines.prepare(run(request), [])

    assert before.items() <= (await versions(stand)).items()


async def test_rights_that_somebody_changed_are_put_right(stand: Stand) -> None:
    await stand.offered()
    one = run(await stand.request())
    await stand.pipelines.prepare(one, [])
    (role,) = await stand.listed(ROLES)
    name = (stand.namespace, role["metadata"]["name"])
    await stand.cluster.patch(ROLES, name, {"rules": [{**SECRETS, "verbs": ["*"]}]})

    await stand.pipelines.prepare(one, [])

    (mended,) = await stand.listed(ROLES)
    assert mended["rules"] == role["rules"]


async def test_a_binding_to_another_role_is_made_anew(stand: Stand) -> None:
    """The API server does not let a binding change its role."""
    await stand.offered()
    one = run(await stand.request())
    await stand.pipelines.prepare(one, [])
    (binding,) = await stand.listed(ROLE_BINDINGS)
    name = (stand.namespace, binding["metadata"]["name"])
    await stand.cluster.delete(ROLE_BINDINGS, name)
    known = {key: binding["metadata"][key] for key in ("name", "namespace", "labels")}
    await stand.cluster.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": known,
            "roleRef": {**binding["roleRef"], "name": "another"},
            "subjects": binding["subjects"],
        }
    )

    await stand.pipelines.prepare(one, [])

    (mended,) = await stand.listed(ROLE_BINDINGS)
    assert mended["roleRef"] == binding["roleRef"]


async def test_an_account_of_somebody_else_is_not_changed(stand: Stand) -> None:
    """K42: it gets the rights, and no label."""
    await stand.offered()
    one = run(await stand.request(), rbac={"serviceAccount": "builder"})
    await stand.cluster.create(_account(stand, {"team": "a"}))
    before = await stand.of(SERVICE_ACCOUNTS, stand.namespace, "builder")

    await stand.pipelines.prepare(one, [])

    assert await stand.of(SERVICE_ACCOUNTS, stand.namespace, "builder") == before
    await allowed(stand, one, "create", "configmaps", stand.namespace)


async def test_an_account_of_the_promise_is_one_of_ours(stand: Stand) -> None:
    """K42."""
    await stand.offered()
    one = run(await stand.request(), rbac={"serviceAccount": "builder"})
    await stand.cluster.create(_account(stand, {"kratix.io/promise-name": "another"}))

    await stand.pipelines.prepare(one, [])

    account = await stand.of(SERVICE_ACCOUNTS, stand.namespace, "builder")
    assert account["metadata"]["labels"] == {"kratix.io/promise-name": stand.name}


async def test_pods_find_where_the_promise_wants_what_they_put_out(stand: Stand) -> None:
    """For a delete pipeline nothing is put out."""
    await stand.offered()
    request = await stand.request()

    await stand.pipelines.prepare(run(request, action=DELETE), [{"a": "b"}])
    assert await stand.names(CONFIG_MAPS) == []
    await stand.pipelines.prepare(run(request), [{"a": "b"}])

    (found,) = await stand.listed(CONFIG_MAPS, stand.namespace)
    assert found["metadata"]["name"] == f"destination-selectors-{stand.name}"
    assert "matchlabels" in found["data"]["destinationSelectors"]


async def test_rights_stay_with_a_request_and_go_with_the_promise(stand: Stand) -> None:
    """K57: those that were granted in other namespaces, too."""
    promise = await stand.offered()
    request = await stand.request()
    await stand.pipelines.prepare(run(request, **asking("", "default", "*")), [])
    before = await versions(stand)

    for finalizer in ("work-cleanup", "workflows-cleanup", "resource-binding-cleanup"):
        assert await stand.removal.remove(request, f"kratix.io/{finalizer}") == []
    assert await versions(stand) == before
    finalizer = "kratix.io/dynamic-controller-dependant-resources-cleanup"
    told = await stand.removal.remove(promise, finalizer)

    assert len(told) == len(before)
    assert await stand.removal.remove(promise, finalizer) == []
    assert await versions(stand) == {}


def _account(stand: Stand, labels: dict[str, str]) -> Manifest:
    metadata = {"name": "builder", "namespace": stand.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
