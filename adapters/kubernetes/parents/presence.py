"""Whether a cluster has Promises, and whether they are for us."""

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import ACCESS_REVIEWS, PROMISES, Resource
from runwright.rules.kubernetes.fields import field


async def has_promises(cluster: Cluster) -> bool:
    """Return whether there are Promises in a cluster, and we have the right to look after them.

    Another controller may do that, beside a worker that has StoryRuns alone: then it has no right.
    """
    return await cluster.serves(PROMISES.api_version) and await may(cluster, "patch", PROMISES)


async def may(cluster: Cluster, verb: str, resource: Resource) -> bool:
    """Return whether we may do that with all objects of a kind."""
    group, _, version = resource.api_version.rpartition("/")
    asked = {"group": group, "version": version, "resource": resource.plural, "verb": verb}
    review = await cluster.create(
        {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "metadata": {},
            "spec": {"resourceAttributes": asked},
        }
    )
    return field(review, "status", "allowed") is True
