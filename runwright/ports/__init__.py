"""What Runwright needs of the world, as small protocols; the adapters fulfil them."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from runwright.errors import RunwrightError
from runwright.models.bubustack import Engram, EngramTemplate
from runwright.models.deletion import DeleteRun
from runwright.models.gates import DecideGate
from runwright.models.metrics import Counter, Gauge, Histogram
from runwright.models.objects import Manifest, ObjectKey, StatusUpdate
from runwright.models.runs import CancelRun, LookAgain
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.models.tasks import Claim, Task, TaskKey, TaskNote, TaskOutcome


class TaskRunner(Protocol):
    """Runs tasks on one backend.

    A task's object is named by its step; its key says which try it is. However often a method is
    called for one key, and by however many workers, the task is executed at most once.
    """

    async def start(self, task: Task, claim: Claim) -> TaskOutcome | None:
        """Create the task's object, or adopt our own; the outcome if it is already over.

        Afterwards the end of the task is reported to `claim`, unless a later claim holds it by
        then. An older try's object is stopped and removed first. A try that was stopped before it
        started, or that a later try has overtaken, is not started: its outcome is Stopped.

        Raises:
            NotOursError: an object of that name exists and is another run's, or nobody's of ours.
            TransientError: the backend could not be asked.
        """
        ...

    async def exists(self, key: TaskKey) -> bool:
        """Return whether this very try has an object, running or over."""
        ...

    async def stop(self, key: TaskKey, grace: timedelta) -> TaskOutcome | None:
        """End the task, all its processes, and return how it ended; idempotent.

        A task that ended by itself before or meanwhile keeps that outcome. A try that never
        started is barred from starting, and the answer is None.

        Raises:
            UnbarredError: it never started, but cannot be barred now: it may start as long as its
                claim stands.
            TransientError: the backend could not be asked, or has not ended it yet.
        """
        ...

    async def forget(self, key: TaskKey) -> None:
        """Release what is kept as evidence, after the outcome is recorded; idempotent.

        The try is never started again all the same. One that still runs is left alone.
        What a person may still want to read, the log, stays.
        """
        ...


class Answer(StrEnum):
    """What became of a report to a claim."""

    RECORDED = "recorded"
    """The run has it."""
    STALE = "stale"
    """Another claim has taken over, or is about to: keep the evidence and look again."""
    GONE = "gone"
    """The run is closed or no longer awaits this try: nobody will ever ask."""
    UNKNOWN = "unknown"
    """Temporal knows no such run, and may be the wrong one, or have lost it: keep the evidence."""

    @property
    def is_final(self) -> bool:
        """Whether the evidence is not needed any more."""
        return self in {Answer.RECORDED, Answer.GONE}


class Completions(Protocol):
    """Tells the runs how their tasks ended.

    A claim that is not exact stands for whichever is open on its try. Every method raises
    TemporalUnavailableError when Temporal could not be asked.
    """

    async def finish(self, claim: Claim, outcome: TaskOutcome) -> Answer:
        """Report the outcome; safe to repeat."""
        ...

    async def fail(self, claim: Claim, error: RunwrightError) -> Answer:
        """Report that the claim failed: a transient error makes Temporal claim anew."""
        ...

    async def beat(self, claim: Claim, progress: str) -> Answer:
        """Tell that the task is still looked after, and what it is doing."""
        ...

    async def note(self, claim: Claim, note: TaskNote) -> Answer:
        """Tell the run why its task does not get on, or that it does again."""
        ...


class Objects(Protocol):
    """The objects of a cluster that runs need beside their tasks.

    Every method raises a TransientError when the cluster could not be asked, and RefusedError when
    it said no for good.
    """

    async def ensure(
        self,
        objects: Sequence[Manifest],
        owner: ObjectKey | None = None,
        *,
        is_deleted: bool = False,
    ) -> None:
        """Create each object in turn, or find it there; idempotent.

        Not unless the owner is there and stays; with `is_deleted` it may be about to go.

        Raises:
            NotFoundError: there is no such owner, or not any more.
            NotOursError: an object of that name exists, and another owner's or nobody's.
        """
        ...

    async def remove_tasks(self, workflow_id: str, namespace: str) -> Sequence[str]:
        """Remove the Jobs and pods of a run that is over; return which are still there.

        Idempotent: to be repeated until none is.
        """
        ...

    async def release(self, key: ObjectKey, finalizer: str) -> None:
        """Take a finalizer from an object; idempotent, also when the object is gone."""
        ...

    async def is_ending(self, namespace: str) -> bool:
        """Return whether the namespace is being deleted, or is gone."""
        ...


class Catalog(Protocol):
    """What does the work of steps, as a cluster has it now.

    Every method raises a TransientError when the cluster could not be asked, RefusedError when it
    said no for good, and InvalidManifestError for what is there and cannot be read.
    """

    async def engram(self, namespace: str, name: str) -> Engram | None:
        """Return an Engram; None if there is none of that name."""
        ...

    async def template(self, name: str) -> EngramTemplate | None:
        """Return an EngramTemplate; None if there is none of that name."""
        ...


class ChildRuns(Protocol):
    """The objects of runs that steps of other runs execute, in a cluster."""

    async def make(self, wanted: Manifest, parent: ObjectKey, *, is_deleted: bool = False) -> str:
        """Create the object of a child, or find the one that this execution made; return its uid.

        The one that an earlier execution of the parent made is removed first, with its run. With
        `is_deleted` the parent may be about to go.

        Raises:
            NotFoundError: there is no such parent, or not any more, or the child was deleted.
            NotOursError: an object of that name exists, and is not this step's.
            TransientError: the cluster could not be asked, or the earlier one has not gone yet.
            RefusedError: the cluster said no for good.
        """
        ...

    async def find(self, wanted: Manifest) -> str:
        """Return the uid of the object that an earlier execution made for the same step.

        Empty if its run cannot go on: there is none, it goes, or it was told to be cancelled.
        """
        ...


class StatusMirror(Protocol):
    """Shows in a cluster how runs are going."""

    async def show(self, update: StatusUpdate) -> None:
        """Write the patches in their order, then the Events; idempotent but for the Events.

        An object that is gone, or is another one of that name by now, is passed over.

        Raises:
            ClusterUnavailableError: the cluster could not be asked.
            RefusedError: it said no for good.
        """
        ...


class Metrics(Protocol):
    """Tells an operator how the worker is doing; no method waits."""

    def count(self, counter: Counter, **labels: str) -> None:
        """Add one to the counter with those labels."""
        ...

    def set(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Set the gauge with those labels."""
        ...

    def observe(self, histogram: Histogram, took: timedelta, **labels: str) -> None:
        """Add a duration to the histogram with those labels."""
        ...


class Unmeasured:
    """The port Metrics where nobody asks."""

    def count(self, counter: Counter, **labels: str) -> None:
        """Do nothing."""

    def set(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Do nothing."""

    def observe(self, histogram: Histogram, took: timedelta, **labels: str) -> None:
        """Do nothing."""


class Fate(StrEnum):
    """What became of a run that was started once."""

    OPEN = "open"
    CLOSED = "closed"
    """Its own code has closed it."""
    ENDED_OUTSIDE = "ended outside"
    """It was terminated, or Temporal ended it for a limit."""
    MISSING = "missing"
    """Temporal knows nothing of it."""


class RunStanding(NamedTuple):
    """A run as Temporal has it, for whoever started it."""

    fate: Fate
    run_id: str = ""
    """Of its latest execution."""
    reason: str = ""
    """How it was ended outside its own code, such as Terminated."""
    message: str = ""
    problem: str = ""
    """Of an open one whose code fails again and again: the error."""


class Standings(Protocol):
    """How the runs stand that were started for objects of a cluster.

    Every method raises TemporalUnavailableError when Temporal could not be asked.
    """

    async def standing(self, workflow_id: str) -> RunStanding:
        """Return how a run stands."""
        ...

    async def open_runs(self) -> frozenset[str]:
        """Return the ids of this cluster's open runs, as Temporal lists them: a hint, too."""
        ...

    async def in_trouble(self) -> frozenset[str]:
        """Return the ids of the runs that were ended outside lately, or whose code fails.

        Of this cluster, as far as Temporal lists such runs: a hint where to look.
        """
        ...


class Launcher(Standings, Protocol):
    """Starts the runs that the objects of a cluster ask for, and passes on what they say.

    Every method raises TemporalUnavailableError when Temporal could not be asked.
    """

    async def start(self, start: StartStoryRun) -> str:
        """Start a run, or find the one that was started; return Temporal's run id."""
        ...

    async def delete(self, request: DeleteRun) -> None:
        """Start the deletion of a run, unless it is under way."""
        ...

    async def tell(self, workflow_id: str, message: CancelRun | DecideGate | LookAgain) -> None:
        """Send a run a message; one that is closed is past it."""
        ...


class Executions(Protocol):
    """The executions of a run: what the last one was, and the start of another.

    Every method raises TemporalUnavailableError when Temporal could not be asked.
    """

    async def started_with(self, workflow_id: str, run_id: str) -> StartStoryRun:
        """Return what an execution was started with."""
        ...

    async def ended_as(self, workflow_id: str, run_id: str) -> StoryRunState:
        """Return the last state of an execution that is over.

        Raises:
            NoWorkerError: it did not close with its state, and no worker can tell it now.
            RefusedError: it failed before it had one.
        """
        ...

    async def cancel(self, workflow_id: str, run_id: str, request: CancelRun) -> None:
        """Send the signal `cancel` to that very execution; one that is over is past it."""
        ...

    async def start_again(self, start: StartStoryRun) -> str:
        """Start another execution of a run, or find the one that was started with that redrive.

        Returns Temporal's run id.

        Raises:
            ConflictError: another execution is open.
        """
        ...


class Runs(Protocol):
    """The runs, as Temporal knows them.

    Every method raises TemporalUnavailableError when Temporal could not be asked. A run that is
    closed, or not there, stays as it is.
    """

    async def cancel(self, workflow_id: str, run_id: str, reason: str) -> None:
        """Request the cancellation of one execution."""
        ...

    async def tell_to_end(self, workflow_id: str, request: CancelRun) -> bool:
        """Send the run the signal `cancel`; return whether it was open."""
        ...

    async def wait_for_end(self, workflow_id: str) -> None:
        """Return once the run is closed."""
        ...

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End the run without any more of its own code."""
        ...


class PastRun(NamedTuple):
    """The latest execution of a run."""

    start: StartStoryRun
    """What it was started with."""
    state: StoryRunState
    is_open: bool


class PastRuns(Protocol):
    """What is kept of runs."""

    async def last(self, workflow_id: str) -> PastRun | None:
        """Return the latest execution of a run; None if there is none, or it cannot be told.

        Raises:
            TemporalUnavailableError: Temporal, or a worker of the run, could not be asked.
        """
        ...
