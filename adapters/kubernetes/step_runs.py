"""The StepRuns of a StoryRun, when they are to go before it does."""

from collections.abc import Container

from adapters.kubernetes.cluster import Cluster, Selection
from adapters.kubernetes.ownership import owners_of
from adapters.kubernetes.resources import STEP_RUNS
from runwright.models.bubustack import StoryRun
from runwright.models.objects import Manifest
from runwright.rules.bubustack.jobs.labels import STORY_RUN
from runwright.rules.naming import label_value


async def remove_step_runs(cluster: Cluster, run: StoryRun, kept: Container[str] = ()) -> bool:
    """Have the StepRuns of a run deleted, but for those whose names are `kept`.

    Returns whether there were any: they go in their own time, and their Jobs with them.
    """
    ours = f"{STORY_RUN}={label_value(run.metadata.name)}"
    listed = await cluster.list(STEP_RUNS, Selection(run.metadata.namespace, ours))
    going = [
        one for one in listed.items if _is_of(one, run) and one["metadata"]["name"] not in kept
    ]
    for step_run in going:
        metadata = step_run["metadata"]
        name = metadata["namespace"], metadata["name"]
        await cluster.delete(STEP_RUNS, name, uid=metadata["uid"])
    return bool(going)


def _is_of(step_run: Manifest, run: StoryRun) -> bool:
    return run.metadata.uid in {owner.uid for owner in owners_of(step_run)}
