"""Whether a cluster has Promises, and whether they are for us."""

from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.resources import ACCESS_REVIEWS, PROMISES


async def has_promises(cluster: Cluster) -> bool:
    """Return whether there are Promises in a cluster, and we have the right to look after them.

    Another controller may do that, beside a worker that has StoryRuns alone: then it has no right.
    """
    return await cluster.serves(PROMISES.api_version) and await _may_take_them_in(cluster)


async def _may_take_them_in(cluster: Cluster) -> bool:
    group, _, version = PROMISES.api_version.partition("/")
    asked = {"group": group, "version": version, "resource": PROMISES.plural, "verb": "patch"}
    review = await cluster.create(
        {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "metadata": {},
            "spec": {"resourceAttributes": asked},
        }
    )
    return bool((review.get("status") or {}).get("allowed"))
