"""The Job of a step, and the variables that its container gets besides the common ones."""

import math
from datetime import timedelta
from typing import Final

from runwright.models.bubustack import JobPolicy
from runwright.models.tasks import JobTemplate, TaskKey
from runwright.rules.bubustack.jobs.labels import labels_of_job
from runwright.rules.bubustack.jobs.pod import pod_of
from runwright.rules.bubustack.jobs.record import Begun, record_of
from runwright.rules.bubustack.jobs.secrets import secret_variables
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.bubustack.retries import timeout_of

_BACKSTOP: Final = timedelta(seconds=120)
"""How much later than the run's own timer the cluster ends a Job that nobody ended."""
_KEPT_SECONDS: Final = 3600
_RECURSION_DEPTH: Final = 32
_STORAGE_SECONDS: Final = 300


def job_template(work: Work, key: TaskKey, begun: Begun) -> JobTemplate:
    """Return the Job of one try of a step.

    There is one pod, and it is tried once: retries are the run's, and visible there.

    Source: BubuStack, StepRun as a Job.
    """
    deadline = timeout_of(work.start, work.step) + _BACKSTOP
    return JobTemplate(
        labels=labels_of_job(work),
        spec={
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "podReplacementPolicy": "Failed",
            "activeDeadlineSeconds": math.ceil(deadline.total_seconds()),
            "ttlSecondsAfterFinished": _kept_seconds(work),
            "template": {"spec": pod_of(work)},
        },
        record=record_of(work, key, begun),
    )


def cluster_variables(work: Work) -> dict[str, str]:
    """Return the variables of the contract that have a meaning in a cluster only.

    Source: BubuStack, environment contract.
    """
    debug = [one.debug for one in work.overrides if one.debug is not None]
    depth = next((one.max_recursion_depth for one in work.policies if one.max_recursion_depth), 0)
    return {
        "BUBU_MAX_RECURSION_DEPTH": str(depth or _RECURSION_DEPTH),
        "BUBU_STORAGE_TIMEOUT": f"{_storage_seconds(work)}s",
        "BUBU_DEBUG": "true" if debug and debug[0] else "false",
        **secret_variables(work),
    }


def _kept_seconds(work: Work) -> int:
    """Return how long a Job stays that nobody holds any more; 0 is not said."""
    advice = work.advice.job
    given = [(one.job or JobPolicy()).ttl_seconds_after_finished for one in work.policies]
    given += [advice.recommended_ttl_seconds_after_finished if advice else None]
    return next((seconds for seconds in given if seconds and seconds > 0), _KEPT_SECONDS)


def _storage_seconds(work: Work) -> int:
    stores = [*(one.storage for one in work.levels), work.advice.storage]
    given = [one.timeout_seconds for one in stores if one is not None]
    return next((seconds for seconds in given if seconds and seconds > 0), _STORAGE_SECONDS)
