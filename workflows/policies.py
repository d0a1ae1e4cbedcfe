"""How long activities may take, and which of their errors are worth another attempt."""

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy

PERMANENT_ERRORS: Final = (
    "PermanentError",
    "InvalidManifestError",
    "InvalidSettingsError",
    "NotOursError",
    "ExistsError",
    "NotFoundError",
    "RefusedError",
    "TemplateError",
    "UnresolvedError",
    "OffloadedError",
)
"""By name, as failures carry them; a test compares them with the tree."""

TRY_FOR_EVER: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(seconds=30),
    non_retryable_error_types=PERMANENT_ERRORS,
)
"""The world is away: ask again until it is back."""

ONCE: Final = RetryPolicy(maximum_attempts=1)
"""What has no answer then is asked by other means."""

START_WINDOW: Final = timedelta(seconds=30)
"""A worker that took a task has created its object by then, or it is gone."""

LOOK_AGAIN: Final = timedelta(seconds=30)
"""What a step lacks is looked for again after that; whoever sees it come tells the run before."""

LONGEST_LOOK_AGAIN: Final = timedelta(minutes=5)
"""That doubles with each look, up to this."""

LONGEST_WINDOW: Final = timedelta(hours=1)
"""The window doubles with each claim of a try that finds nothing, up to this."""

CLAIM_TIMEOUT: Final = timedelta(days=3650)
"""A claim waits as long as its task; deadlines are the workflow's."""

CLAIM_HEARTBEAT: Final = timedelta(hours=2)
"""The last resort when whoever looks after a task vanished without a trace."""

LOOK: Final = timedelta(seconds=10)
"""One question to a backend or to Temporal."""

CLUSTER_CALL: Final = timedelta(seconds=30)
"""A few requests to an API server."""

AT_ONCE: Final = timedelta(seconds=2)
"""What a worker may take to ask a cluster while the task of a workflow waits for the answer."""

ONE_WRITE: Final = timedelta(seconds=1)
"""What each object of many adds to that: the update of a wide run takes as long as it is wide."""

CALL_HEARTBEAT: Final = timedelta(seconds=10)
"""A worker that dies in the middle of such a call is noticed by then."""

STOP_HEARTBEAT: Final = timedelta(seconds=5)
"""A worker that dies while it stops a task is noticed by then."""

STOP_MARGIN: Final = timedelta(seconds=30)
"""What stopping a task may take beyond its grace."""
