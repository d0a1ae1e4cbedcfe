"""One run: look at it, wait for it, talk to it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from temporalio.client import Client

from runwright.client.executions import ATTEMPTS, Execution
from runwright.client.listing import newest_uid
from runwright.client.messages import Messages, T
from runwright.client.objects import RunObjects
from runwright.client.views import View
from runwright.errors import NotFoundError, RefusedError
from runwright.models.base import Message
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.history import History
from runwright.models.runs import Cancelled, CancelRun
from runwright.models.story_run import StartStoryRun, StoryRunState, workflow_id
from runwright.rules.bubustack.resumption import begun_anew, resumed
from runwright.rules.bubustack.unstarted import unstarted_state

_LOOK_EVERY: Final = timedelta(milliseconds=500)
_NAME: Final = re.compile(r"[a-z0-9.-]+")
"""What may be asked for by its name; anything else is the name of nothing."""


class Home(NamedTuple):
    """Where a run lives."""

    client: Client
    cluster: str
    """The name of the cluster, by which Temporal lists its runs."""
    objects: RunObjects | None
    """None: runs are no objects of any cluster."""
    execute: Callable[[StartStoryRun], Awaitable["Run"]]
    """Starts another execution of a run that is over."""


class Run(Messages):
    """One run. A method that needs Temporal raises TemporalUnavailableError when it is away.

    In a cluster it may raise ClusterUnavailableError too. Every method raises NotFoundError when
    there is no such run.
    """

    def __init__(self, home: Home, namespace: str, name: str, uid: str) -> None:
        self.namespace = namespace
        self.name = name
        self.workflow_id = workflow_id(namespace, name, uid) if uid else ""
        """Empty until the run was looked for, where only its cluster knows which one it is."""
        self._home = home

    async def state(self) -> StoryRunState:
        """Return everything that is known of the run; of one that is over without a worker too.

        Raises:
            NoWorkerError: the run is open, or was cancelled, and no worker answers.
        """
        return (await self.view()).state

    async def view(self) -> View:
        """Return the run's state, and what goes wrong with it for now.

        In a cluster a run may wait for what is not there: it has not started then.

        Raises:
            NoWorkerError: as in `state`.
        """
        execution = await self._execution()
        try:
            return await execution.view()
        except NotFoundError as error:
            state = _unstarted(await self._object(error))
        if not state.has_started:
            return View(state=state)
        try:  # it may have been started between the two questions
            return await execution.view()
        except NotFoundError:
            return View(state=state)

    async def history(self) -> History:
        """Return what happened to the run, in all its executions: each change, when, why, by whom.

        Of one that has not started it is what its object knows.

        Raises:
            NoWorkerError: as in `state`.
        """
        return (await self.state()).history

    async def wait(self) -> StoryRunState:
        """Return the run's state once it is over, however it ended.

        Raises:
            RefusedError: Temporal has lost the run, and nobody knows how it goes on.
        """
        execution = await self._execution()
        had_started = False
        while True:
            try:
                await execution.ended()
                return await self.state()
            except NotFoundError as error:
                state = _unstarted(await self._object(error))
            if state.finished_at:
                return state
            if had_started:
                message = f"wait for run {self._shown}: {state.message}"
                raise RefusedError(message)
            # One that has just been started was not there yet when Temporal was asked.
            had_started = state.has_started
            await asyncio.sleep(_LOOK_EVERY.total_seconds())

    async def cancel(
        self, *, by: str = "", reason: str = "", grace: timedelta | None = None
    ) -> Cancelled | None:
        """Stop what runs and close the run; None when no worker answered, as in `decide`.

        One that has not started never does: its object is asked to be cancelled.
        """
        execution = await self._execution()
        request = CancelRun(by=by, reason=reason, grace=grace)
        try:
            return await execution.tell("cancel", request, Cancelled)
        except NotFoundError as error:
            found = await self._object(error)
        state = _unstarted(found)
        if self._home.objects is None or state.has_started or state.finished_at:
            message = f"cancel run {self._shown}: {_why_deaf(state)}"
            raise RefusedError(message)
        await self._home.objects.request_cancel(found)
        return Cancelled(by=by, at=datetime.now(UTC), reason=reason, grace=timedelta(0))

    async def retry(
        self,
        *,
        step: str = "",
        everything: bool = False,
        inputs: Mapping[str, Any] | None = None,
        by: str = "",
    ) -> "Run":
        """Execute the run again from what failed, or from `step`; what succeeded is kept.

        Nothing is, if `everything` is to be done again. In a cluster the annotations of a StoryRun
        that ask for a redrive do the same as `everything` and `step`, and end an open run first.

        Raises:
            RefusedError: the run is not over, its object is gone, or it succeeded and nothing says
                what to repeat.
            NotFoundError: the Story has no such step.
            InvalidManifestError: changed inputs do not fit the Story's schema.
        """
        state = await self.state()
        is_said = everything or bool(step)
        if why_not := _why_not_again(state, is_said=is_said) or await self._why_nowhere():
            message = f"retry run {self._shown}: {why_not}"
            raise RefusedError(message)
        start = await self.started_with()
        if everything:
            again = begun_anew(start, inputs=inputs, by=by, history=state.history)
            return await self._home.execute(again)
        return await self._home.execute(resumed(start, state, step=step, inputs=inputs, by=by))

    async def started_with(self) -> StartStoryRun:
        """Return what the latest execution was started with."""
        execution = await self._execution()
        return await execution.started_with()

    async def _told(self, name: str, message: Message, answer: type[T]) -> T | None:
        execution = await self._execution()
        try:
            return await execution.tell(name, message, answer)
        except NotFoundError as error:
            why = _why_deaf(_unstarted(await self._object(error)))
            refusal = f"{ATTEMPTS.get(name, name)} run {self._shown}: {why}"
            raise RefusedError(refusal) from error

    async def _execution(self) -> Execution:
        if not self.workflow_id:
            self.workflow_id = workflow_id(self.namespace, self.name, await self._uid())
        return Execution(self._home.client, self.workflow_id, f"run {self._shown}")

    async def _uid(self) -> str:
        """Return which run of that name is meant: the one that is there, else the newest."""
        if not (_NAME.fullmatch(self.namespace) and _NAME.fullmatch(self.name)):
            message = f"there is no run {self._shown}"
            raise NotFoundError(message)
        if (found := await self._find()) is not None:
            return found.metadata.uid
        client, cluster = self._home.client, self._home.cluster
        return await newest_uid(client, cluster, self.namespace, self.name)

    async def _find(self) -> StoryRun | None:
        objects = self._home.objects
        return await objects.find(self.namespace, self.name) if objects else None

    async def _object(self, absence: NotFoundError) -> StoryRun:
        """Return the object of this very run, of which Temporal says that it is absent.

        Raises:
            NotFoundError: there is none either.
        """
        found = await self._find()
        if found is None or not self._is_of(found):
            raise absence
        return found

    async def _why_nowhere(self) -> str:
        """Return why the run cannot go on: nothing would show it any more."""
        if self._home.objects is None:
            return ""
        found = await self._find()
        if found is None or not self._is_of(found):
            return "its StoryRun is gone; start it anew"
        if found.spec.cancel_requested:
            return "its StoryRun asks to be cancelled, and that is not taken back; start it anew"
        return "its StoryRun is being deleted" if found.metadata.deletion_timestamp else ""

    def _is_of(self, found: StoryRun) -> bool:
        return self.workflow_id.endswith(f"/{found.metadata.uid}")

    @property
    def _shown(self) -> str:
        return f"{self.namespace}/{self.name}"


def _unstarted(found: StoryRun) -> StoryRunState:
    return unstarted_state(found, datetime.now(UTC))


def _why_deaf(state: StoryRunState) -> str:
    """Return why a run without a workflow can be told nothing."""
    if state.finished_at:
        return "it is over"
    if state.has_started:
        return state.message
    why = f" ({state.message})" if state.message else ""
    return f"it has not started yet{why}; say so again when it has, or cancel it"


def _why_not_again(state: StoryRunState, *, is_said: bool) -> str:
    """Return why a run cannot be executed again; empty if it can.

    `is_said`: what is to be repeated, whatever became of it.
    """
    if state.finished_at is None:
        return "it is not over"
    if not state.has_started:
        return "it never started; start it anew"
    if state.phase is Phase.SUCCEEDED and not is_said:
        return "it succeeded; --from STEP repeats a step and what depends on it, --all everything"
    return ""
