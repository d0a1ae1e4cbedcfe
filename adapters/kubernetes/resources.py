"""The kinds that Runwright touches, and where the API server has them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runwright.models.objects import ObjectKey


class Resource(NamedTuple):
    """One kind of object."""

    api_version: str
    """As `batch/v1`; `v1` for the core group."""
    kind: str
    plural: str
    is_namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the path of a collection, of one object, or of a part of it."""
        root = "/apis" if "/" in self.api_version else "/api"
        parts = [root, self.api_version]
        if self.is_namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)

    def of(self, namespace: str, name: str) -> str:
        """Return how a message names an object: `job ns/build`."""
        where = f"{namespace}/" if namespace else ""
        return f"{self.kind.lower()} {where}{name}"


JOBS: Final = Resource("batch/v1", "Job", "jobs")
PODS: Final = Resource("v1", "Pod", "pods")
EVENTS: Final = Resource("v1", "Event", "events")
CONFIG_MAPS: Final = Resource("v1", "ConfigMap", "configmaps")
NAMESPACES: Final = Resource("v1", "Namespace", "namespaces", is_namespaced=False)
SERVICE_ACCOUNTS: Final = Resource("v1", "ServiceAccount", "serviceaccounts")
ROLES: Final = Resource("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDINGS: Final = Resource("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
CLUSTER_ROLES: Final = Resource(
    "rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", is_namespaced=False
)
CLUSTER_ROLE_BINDINGS: Final = Resource(
    "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding",
    "clusterrolebindings",
    is_namespaced=False,
)
DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    is_namespaced=False,
)
ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io/v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    is_namespaced=False,
)
LEASES: Final = Resource("coordination.k8s.io/v1", "Lease", "leases")
STORIES: Final = Resource("bubustack.io/v1alpha1", "Story", "stories")
ENGRAMS: Final = Resource("bubustack.io/v1alpha1", "Engram", "engrams")
ENGRAM_TEMPLATES: Final = Resource(
    "catalog.bubustack.io/v1alpha1", "EngramTemplate", "engramtemplates", is_namespaced=False
)
STORY_RUNS: Final = Resource("runs.bubustack.io/v1alpha1", "StoryRun", "storyruns")
STEP_RUNS: Final = Resource("runs.bubustack.io/v1alpha1", "StepRun", "stepruns")
PROMISES: Final = Resource(
    "platform.kratix.io/v1alpha1", "Promise", "promises", is_namespaced=False
)
PROMISE_REVISIONS: Final = Resource(
    "platform.kratix.io/v1alpha1", "PromiseRevision", "promiserevisions", is_namespaced=False
)
RESOURCE_BINDINGS: Final = Resource(
    "platform.kratix.io/v1alpha1", "ResourceBinding", "resourcebindings"
)
WORKS: Final = Resource("platform.kratix.io/v1alpha1", "Work", "works")

KNOWN: Final[Mapping[tuple[str, str], Resource]] = {
    (one.api_version, one.kind): one
    for one in (
        *(JOBS, PODS, EVENTS, CONFIG_MAPS),
        *(NAMESPACES, SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, LEASES),
        *(CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS, DEFINITIONS, ACCESS_REVIEWS),
        *(STORIES, ENGRAMS, ENGRAM_TEMPLATES, STORY_RUNS, STEP_RUNS),
        *(PROMISES, PROMISE_REVISIONS, RESOURCE_BINDINGS, WORKS),
    )
}
"""By API version and kind."""


def resource_of(manifest: Mapping[str, Any]) -> Resource:
    """Return the kind of a manifest that says what it is.

    Raises:
        KeyError: it is none that Runwright touches.
    """
    return KNOWN[manifest["apiVersion"], manifest["kind"]]


def resource_meant(key: ObjectKey) -> Resource:
    """Return the kind of the object that a message names.

    Raises:
        KeyError: it is none that Runwright touches, and the message does not say more of it.
    """
    if key.plural:
        is_namespaced = bool(key.namespace)
        return Resource(key.api_version, key.kind, key.plural, is_namespaced=is_namespaced)
    return KNOWN[key.api_version, key.kind]
