"""What the entity workflow of a parent is told, and what a run of its pipelines is made of."""

from datetime import datetime, timedelta

from pydantic import Field

from runwright.models.base import Message
from runwright.models.history import History
from runwright.models.kratix.configuration import KratixConfig
from runwright.models.kratix.keys import ON
from runwright.models.kratix.pipelines import Pipeline
from runwright.models.kratix.reports import Carried, Ending
from runwright.models.kratix.runs import Parent, ParentState, Resumption
from runwright.models.kratix.shared import Compat, WorkflowAction, WorkflowType
from runwright.models.kratix.triggers import Trigger
from runwright.models.runs import Cancelled
from runwright.models.tasks import Diagnosis


class Sight(Message):
    """A parent as the cluster has it."""

    generation: int
    hash: str
    """Of its spec, for a request together with that of its Promise."""
    labels: dict[str, str] = {}
    promise_paused: bool = False
    promise_available: bool = True
    promise_deleting: bool = False

    def is_on(self, label: str) -> bool:
        """Return whether a switch is on: with `true` and nothing else."""
        return self.labels.get(label) == ON


class Seen(Message):
    """A parent as somebody saw it, and which versions of which objects that were."""

    sight: Sight
    version: str
    """The resource version of the parent."""
    promise_version: str = ""
    """That of the Promise of a request; empty for a Promise itself."""
    interval: timedelta
    """After which its workflow runs anew although nothing changed."""
    is_deleted: bool = False
    """Whether it is being deleted."""
    finalizers: tuple[str, ...] = ()

    def is_older_than(self, other: "Seen") -> bool:
        """Return whether either object was seen in an earlier version than `other` has.

        Versions that cannot be told apart are taken for newer: then it is only looked at again.
        """
        pairs = (
            (self.version, other.version),
            (self.promise_version, other.promise_version),
        )
        return any(
            ours.isdecimal() and theirs.isdecimal() and int(ours) < int(theirs)
            for ours, theirs in pairs
        )


class Policy(Message):
    """What the platform wants of all parents."""

    interval: timedelta = timedelta(hours=10)
    reconcile_after_failure: bool = True
    compat: Compat = Compat.SEPTEMBER_2026


class Plan(Message):
    """What the workflow of one action of a parent executes: read once, for the runs that use it."""

    parent: Parent
    action: WorkflowAction
    pipelines: tuple[Pipeline, ...]
    """In the order in which they run; of a delete workflow at most one."""
    seen: Seen
    """The parent, as it was when this was read."""
    promise_version: str
    """The version that the author gave the Promise; `not-set` without one."""
    selectors: tuple[dict[str, str], ...] = ()
    """The labels of Destinations that the Promise asks for."""
    image: str
    """Of the containers before and after those of the author."""
    pull_secret: str = ""
    """For that image; empty: none is needed."""
    config: KratixConfig = KratixConfig()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its pipelines."""
        return tuple(one.name for one in self.pipelines)


class PlanFor(Message):
    """Of which parent's workflow a plan is wanted."""

    parent: Parent
    action: WorkflowAction


class StartParent(Message):
    """The input of the entity workflow of a parent: how it is, and what is remembered of it."""

    parent: Parent
    cluster: str
    seen: Seen
    state: ParentState = ParentState()
    """Carried from one execution of the entity to the next, or read back from a status."""
    runs: int = Field(default=0, ge=0)
    """How many runs of its workflows there were."""
    compat: Compat = Compat.SEPTEMBER_2026
    most_at_once: int = Field(default=20, ge=1)
    """How many runs of one Promise's requests may be under way."""
    promise_uid: str = ""
    """Of the Promise of a request, which gives the turns; empty: nobody does."""
    stop_after: timedelta = timedelta(minutes=10)
    """What a run that is under way gets to end once its parent is to go; then it is stopped."""
    delete_retries: int = Field(default=0, ge=0)
    """How often a delete pipeline that failed is tried again by itself."""
    delete_retry_delay: timedelta = timedelta(minutes=1)
    """Between two such tries."""
    history: History = History()
    """Carried from one execution of the entity to the next."""
    carried: Carried = Carried()
    """What else is."""


class StartPipelines(Message):
    """The input of one run of a parent's workflow."""

    plan: Plan
    state: ParentState
    """Before it, with the pipelines of the plan."""
    number: int = Field(ge=1)
    """Which run of the parent's workflows it is."""
    position: int = Field(ge=0)
    """Which pipeline it begins with."""
    anew: bool
    """Whether what was before counts no more."""
    trigger: Trigger
    removes: tuple[str, ...] = ()
    """Labels that ask for it: they go once its first Job exists."""
    adds: tuple[str, ...] = ()
    by: str | None = None
    """Who asked for it, where a person did."""
    resumption: Resumption | None = None
    """Of the first pipeline, where it had asked to go on only when somebody says so."""
    policy: Policy = Policy()
    cluster: str
    until: int | None = None
    """The position of the pipeline after which it ends; None: that of the last."""


class PipelinesEnded(Message):
    """How a run of a parent's workflow ended."""

    state: ParentState
    seen: Seen
    """The parent, as it was seen last."""
    started_at: datetime
    finished_at: datetime
    history: History = History()
    """What happened in it."""


class PipelinesState(Message):
    """All that is known of a run of a parent's workflow: what its query `state` answers."""

    parent: Parent
    cluster: str
    action: WorkflowAction
    number: int
    """Which run of the parent's workflows it is."""
    trigger: Trigger
    by: str | None = None
    state: ParentState
    current: str = ""
    """The name of the pipeline that it is at; empty: of none."""
    diagnosis: Diagnosis | None = None
    """Why the Job of that one does not get on."""
    ending: Ending | None = None
    """None: it is not over."""
    message: str = ""
    """Why it ended so."""
    cancelled: Cancelled | None = None
    started_at: datetime
    finished_at: datetime | None = None
    history: History = History()


class MarkParent(Message):
    """Which labels a parent is to have, and which not."""

    parent: Parent
    adds: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()


def parent_id(parent: Parent) -> str:
    """Return the id of the entity workflow of a parent."""
    if parent.type is WorkflowType.PROMISE:
        return promise_id(parent.promise, parent.uid)
    return f"kratix/{parent.promise}/{parent.namespace}/{parent.name}/{parent.uid}"


def promise_id(promise: str, uid: str) -> str:
    """Return the id of the entity workflow of a Promise, by its name and uid."""
    return f"kratix/{promise}/promise/{uid}"


def run_id(parent: Parent, action: WorkflowAction, number: int) -> str:
    """Return the id of the workflow of one run of a parent's workflow.

    The third part from its end is the namespace of its Jobs, as in the id of every run: a Job is
    believed to be of a run only in that run's namespace.
    """
    return f"{parent_id(parent)}/{parent.home}/{action}/{number}"
