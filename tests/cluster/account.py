"""The account of a worker: what the manifests of `deploy` let it do, and nothing else."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import yaml

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.resources import ENGRAM_TEMPLATES, LEASES, STORY_RUNS
from runwright.errors import RefusedError
from testbed.cluster import Testbed
from testbed.errors import CommandError
from testbed.layout import project
from tests.cluster.audit import AuditLog

DEPLOY: Final = project() / "deploy"
GRANTABLE: Final = "runwright.dev/grantable"
"""The label of ClusterRoles whose rights the worker may pass on to the pods of runs."""
_ACCOUNT: Final = "runwright"
_RIGHTS: Final = frozenset(
    {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
)
_CLUSTER_WIDE: Final = frozenset({"ClusterRole", "ClusterRoleBinding"})

Manifest = dict[str, Any]


class Account:
    """A ServiceAccount with the rights of the manifests, under names that nobody else uses.

    With rights in all namespaces, or in the one that is given; `folder` of `deploy` says which.
    """

    def __init__(self, testbed: Testbed, served: str = "", folder: str = "") -> None:
        self.namespace = f"worker-{uuid.uuid4().hex[:12]}"
        """Its own, where its Lease is too."""
        self.testbed = testbed
        self.kubeconfig = Path()
        self._namespaces = {"runwright-system": self.namespace, "my-namespace": served}
        chosen = DEPLOY / (folder or ("one-namespace" if served else ""))
        self.manifests = [self._own(one) for one in rendered(testbed, chosen)]
        """What gives it its rights."""

    @property
    def username(self) -> str:
        """Return what the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{_ACCOUNT}"

    @property
    def roles(self) -> Iterator[Manifest]:
        """Yield the roles that say what it may do itself, not what it may only pass on."""
        for one in self.manifests:
            is_grantable = GRANTABLE in (one["metadata"].get("labels") or {})
            if one["kind"] in {"Role", "ClusterRole"} and not is_grantable:
                yield one

    def audited(self) -> AuditLog:
        """Return what it asks the API server for from now on."""
        assert self.testbed.audit_log
        return AuditLog(self.testbed.audit_log, self.username)

    def may_grant(self, name: str, *rules: Mapping[str, Any]) -> None:
        """Let it pass on more, as an operator does."""
        self.testbed.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {
                    "name": f"{name}-{self.namespace}",
                    "labels": {GRANTABLE: self.namespace, "tests": self.namespace},
                },
                "rules": list(rules),
            }
        )

    async def until_it_may(self, verb: str, resource: str, namespace: str) -> None:
        """Return once the API server has heard that it may do that there."""
        asked = ("auth", "can-i", verb, resource, f"--as={self.username}", f"-n={namespace}")
        while True:
            with suppress(CommandError):
                await asyncio.to_thread(self.testbed.kubectl, *asked)
                return

    async def until_it_may_not(self, verb: str, resource: str, namespace: str) -> None:
        """Return once the API server has heard that it may not do that there any more."""
        asked = ("auth", "can-i", verb, resource, f"--as={self.username}", f"-n={namespace}")
        with suppress(CommandError):  # it exits with 1 when the answer is no
            while True:
                await asyncio.to_thread(self.testbed.kubectl, *asked)

    def may_work_everywhere(self) -> None:
        """Bind its rights in all namespaces, as an operator does in need."""
        self.testbed.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {
                    "name": f"rescue-{self.namespace}",
                    "labels": {"tests": self.namespace},
                },
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "ClusterRole",
                    "name": self._unique(_ACCOUNT),
                },
                "subjects": [
                    {"kind": "ServiceAccount", "name": _ACCOUNT, "namespace": self.namespace}
                ],
            }
        )

    def make(self) -> None:
        """Create it, and what gives it its rights."""
        namespace = {"metadata": {"name": self.namespace}, "kind": "Namespace"}
        self.testbed.apply({"apiVersion": "v1", **namespace}, *self.manifests)
        self.kubeconfig = self.testbed.account_kubeconfig(self.namespace, _ACCOUNT)

    async def until_it_counts(self, namespace: str = "") -> None:
        """Return once the API server heeds the bindings, in the namespace or in all."""
        async with self.cluster() as cluster:
            while True:
                try:
                    await cluster.list(STORY_RUNS, Selection(namespace))
                    await cluster.list(ENGRAM_TEMPLATES)
                    await cluster.get(LEASES, self.namespace, "none")
                    self._check_that_roles_are_gathered()
                except RefusedError:
                    await asyncio.sleep(0.05)
                else:
                    return

    def _check_that_roles_are_gathered(self) -> None:
        """Raise an error as long as the controllers have not filled what gathers other roles."""
        gathers = self._unique("runwright-grantable")
        rules = self.testbed.kubectl("get", "clusterrole", gathers, "--output=jsonpath={.rules}")
        if not json.loads(rules or "[]"):
            message = f"there are no rules in clusterrole {gathers} yet"
            raise RefusedError(message)

    @asynccontextmanager
    async def cluster(self) -> AsyncGenerator[Cluster]:
        """Give the cluster, asked as this account."""
        cluster = Cluster({"KUBECONFIG": str(self.kubeconfig)})
        try:
            yield cluster
        finally:
            await cluster.close()

    def remove(self) -> None:
        """Remove it, and its rights everywhere; a testbed that was made anew has none of it."""
        kinds, whatever = "clusterroles,clusterrolebindings", ("--wait=false", "--ignore-not-found")
        self.testbed.kubectl("delete", kinds, f"--selector=tests={self.namespace}")
        self.testbed.kubectl("delete", "namespace", self.namespace, *whatever)
        self.kubeconfig.unlink(missing_ok=True)

    def _own(self, manifest: Manifest) -> Manifest:
        """Return a manifest of the account under names of its own."""
        metadata, is_cluster_wide = manifest["metadata"], manifest["kind"] in _CLUSTER_WIDE
        labels = {**metadata.get("labels", {}), "tests": self.namespace}
        if GRANTABLE in labels:
            labels[GRANTABLE] = self.namespace
        own: Manifest = {**manifest, "metadata": {**metadata, "labels": labels}}
        if is_cluster_wide:
            own["metadata"]["name"] = self._unique(metadata["name"])
        else:
            own["metadata"]["namespace"] = self._namespaces[metadata["namespace"]]
        if reference := manifest.get("roleRef"):
            is_shared = reference["kind"] == "ClusterRole"
            name = self._unique(reference["name"]) if is_shared else reference["name"]
            own["roleRef"] = {**reference, "name": name}
            own["subjects"] = [{**one, "namespace": self.namespace} for one in own["subjects"]]
        if "aggregationRule" in manifest and GRANTABLE in str(manifest["aggregationRule"]):
            selector = {"matchLabels": {GRANTABLE: self.namespace}}
            own["aggregationRule"] = {"clusterRoleSelectors": [selector]}
        return own

    def _unique(self, name: str) -> str:
        return f"{name}-{self.namespace}"


def rendered(testbed: Testbed, folder: Path) -> list[Manifest]:
    """Return what gives the worker its rights, as kubectl would apply it."""
    everything = yaml.safe_load_all(testbed.kubectl("kustomize", str(folder)))
    return [one for one in everything if one["kind"] in _RIGHTS]
