"""As whom the steps of a pipeline act, and what they may do in the cluster.

Upstream lets every pipeline change its parent and all Works. Here a pod hands over what it has to
tell, and the worker writes it: a pod may read its parent, and leave a ConfigMap behind.

Source: Kratix, RBAC objects of a pipeline.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import yaml

from runwright.models.kratix import Permission, PipelineRun, WorkflowType, keys
from runwright.models.objects import Manifest
from runwright.rules.kratix.jobs.labels import labels_of_pipeline
from runwright.rules.kratix.names import pipeline_id, short_digest

_RBAC: Final = "rbac.authorization.k8s.io"
_READING: Final = ("get", "list")
_EVERYWHERE: Final = "*"
_EVERYWHERE_LABEL: Final = "kratix_all_namespaces"
_EVERYWHERE_NAME: Final = "kratix-all-namespaces"


class _Grant(NamedTuple):
    """A role, and the binding that gives it to the account of a pipeline."""

    role: str
    binding: str
    rules: list[dict[str, Any]]
    role_namespace: str = ""
    """Empty: a ClusterRole."""
    namespace: str = ""
    """Where the binding holds; empty: everywhere."""
    labels: Mapping[str, str] = {}


def account_of(run: PipelineRun) -> str:
    """Return the name of the ServiceAccount that a pipeline runs as."""
    return run.pipeline.spec.rbac.service_account or pipeline_id(run)


def access_of(run: PipelineRun) -> tuple[Manifest, ...]:
    """Return ServiceAccount, roles and bindings of a pipeline, in the order they are made."""
    own = {keys.PROMISE_NAME: run.parent.promise}
    account = _object("v1", "ServiceAccount", account_of(run), run.parent.home, own)
    grants = (*_of_kratix(run), *_of_author(run))
    return (account, *(manifest for grant in grants for manifest in _granted(run, grant)))


def may_update_account(found: Manifest) -> bool:
    """Return whether a ServiceAccount that is there already is one of ours to change.

    Source: Kratix, `rbac.serviceAccount`.
    """
    return keys.PROMISE_NAME in (found["metadata"].get("labels") or {})


def obsolete_access(
    run: PipelineRun, found: Iterable[Manifest], desired: Iterable[Manifest]
) -> list[Manifest]:
    """Return which roles and bindings for the author's permissions are no longer wanted.

    `found` may be anything that is labelled with the pipeline. Upstream also takes those of a
    pipeline of the same name in another workflow of the Promise.
    """
    wanted = {_identity(one) for one in desired}
    marks = {**labels_of_pipeline(run), keys.PIPELINE_NAMESPACE: run.parent.home}
    return [
        one
        for one in found
        if marks.items() <= (one["metadata"].get("labels") or {}).items()
        if _identity(one) not in wanted
    ]


def scheduling_name(promise: str) -> str:
    """Return the name of the ConfigMap with the destination selectors of a Promise."""
    return f"destination-selectors-{promise}"


def scheduling_config_map(
    promise: str, selectors: Iterable[Mapping[str, str]], namespace: str
) -> Manifest:
    """Return the ConfigMap with the destination selectors of a Promise, each a set of labels.

    The keys in it are in lower case, as upstream's.
    """
    written = [{"matchlabels": dict(labels), "source": "promise"} for labels in selectors]
    labels = {keys.PROMISE_NAME: promise}
    config_map = _object("v1", "ConfigMap", scheduling_name(promise), namespace, labels)
    return {**config_map, "data": {"destinationSelectors": yaml.safe_dump(written)}}


def _of_kratix(run: PipelineRun) -> Iterator[_Grant]:
    """Yield what every pipeline needs: to read its parent, and to leave what it has to tell.

    A name that upstream uses is used for what takes its place, so that an upgrade takes back what
    upstream granted. For a request elsewhere upstream binds the role of the cluster everywhere.
    """
    parent, name, home = run.parent, pipeline_id(run), run.parent.home
    labels = {keys.PROMISE_NAME: parent.promise}
    reads = _rule(parent.group, [parent.plural, f"{parent.plural}/status"], _READING)
    leaves = _rule("", ["configmaps"], ["create"])
    if home == parent.namespace:
        yield _Grant(name, name, [reads, leaves], home, home, labels)
        return
    yield _Grant(name, name, [leaves], home, home, labels)
    if parent.type is WorkflowType.PROMISE:
        yield _Grant(name, name, [reads], labels=labels)
        return
    apart = f"{name}-{parent.namespace}"
    yield _Grant(apart, apart, [reads], namespace=parent.namespace, labels=labels)


def _of_author(run: PipelineRun) -> Iterator[_Grant]:
    """Yield what the author of a pipeline asks for, together for each namespace."""
    asked: dict[str, list[dict[str, Any]]] = {}
    for permission in run.pipeline.spec.rbac.permissions:
        asked.setdefault(permission.resource_namespace, []).append(_asked(permission))
    for namespace, rules in asked.items():
        yield _author_grant(run, namespace, rules)


def _author_grant(run: PipelineRun, namespace: str, rules: list[dict[str, Any]]) -> _Grant:
    name, home = pipeline_id(run), run.parent.home
    labels = {
        **labels_of_pipeline(run),
        keys.PIPELINE_NAMESPACE: home,
        keys.RESOURCE_NAMESPACE: _EVERYWHERE_LABEL
        if namespace == _EVERYWHERE
        else namespace or home,
    }
    if not namespace:
        own = f"{name}-{short_digest(name)}"
        return _Grant(own, own, rules, home, home, labels)
    from_home = f"{name}-{home}"
    binding = f"{from_home}-{short_digest(from_home)}"
    where = _EVERYWHERE_NAME if namespace == _EVERYWHERE else namespace
    role = f"{name}-{where}-{short_digest(name)}"
    bound = "" if namespace == _EVERYWHERE else namespace
    return _Grant(role, binding, rules, namespace=bound, labels=labels)


def _asked(permission: Permission) -> dict[str, Any]:
    dumped: dict[str, Any] = permission.model_dump(
        mode="json", exclude_none=True, exclude={"resource_namespace"}
    )
    return dumped


def _rule(group: str, resources: list[str], verbs: Sequence[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}


def _granted(run: PipelineRun, grant: _Grant) -> tuple[Manifest, Manifest]:
    """Return a role and its binding."""
    subject = {"kind": "ServiceAccount", "name": account_of(run), "namespace": run.parent.home}
    kind = "Role" if grant.role_namespace else "ClusterRole"
    version = f"{_RBAC}/v1"
    role = _object(version, kind, grant.role, grant.role_namespace, grant.labels)
    bound = "RoleBinding" if grant.namespace else "ClusterRoleBinding"
    binding = _object(version, bound, grant.binding, grant.namespace, grant.labels)
    reference = {"apiGroup": _RBAC, "kind": kind, "name": grant.role}
    return (
        {**role, "rules": grant.rules},
        {**binding, "roleRef": reference, "subjects": [subject]},
    )


def _object(
    version: str, kind: str, name: str, namespace: str, labels: Mapping[str, str]
) -> Manifest:
    placed = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **placed, "labels": dict(labels)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]
