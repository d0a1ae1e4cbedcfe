"""What the workflows of Kratix's Promises and requests need of a cluster.

Every method raises a TransientError when the cluster could not be asked, and RefusedError when it
said no for good.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from runwright.models.kratix import (
    Collected,
    Installed,
    Parent,
    PipelineRun,
    Plan,
    Requirers,
    Seen,
    StartParent,
    Work,
    WorkflowAction,
)
from runwright.ports import Standings


class Parents(Protocol):
    """Promises and the requests for them."""

    async def see(self, parent: Parent) -> Seen | None:
        """Return the parent as it is now; None: it is gone."""
        ...

    async def plan(self, parent: Parent, action: WorkflowAction) -> Plan:
        """Return what the workflow of an action executes, by what the cluster has now.

        Raises:
            NotFoundError: the parent, or its Promise, is gone.
            InvalidManifestError: its pipelines cannot be read; it has every problem.
        """
        ...

    async def mark(
        self, parent: Parent, adds: Sequence[str], removes: Sequence[str]
    ) -> Seen | None:
        """Set labels to `true`, take others away, and return the parent then; None: it is gone.

        Idempotent: what is so already is not written.
        """
        ...

    async def release(self, parent: Parent, finalizer: str) -> Seen | None:
        """Take a finalizer from the parent, and return it then; None: it is gone. Idempotent."""
        ...


class Pipelines(Protocol):
    """What the pods of pipelines need, and what they leave."""

    async def prepare(
        self, run: PipelineRun, selectors: Sequence[dict[str, str]], *, unless_recent: bool = False
    ) -> None:
        """Have what the pod of a pipeline acts as, and reads, as it is to be; idempotent.

        `unless_recent`: what was prepared a moment ago is taken as there.

        ServiceAccount, roles and bindings, and for what it puts out the ConfigMap with the
        selectors of its Promise. What the author asked for before, and no more, goes.
        """
        ...

    async def collect(
        self,
        run: PipelineRun,
        handed_over: dict[str, Any],
        selectors: Sequence[dict[str, str]] = (),
    ) -> Collected:
        """Return what the steps of a pipeline left, and write its Work if it is to have one.

        It goes where its steps say, and where the Promise wants it by its selectors.

        Idempotent: the Work's name, and the Job's. What cannot be read is a problem, no error.
        """
        ...

    async def tidy(self, plan: Plan, *, works: bool = True) -> None:
        """Remove the Jobs of a parent that are not to be kept, and its Works; idempotent.

        After a failure its Works stay: nobody knows yet what replaces them.
        """
        ...

    async def works(self, parent: Parent) -> Sequence[Work]:
        """Return the Works of a parent, without what is in them."""
        ...


class Removal(Protocol):
    """What goes with a parent."""

    async def remove(self, parent: Parent, finalizer: str) -> Sequence[str]:
        """Remove what that finalizer stands for; return what of it is still there.

        Idempotent: to be repeated until nothing is.
        """
        ...

    async def configuring(self, promise: Parent) -> Sequence[str]:
        """Return the requests for a Promise of which a configure Job has not ended, by name."""
        ...


class Promises(Protocol):
    """The Promises of a platform."""

    async def install(self, promise: Parent) -> Installed:
        """Have the API of a Promise served, its revision kept and its dependencies written.

        Idempotent: it looks at everything anew, and writes what is not so.
        """
        ...

    async def ask_requests(self, promise: Parent) -> int:
        """Have every request for a Promise run anew; return how many there are. Idempotent."""
        ...


class Entities(Standings, Protocol):
    """The entity workflows, one for each parent.

    Every method raises TemporalUnavailableError when Temporal could not be asked.
    """

    async def start(self, start: StartParent) -> str:
        """Start the entity of a parent, or find the one that is open; return Temporal's run id.

        Raises:
            RefusedError: Temporal will not have it.
        """
        ...

    async def tell(self, workflow_id: str, seen: Seen) -> bool:
        """Tell an entity how its parent is; return whether it is there to hear it."""
        ...

    async def look_at_works(self, workflow_id: str) -> bool:
        """Have an entity look at its Works again; return whether it is there to hear it."""
        ...

    async def look_at_parent(self, workflow_id: str) -> bool:
        """Have an entity look at its parent, and at what it lacks; return whether it is there."""
        ...

    async def see_requirers(self, workflow_id: str, requirers: Requirers) -> bool:
        """Tell that of a Promise which Promises require it; return whether it is there."""
        ...

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End a workflow without any more of its own code; one that is over is passed over."""
        ...
