"""What a platform decides for all its Promises: the ConfigMap `kratix`.

Source: Kratix, `KratixConfig`.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field, StrictBool

from runwright.models.base import WireModel
from runwright.models.durations import GoDuration
from runwright.models.kratix.pipelines import PullPolicy
from runwright.models.values import Int32, JsonObject


class BindingStrategy(StrEnum):
    """Which version a new request is bound to."""

    FLOATING = "floating"
    """Whatever is the latest."""
    PINNED = "pinned"
    """What is the latest when the request is made."""


class JobDefaults(WireModel):
    """How the Jobs of pipelines behave that say nothing themselves."""

    default_backoff_limit: Int32 | None = None
    """Not said is up to Kubernetes."""
    pod_ttl_seconds_after_finished: Int32 | None = Field(
        default=None,
        validation_alias="podTTLSecondsAfterFinished",
        serialization_alias="podTTLSecondsAfterFinished",
    )
    """How long the pods of a Job stay that is over; not said is as long as the Job."""


class WorkflowDefaults(WireModel):
    """How the workflows of all Promises are run."""

    reconcile_after_failure: StrictBool = True
    """Whether a workflow that failed is run again after the interval."""
    job_options: JobDefaults = JobDefaults()
    default_container_resources: JsonObject | None = None
    default_image_pull_policy: PullPolicy | None = None
    default_container_security_context: JsonObject | None = None


class KratixConfig(WireModel):
    """The platform's settings; those for what is not Runwright's are passed over."""

    number_of_jobs_to_keep: Int32 = 5
    """Per pipeline and parent; below 1 is not said."""
    reconciliation_interval: GoDuration = timedelta(hours=10)
    workflows: WorkflowDefaults = WorkflowDefaults()
    resource_binding_version_strategy: BindingStrategy = BindingStrategy.FLOATING

    @property
    def jobs_kept(self) -> int:
        """How many Jobs of each pipeline of a parent are kept."""
        kept = self.number_of_jobs_to_keep
        return kept if kept >= 1 else KratixConfig().number_of_jobs_to_keep
