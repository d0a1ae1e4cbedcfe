"""Whether the API server would take the Jobs of a Promise's pipelines."""

import asyncio

from adapters.kubernetes.cluster import Cluster
from runwright.errors import Problem, RefusedError
from runwright.models.kratix import Promise
from runwright.rules.kratix.jobs.rehearsal import Rehearsal, rehearsals


class Rehearsals:
    """Has Jobs created that nobody keeps."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def problems(self, promise: Promise) -> list[Problem]:
        """Return why the Jobs of a Promise's pipelines are refused, each with its path.

        That their namespace is not there is one of the reasons.
        """
        found = await asyncio.gather(*map(self._problem, rehearsals(promise)))
        return [one for one in found if one]

    async def _problem(self, rehearsal: Rehearsal) -> Problem | None:
        try:
            await self._cluster.rehearse(rehearsal.job)
        except RefusedError as error:
            return Problem(rehearsal.path, str(error))
        return None
