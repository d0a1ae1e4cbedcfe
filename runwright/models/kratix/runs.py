"""The parent of a workflow, and how far its workflows are: what is remembered of a run."""

from datetime import datetime
from typing import Any

from pydantic import Field

from runwright.models.base import Message
from runwright.models.kratix.approvals import PipelineApproval
from runwright.models.kratix.pipelines import Pipeline
from runwright.models.kratix.shared import (
    SYSTEM_NAMESPACE,
    PipelinePhase,
    WorkflowAction,
    WorkflowType,
)
from runwright.models.metadata import Condition


class Parent(Message):
    """The Promise, or the request for one, that a workflow is run for."""

    type: WorkflowType
    promise: str
    """The name of the Promise."""
    api_version: str
    kind: str
    plural: str
    """Of the kind, as `promises`."""
    name: str
    namespace: str = ""
    """Empty for a Promise."""
    uid: str = ""
    pipeline_namespace: str = ""
    """Where the Promise wants everything of its pipelines; empty: where they are by default."""

    @property
    def home(self) -> str:
        """The namespace of its Jobs and Works."""
        own = SYSTEM_NAMESPACE if self.type is WorkflowType.PROMISE else self.namespace
        return self.pipeline_namespace or own

    @property
    def is_apart(self) -> bool:
        """Whether it is a request whose pipelines run in a namespace that its Promise names."""
        return self.type is WorkflowType.RESOURCE and bool(self.pipeline_namespace)

    @property
    def group(self) -> str:
        """The API group of its kind; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version of its kind."""
        return self.api_version.rpartition("/")[2]


class Resumption(Message):
    """That somebody had a suspended pipeline go on."""

    by: tuple[str, ...] = ()
    """Who approved it; nobody where its label was removed, or who did not say a name."""


class PipelineRun(Message):
    """One pipeline of a run of a parent's workflow: what a Job is made of."""

    parent: Parent
    action: WorkflowAction
    pipeline: Pipeline
    hash: str
    """Of the specs that the workflow is run for."""
    is_last: bool
    """Whether no pipeline follows in its workflow."""
    number: str
    """What tells the Job from those of the same pipeline before it: the run and the attempt."""
    resumption: Resumption | None = None
    """Where the pipeline was suspended, and somebody had it go on."""

    @property
    def is_configure(self) -> bool:
        """Whether what its steps put out is wanted."""
        return self.action is WorkflowAction.CONFIGURE


class PipelineProgress(Message):
    """How far one pipeline is."""

    name: str
    phase: PipelinePhase = PipelinePhase.PENDING
    last_transition_time: datetime | None = None
    """When `phase` last changed."""
    message: str = ""
    next_retry_at: datetime | None = None
    attempts: int = 0
    """How often it asked to be run again later, since it last did not."""
    approval: PipelineApproval | None = None
    """Who may let it go on that is suspended, as it said itself."""
    hash: str = ""
    """Of the specs that it was last started for."""
    job_name: str = ""

    def moved(self, phase: PipelinePhase, now: datetime, **update: Any) -> "PipelineProgress":
        """Return it in a phase, which it is in since now unless it was before."""
        since = self.last_transition_time if self.phase is phase else now
        return self.model_copy(update={"phase": phase, "last_transition_time": since, **update})


class WorkflowProgress(Message):
    """How far the workflow of one action is."""

    pipelines: tuple[PipelineProgress, ...] = ()
    """In the order in which they run."""
    suspended_generation: int = 0
    """The generation of the parent when a pipeline suspended the workflow; 0: none did."""
    suspension_shown: bool = False
    """Whether the label was seen that says so: only then does its absence mean to go on."""

    @property
    def succeeded(self) -> int:
        """How many pipelines succeeded before the first that did not."""
        done = (one.phase is PipelinePhase.SUCCEEDED for one in self.pipelines)
        return next((index for index, over in enumerate(done) if not over), len(self.pipelines))

    @property
    def suspended(self) -> int | None:
        """The position of the pipeline that suspended the workflow; None: none did."""
        return self.first_in(PipelinePhase.SUSPENDED)

    def first_in(self, phase: PipelinePhase) -> int | None:
        """Return the position of the first pipeline in a phase; None: none is."""
        found = (index for index, one in enumerate(self.pipelines) if one.phase is phase)
        return next(found, None)


class ParentState(Message):
    """All that is shown of a parent, and needed to decide what comes next."""

    action: WorkflowAction = WorkflowAction.CONFIGURE
    """Of the workflow that ran last, or runs."""
    configure: WorkflowProgress = WorkflowProgress()
    delete: WorkflowProgress = WorkflowProgress()
    hash: str = ""
    """Of the specs that the configure workflow was last started for; empty: it never was."""
    observed_generation: int = 0
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    workflows_failed: int = Field(default=0, ge=0, le=1)
    last_successful_time: datetime | None = None
    promise_version: str = ""
    binding_version: str = ""
    extra: dict[str, Any] = {}
    """What pipelines wrote into the status besides the message and conditions."""

    @property
    def workflow(self) -> WorkflowProgress:
        """How far the workflow is that ran last."""
        return self.configure if self.action is WorkflowAction.CONFIGURE else self.delete

    def condition(self, type_: str) -> Condition | None:
        """Return the condition of that type, if there is one."""
        return next((one for one in self.conditions if one.type == type_), None)
