"""The rights of a worker that serves Promises: enough for all that it does, and none beyond."""

from typing import Any, Final

from adapters.kubernetes.cluster import Selection
from adapters.kubernetes.resources import RESOURCE_BINDINGS
from runwright.models.kratix.keys import MANUAL_RECONCILIATION, ON, PROMISE_NAME
from tests.cluster.account import Account
from tests.cluster.audit import Right, rights_of
from tests.cluster.platform import Platform, pipeline

_PROMISES: Final = "runwright-promises"
_RBAC: Final = "rbac.authorization.k8s.io"
_ASKED_OF_ADMISSION: Final = frozenset(
    {Right("platform.kratix.io", "promises/finalizers", "update")}
)
"""What no request asks for: it is looked whether the owner is one whose deletion may be blocked."""
_ASKED_OF_RBAC: Final = frozenset(
    Right(_RBAC, kind, verb) for kind in ("roles", "clusterroles") for verb in ("escalate", "bind")
)
"""What no request is of: who grants what they have not must have these."""
_APPLIED: Final = frozenset(
    {
        Right("", "configmaps", "create"),
        Right("", "serviceaccounts", "create"),
        Right("apiextensions.k8s.io", "customresourcedefinitions", "create"),
        Right(_RBAC, "roles", "create"),
        Right(_RBAC, "rolebindings", "create"),
        Right(_RBAC, "clusterrolebindings", "create"),
    }
)
"""Who applies what is not there yet must have these beside the right to patch it."""
_IN_NEED: Final = frozenset(
    Right(_RBAC, kind, "get") for kind in ("rolebindings", "clusterrolebindings")
)
"""For a binding that somebody made for another role: which one it has cannot be changed."""
_READS: Final = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
_LONG: Final = "head -c 6000 /dev/urandom | base64 > /kratix/output/long.txt"


async def test_a_worker_has_no_right_for_promises_that_it_does_not_use(
    platform: Platform, platform_account: Account
) -> None:
    """What it does is done here once; that nothing is forbidden, the platform sees to."""
    audited = platform_account.audited()
    everywhere: dict[str, Any] = {"rbac": {"permissions": [{**_READS, "resourceNamespace": "*"}]}}
    here: dict[str, Any] = {"rbac": {"permissions": [_READS]}}
    manifest = platform.promise_manifest(
        "db",
        pipeline("make", _LONG, **everywhere),
        pipeline("check", **here),
        dependencies=[{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "any"}}],
    )
    async with platform.served():
        await platform.cluster.create(manifest)
        db = manifest["metadata"]["name"]
        await platform.request(db)
        await platform.until_reconciled(db)
        await _loses_rights_and_a_pipeline(platform, db)
        await _gets_another_version(platform, db)
    async with platform.served():  # a leader that is new finds the role that the other one made
        await _is_asked_for_by_its_binding(platform, db)
        await platform.delete(db, "one")
        await platform.until_gone(db, "one")
        await platform.delete(db)
        await platform.until_gone(db)

    (role,) = [
        one
        for one in platform_account.manifests
        if one["metadata"]["name"].startswith(_PROMISES)
        if one["kind"] == "ClusterRole"
    ]
    unused = (
        rights_of(role)
        - audited.used()
        - _ASKED_OF_ADMISSION
        - _ASKED_OF_RBAC
        - _APPLIED
        - _IN_NEED
    )
    assert "\n".join(sorted(map(str, unused))) == ""


async def _loses_rights_and_a_pipeline(platform: Platform, db: str) -> None:
    workflows = {"resource": {"configure": [pipeline("make", _LONG)]}}
    await _change(platform, db, {"workflows": workflows})


async def _gets_another_version(platform: Platform, db: str) -> None:
    await platform.label(db, "", {"kratix.io/promise-version": "v2"})
    await _change(platform, db, {"dependencies": []})


async def _is_asked_for_by_its_binding(platform: Platform, db: str) -> None:
    """K18: the label of a binding asks for a run of its request."""
    (binding,) = (
        await platform.cluster.list(
            RESOURCE_BINDINGS, Selection(platform.namespace, f"{PROMISE_NAME}={db}")
        )
    ).items
    key = platform.namespace, binding["metadata"]["name"]
    label = {"metadata": {"labels": {MANUAL_RECONCILIATION: ON}}}
    async with platform.another_job(db):
        await platform.cluster.patch(RESOURCE_BINDINGS, key, label)
    await platform.until_reconciled(db)
    found = await platform.cluster.get(RESOURCE_BINDINGS, *key)
    assert found
    assert MANUAL_RECONCILIATION not in found["metadata"]["labels"]


async def _change(platform: Platform, db: str, spec: dict[str, Any]) -> None:
    """Change a Promise, and return once its request ran anew."""
    async with platform.another_job(db):
        await platform.patch_promise(db, spec)
    await platform.until_reconciled(db)
