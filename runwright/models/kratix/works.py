"""Work, the files that a pipeline put out, and WorkPlacement, those of one destination.

Source: Kratix, group `platform.kratix.io/v1alpha1`.
"""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from runwright.models.base import WireModel
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.values import Int64


class WorkType(StrEnum):
    """Where a Work comes from."""

    PROMISE = "promise"
    RESOURCE = "resource"
    STATIC_DEPENDENCY = "static-dependency"
    """The dependencies in a Promise's spec; no pipeline made it."""


class SelectorSource(StrEnum):
    """Who asked for the labels of a Destination."""

    PROMISE = "promise"
    PROMISE_WORKFLOW = "promise-workflow"
    RESOURCE_WORKFLOW = "resource-workflow"


class Workload(WireModel):
    """One file."""

    filepath: str
    content: str
    """Compressed by gzip, in base64."""


class WorkloadGroupScheduling(WireModel):
    """Labels that a Destination must have."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    source: SelectorSource | None = None


class WorkloadGroup(WireModel):
    """Files that go to the same destinations."""

    id: str
    """The digest of `directory`."""
    directory: str
    """`.` is what is in no other."""
    workloads: tuple[Workload, ...] = ()
    destination_selectors: tuple[WorkloadGroupScheduling, ...] = ()


class WorkSpec(WireModel):
    """What is to be written, and where."""

    last_execution_timestamp: AwareDatetime | None = None
    """When the pipeline that made it ran last."""
    promise_name: str
    resource_name: str | None = None
    """Nothing for what the Promise itself puts out."""
    workload_groups: tuple[WorkloadGroup, ...] = ()


class WorkStatus(WireModel):
    """How much of a Work has been written."""

    conditions: tuple[Condition, ...] = ()
    work_placements: Int64 | None = None
    work_placements_created: Int64 | None = None


class Work(WireModel):
    """What one pipeline put out."""

    api_version: Literal["platform.kratix.io/v1alpha1"] = "platform.kratix.io/v1alpha1"
    kind: Literal["Work"] = "Work"
    metadata: ObjectMeta
    spec: WorkSpec
    status: WorkStatus | None = None


class WorkPlacementStatus(WireModel):
    """Whether it has been written."""

    conditions: tuple[Condition, ...] = ()
    version_id: str | None = Field(
        default=None, validation_alias="versionID", serialization_alias="versionID"
    )
    """The commit that it is in, where the destination is a Git repository."""


class WorkPlacementSpec(WireModel):
    """Which group of which Work goes where; its files are not read."""

    target_destination_name: str = ""
    promise_name: str = ""
    resource_name: str | None = None
    id: str = ""
    generation: Int64 | None = None
    """Of the Work."""


class WorkPlacement(WireModel):
    """A group of a Work at one destination; a scheduler writes it, and it is only read here."""

    api_version: Literal["platform.kratix.io/v1alpha1"] = "platform.kratix.io/v1alpha1"
    kind: Literal["WorkPlacement"] = "WorkPlacement"
    metadata: ObjectMeta
    spec: WorkPlacementSpec = WorkPlacementSpec()
    status: WorkPlacementStatus | None = None
