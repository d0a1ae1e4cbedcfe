"""Which Jobs of a parent are kept once they are over.

Source: Kratix, cleanup of Jobs.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from runwright.models.kratix import WorkflowAction


class KeptJob(NamedTuple):
    """A Job of a parent that is over."""

    name: str
    pipeline: str
    action: WorkflowAction
    started_at: datetime


def superfluous_jobs(
    jobs: Iterable[KeptJob], pipelines: Collection[tuple[WorkflowAction, str]], keep: int
) -> list[KeptJob]:
    """Return the Jobs that are to go: all but the newest of each pipeline.

    Of a pipeline that is no more none is kept; nor are those of the delete workflow without end.
    Upstream as of August 2026 forgot both.
    """
    counted: dict[tuple[WorkflowAction, str], int] = {}
    superfluous: list[KeptJob] = []
    for job in sorted(jobs, key=lambda one: (one.started_at, one.name), reverse=True):
        of = (job.action, job.pipeline)
        counted[of] = counted.get(of, 0) + 1
        if of not in pipelines or counted[of] > keep:
            superfluous.append(job)
    return superfluous
