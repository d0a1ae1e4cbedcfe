"""What somebody may do in a cluster."""

from pydantic import Field

from runwright.models.base import WireModel


class PolicyRule(WireModel):
    """One rule of Kubernetes RBAC."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    resource_names: tuple[str, ...] | None = None
    non_resource_urls: tuple[str, ...] | None = Field(
        default=None,
        validation_alias="nonResourceURLs",
        serialization_alias="nonResourceURLs",
    )
