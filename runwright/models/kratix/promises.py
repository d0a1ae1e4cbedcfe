"""Promise, the definition of a product, and PromiseRevision, one version of it.

Pipelines are kept as they were written: whether they can be read is for the rules, which report
every problem of a Promise at once. So is what else holds between fields.

Source: Kratix, group `platform.kratix.io/v1alpha1`.
"""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, StrictBool

from runwright.models.base import WireModel
from runwright.models.durations import GoDuration
from runwright.models.kratix.shared import PromiseRef, WorkflowCounts, WorkflowsStatus
from runwright.models.metadata import Condition, ObjectMeta
from runwright.models.values import Int64, JsonObject


class ApiMetadata(WireModel):
    """The metadata of the definition of an API, as far as it is fixed."""

    name: str
    """`PLURAL.GROUP`."""


class ApiNames(WireModel):
    """How the objects of an API are called."""

    plural: str
    singular: str | None = None
    kind: str
    list_kind: str | None = None
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class ApiSpec(WireModel, extra="allow"):
    """What the API server must know of an API."""

    group: str
    names: ApiNames
    scope: str
    versions: tuple[JsonObject, ...] = ()


class PromiseApi(WireModel, extra="allow"):
    """The CustomResourceDefinition of the requests for a Promise."""

    api_version: str
    kind: str
    metadata: ApiMetadata
    spec: ApiSpec


class EmbeddedMetadata(WireModel, extra="allow"):
    """The metadata of a pipeline in a Promise."""

    name: str
    labels: dict[str, str] = Field(default_factory=dict)


class EmbeddedPipeline(WireModel, extra="allow"):
    """A pipeline as a Promise has it, with whatever else its author wrote."""

    api_version: str
    kind: str
    metadata: EmbeddedMetadata
    spec: JsonObject | None = None


class WorkflowTriggers(WireModel):
    """The pipelines to run, in the order of each list."""

    configure: tuple[EmbeddedPipeline, ...] = ()
    """After the object was created or changed."""
    delete: tuple[EmbeddedPipeline, ...] = ()
    """Before it goes; only the first is run."""


class WorkflowConfig(WireModel):
    """What holds for all workflows of a Promise."""

    pipeline_namespace: str | None = None
    """Where everything of the pipelines goes; it must exist."""
    reconciliation_interval: GoDuration | None = None
    """How long after its end a workflow is run anew although nothing changed."""


class Workflows(WireModel):
    """The pipelines of a Promise itself, and those of the requests for it."""

    config: WorkflowConfig | None = None
    promise: WorkflowTriggers = WorkflowTriggers()
    resource: WorkflowTriggers = WorkflowTriggers()


class RequiredPromise(WireModel):
    """Another Promise that must be available."""

    name: str
    version: str | None = None
    """Not said is any."""


class PromiseScheduling(WireModel):
    """Labels that a Destination must have."""

    match_labels: dict[str, str] = Field(default_factory=dict)


class PromiseSpec(WireModel):
    """The API of a product, and what makes it."""

    api: PromiseApi | None = None
    workflows: Workflows = Workflows()
    required_promises: tuple[RequiredPromise, ...] = ()
    dependencies: tuple[JsonObject, ...] = ()
    """Objects that every Destination needs before a request can be fulfilled there."""
    destination_selectors: tuple[PromiseScheduling, ...] = ()


class Availability(StrEnum):
    """Whether a Promise can fulfil requests, in one word."""

    AVAILABLE = "Available"
    UNAVAILABLE = "Unavailable"


class RequiredPromiseStatus(WireModel):
    """How a required Promise was found."""

    name: str
    version: str | None = None
    state: str | None = None


class PromiseSummary(WireModel):
    """A Promise and its version."""

    name: str
    version: str | None = None


class RequiredBy(WireModel):
    """Another Promise that requires this one."""

    promise: PromiseSummary
    required_version: str | None = None


class ApiStatus(WireModel):
    """Which API a Promise offers, and since when."""

    kind: str | None = None
    api_version: str | None = None
    version: str | None = None
    """Of the Promise."""
    status: Availability | None = None
    last_available_time: AwareDatetime | None = None


class PromiseKratixStatus(ApiStatus):
    """What Kratix keeps apart from whatever a pipeline may write."""

    workflows: WorkflowsStatus | None = None


class PromiseStatus(ApiStatus, WorkflowCounts):
    """Whether a Promise is available, and how its workflow is going."""

    observed_generation: Int64 | None = None
    message: str | None = None
    """The one field that a promise pipeline may write."""
    conditions: tuple[Condition, ...] = ()
    required_promises: tuple[RequiredPromiseStatus, ...] = ()
    required_by: tuple[RequiredBy, ...] = ()
    kratix: PromiseKratixStatus | None = None


class Promise(WireModel):
    """A product that a platform offers; cluster-scoped."""

    api_version: Literal["platform.kratix.io/v1alpha1"] = "platform.kratix.io/v1alpha1"
    kind: Literal["Promise"] = "Promise"
    metadata: ObjectMeta
    spec: PromiseSpec
    status: PromiseStatus | None = None


class PromiseRevisionSpec(WireModel):
    """What a Promise was in one version."""

    promise_ref: PromiseRef
    promise_spec: PromiseSpec
    version: str


class PromiseRevisionStatus(WireModel):
    """Whether it is the version that new requests get."""

    latest: StrictBool | None = None
    conditions: tuple[Condition, ...] = ()


class PromiseRevision(WireModel):
    """One version of a Promise; cluster-scoped."""

    api_version: Literal["platform.kratix.io/v1alpha1"] = "platform.kratix.io/v1alpha1"
    kind: Literal["PromiseRevision"] = "PromiseRevision"
    metadata: ObjectMeta
    spec: PromiseRevisionSpec
    status: PromiseRevisionStatus | None = None
