"""One Promise, or one request for one: look at it, and talk to what looks after it."""

import re
from datetime import timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus

from runwright.client.addresses import PROMISE_KIND, REQUEST_KIND, ParentAddress
from runwright.client.executions import Execution
from runwright.client.listing import newest_entity
from runwright.client.messages import Messages, T
from runwright.client.views import Trouble, troubles_of
from runwright.errors import NotFoundError
from runwright.models.base import Message
from runwright.models.history import History
from runwright.models.kratix import (
    AskedAgain,
    CurrentRun,
    ParentReport,
    PipelinesState,
    RunAgain,
)
from runwright.models.runs import Cancelled, CancelRun
from runwright.models.tasks import Diagnosis
from runwright.rules.kratix import reports

_NAME: Final = re.compile(r"[A-Za-z0-9.-]+")
"""What may be asked for by its name; anything else is the name of nothing."""


class ParentView(Message):
    """All that is known of a parent, and what goes wrong with it for now."""

    report: ParentReport
    """With the progress of the run that is under way."""
    diagnosis: Diagnosis | None = None
    """Why the pipeline that runs does not get on."""
    troubles: tuple[Trouble, ...] = ()
    is_looked_after: bool = True
    """Whether anything is still done for it: not once it is gone, or somebody ended that."""

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is done for it for now, and nobody is waited for."""
        return not self.is_looked_after or reports.is_at_rest(self.report)


class ParentEntity(Messages):
    """What looks after one parent. Every method raises NotFoundError when nothing does.

    A method that needs Temporal raises TemporalUnavailableError when it is away.
    """

    def __init__(self, client: Client, cluster: str, address: ParentAddress) -> None:
        self.address = address
        self._client = client
        self._cluster = cluster
        self._workflow_id = ""

    async def report(self) -> ParentReport:
        """Return all that is known of the parent.

        Raises:
            NoWorkerError: no worker answers.
        """
        return (await self.view()).report

    async def view(self) -> ParentView:
        """Return all that is known of the parent, and what goes wrong with it for now.

        Raises:
            NoWorkerError: no worker answers.
        """
        execution = await self._execution()
        report, description = await execution.asked("state", ParentReport)
        view = ParentView(
            report=report,
            troubles=troubles_of(description),
            is_looked_after=description.status is WorkflowExecutionStatus.RUNNING,
        )
        return await self._with_run(view, report.run) if report.run else view

    async def _with_run(self, view: ParentView, run: CurrentRun) -> ParentView:
        """Return the view with what the run says of itself; one that is over says no more."""
        execution = Execution(self._client, run.workflow_id, f"run {run.number} of {self.address}")
        try:
            now, description = await execution.asked("state", PipelinesState)
        except NotFoundError:
            return view
        if now.ending is not None:
            return view
        report = view.report.model_copy(update={"state": now.state})
        troubles = (*view.troubles, *troubles_of(description))
        changed = {"report": report, "diagnosis": now.diagnosis, "troubles": troubles}
        return view.model_copy(update=changed)

    async def history(self) -> History:
        """Return what happened to the parent: each change, when, why, by whom."""
        return (await self.report()).history

    async def run_again(self, request: RunAgain) -> AskedAgain | None:
        """Run pipelines again; None when no worker answered and the wish waits in Temporal.

        Raises:
            RefusedError: it cannot be; the message says why.
        """
        return await self._told("run_again", request, AskedAgain)

    async def cancel(
        self, *, by: str = "", reason: str = "", grace: timedelta | None = None
    ) -> Cancelled | None:
        """Stop the pipeline that runs; None when no worker answered, as in `decide`."""
        request = CancelRun(by=by, reason=reason, grace=grace)
        return await self._told("cancel", request, Cancelled)

    async def _told(self, name: str, message: Message, answer: type[T]) -> T | None:
        execution = await self._execution()
        return await execution.tell(name, message, answer)

    async def _execution(self) -> Execution:
        if not self._workflow_id:
            self._workflow_id = await self._newest()
        return Execution(self._client, self._workflow_id, str(self.address))

    async def _newest(self) -> str:
        """Return the id of what looks after the newest parent of that name."""
        address = self.address
        parts = filter(None, (address.name, address.namespace, address.promise, address.kind))
        if not all(map(_NAME.fullmatch, parts)):
            raise _nobody(address, self._cluster)
        said = {"Namespace": address.namespace, "Name": address.name}
        if not address.is_promise:
            said |= {"Template": address.promise, "Kind": address.kind}
        type_ = PROMISE_KIND if address.is_promise else REQUEST_KIND
        found = await newest_entity(self._client, self._cluster, type_, said)
        if found is None:
            raise _nobody(address, self._cluster)
        return found


def _nobody(address: ParentAddress, cluster: str) -> NotFoundError:
    return NotFoundError(f"there is no {address} that is looked after in cluster {cluster}")
