"""The words that Kratix's kinds share: workflows, phases, versions.

Source: Kratix, group `platform.kratix.io/v1alpha1`.
"""

from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, Field

from runwright.models.base import WireModel
from runwright.models.values import Int64

API_VERSION: Final = "platform.kratix.io/v1alpha1"
SYSTEM_NAMESPACE: Final = "kratix-platform-system"
"""Where promise workflows run, and the platform keeps its own objects."""
NOT_SET: Final = "not-set"
"""The version of a Promise that names none."""
LATEST: Final = "latest"
"""The version that a ResourceBinding follows when it floats."""

LONGEST_ID: Final = 60
"""Characters of `PROMISE-TYPE-ACTION-PIPELINE`, by which the objects of a pipeline are called."""


class Compat(StrEnum):
    """Which Kratix is followed where its behaviour changed."""

    AUGUST_2026 = "2026-08"
    """A manual reconciliation suspends the Job that runs; statuses have the flat layout."""
    SEPTEMBER_2026 = "2026-09"
    """A manual reconciliation waits for it; statuses are keyed by the action of the workflow."""

    @property
    def suspends(self) -> bool:
        """Whether a manual reconciliation suspends the Job that runs."""
        return self is Compat.AUGUST_2026

    @property
    def is_keyed(self) -> bool:
        """Whether what is shown of a workflow stands below its action."""
        return self is Compat.SEPTEMBER_2026


class WorkflowType(StrEnum):
    """Whose workflow it is: a Promise's own, or that of the requests for it."""

    PROMISE = "promise"
    RESOURCE = "resource"


class WorkflowAction(StrEnum):
    """What a workflow is run for."""

    CONFIGURE = "configure"
    DELETE = "delete"


class PipelinePhase(StrEnum):
    """Where a pipeline is in a run of its workflow."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    """It asked to be run again, later or when somebody says so; no later one starts before."""


class PipelineStatus(WireModel):
    """One pipeline of a workflow, as its parent shows it."""

    name: str
    phase: PipelinePhase
    last_transition_time: AwareDatetime | None = None
    """When `phase` last changed."""
    message: str | None = None
    """What the pipeline said when it suspended the workflow."""
    next_retry_at: AwareDatetime | None = None
    attempts: Int64 | None = None
    """How often the pipeline asked to be run again later."""
    hash: str | None = None
    """Of the specs that its last run was made for."""
    job_name: str | None = None
    """The Job of its last run."""


class WorkflowStatus(WireModel):
    """How the workflow of one action is going, or went."""

    pipelines: tuple[PipelineStatus, ...] = ()
    suspended_generation: Int64 | None = None
    """The generation of the parent when a pipeline suspended the workflow."""
    last_successful_time: AwareDatetime | None = None


class WorkflowsStatus(WorkflowStatus):
    """How the workflows of a parent are going.

    Since September 2026 by action; before, of the workflow that ran last, with the time of the
    last success under a name of its own.
    """

    configure: WorkflowStatus | None = None
    delete: WorkflowStatus | None = None
    last_successful_configure_workflow_time: AwareDatetime | None = None


class WorkflowCounts(WireModel):
    """How far the configure workflow of a parent is."""

    workflows: Int64 | None = None
    """How many pipelines it has."""
    workflows_succeeded: Int64 | None = None
    workflows_failed: Int64 | None = None
    """0 or 1: the first failure is the last."""


class PromiseRef(WireModel):
    """A Promise, which is cluster-scoped."""

    name: str = Field(min_length=1, max_length=253)
