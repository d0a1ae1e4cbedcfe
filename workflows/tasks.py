"""Run one try of a task to its outcome, whatever becomes of the workers on the way."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType, ActivityHandle

from workflows import policies
from workflows.alarms import Alarms

with workflow.unsafe.imports_passed_through():
    from activities.tasks import StoppedTask, StopTask, TaskActivities
    from runwright.models.tasks import OutcomeReason, Task, TaskKey, TaskOutcome

_T = TypeVar("_T")
_HEEDS_EARLIER: Final = "earlier-claims-count"
"""The mark of runs that heed the answer to a claim which they made again: the first did not."""
_MOST_EARLIER: Final = 3
"""Claims beside the newest: while a backend is away for days there would be ever more."""
_HEEDS_CANCELS: Final = "cancel-wins-over-an-answer"
"""The mark of runs that heed a cancellation which meets an answer: the first recorded did not."""


async def run_task(
    task: Task, alarms: Alarms, *, label: str, grace: Callable[[], timedelta]
) -> TaskOutcome:
    """Return how one try of a task ended.

    When the caller is cancelled the task is stopped within `grace()` before the cancellation goes
    on; but if the task had ended by itself by then, its outcome is returned all the same.
    """
    execution = _Execution(task, alarms, label)
    try:
        return await execution.outcome()
    except asyncio.CancelledError:
        outcome = await unbroken(execution.stop(OutcomeReason.STOPPED, grace()))
        if outcome.reason is OutcomeReason.STOPPED:
            raise
        return outcome


class _Execution:
    """One try: its claims, its start window and its deadline."""

    def __init__(self, task: Task, alarms: Alarms, label: str) -> None:
        self._task = task
        self._alarms = alarms
        self._label = label
        self._claims = 0
        self._earlier: list[ActivityHandle[TaskOutcome]] = []
        """Claims that found nothing in time: whoever took one may have started the task since."""
        self._window = policies.START_WINDOW
        self._make_claim()

    def _make_claim(self) -> None:
        self._claims += 1
        self._claim = _claimed(self._task, self._claims, self._label)
        self._checked = False
        self._deadline = workflow.now() + self._task.timeout
        self._look_at = workflow.now() + self._window
        # A backend that is away for hours must not fill the history with claims.
        self._window = min(self._window * 2, policies.LONGEST_WINDOW)

    async def outcome(self) -> TaskOutcome:
        while (claim := await self._answered_by(self._next_look())) is None:
            if not await self._exists():
                if not self._claim.done():
                    self._put_by()
                    self._make_claim()
                continue
            self._checked = True
            if workflow.now() >= self._deadline:
                return await unbroken(self.stop(OutcomeReason.TIMED_OUT, self._task.grace))
        self._give_up()
        return _result(claim)

    def _put_by(self) -> None:
        """Let the claim wait beside the next one: the end of the task may be told to either."""
        if not workflow.patched(_HEEDS_EARLIER):
            abandon(self._claim)
            return
        self._earlier.append(self._claim)
        while len(self._earlier) > _MOST_EARLIER:
            abandon(self._earlier.pop(0))

    def _answered(self) -> ActivityHandle[TaskOutcome] | None:
        """Return a claim that has its answer; None: none has."""
        return next((one for one in (self._claim, *self._earlier) if one.done()), None)

    def _give_up(self) -> None:
        """Wait for no claim any more."""
        for claim in (self._claim, *self._earlier):
            if not claim.done():
                abandon(claim)

    def _next_look(self) -> datetime:
        """Return when to look whether the task was started at all, or else its deadline."""
        return self._deadline if self._checked else min(self._look_at, self._deadline)

    async def _exists(self) -> bool:
        """Return whether the task was started.

        Awaited as a task of its own: a cancellation must reach whoever waits, not the activity.
        """
        look = _look(self._task.key)
        await self._alarms.wait([look], None)
        try:
            return look.result()
        except ActivityError:
            return True  # who cannot say must not have it started again

    async def _answered_by(self, moment: datetime) -> ActivityHandle[TaskOutcome] | None:
        await self._alarms.wait([self._claim, *self._earlier], moment)
        return self._answered()

    async def stop(self, reason: OutcomeReason, grace: timedelta) -> TaskOutcome:
        """Return how the task ended; where it did not end by itself, with that reason."""
        stopped, claim = await _stopped(self._task.key, grace), self._answered()
        self._give_up()
        if claim is None and not stopped.is_barred:
            stopped = await self._stopped_later(grace)
        ended = _result(claim) if claim else stopped.outcome
        if ended and ended.reason is not OutcomeReason.STOPPED:
            return ended
        told = ended or TaskOutcome(succeeded=False, reason=reason)
        return told.model_copy(update={"reason": reason, "message": _REASONS[reason]})

    async def _stopped_later(self, grace: timedelta) -> StoppedTask:
        """Stop a task again that was not there, and in whose place nothing could be put.

        Until its claims were given up it might start; whoever took one is done by then.
        """
        await self._alarms.wait([], workflow.now() + policies.START_WINDOW)
        stopped = await _stopped(self._task.key, grace)
        if not stopped.is_barred:
            workflow.logger.warning("task %s is not there, and is not barred", self._task.key.name)
        return stopped


_REASONS = {
    OutcomeReason.TIMED_OUT: "stopped at its deadline",
    OutcomeReason.STOPPED: "stopped on request",
}


def _claimed(task: Task, number: int, label: str) -> ActivityHandle[TaskOutcome]:
    return workflow.start_activity_method(
        TaskActivities.run_task,
        task,
        activity_id=f"{task.key.activities}{number}",
        start_to_close_timeout=policies.CLAIM_TIMEOUT,
        heartbeat_timeout=policies.CLAIM_HEARTBEAT,
        retry_policy=policies.TRY_FOR_EVER,
        cancellation_type=ActivityCancellationType.TRY_CANCEL,
        summary=label,
    )


def _look(key: TaskKey) -> ActivityHandle[bool]:
    return workflow.start_activity_method(
        TaskActivities.find_task,
        key,
        start_to_close_timeout=policies.LOOK,
        retry_policy=policies.TRY_FOR_EVER,
        summary=f"was {key.name} started?",
    )


async def _stopped(key: TaskKey, grace: timedelta) -> StoppedTask:
    stopped: StoppedTask = await workflow.execute_activity_method(
        TaskActivities.stop_task,
        StopTask(key=key, grace=grace),
        start_to_close_timeout=grace + policies.STOP_MARGIN,
        heartbeat_timeout=policies.STOP_HEARTBEAT,
        retry_policy=policies.TRY_FOR_EVER,
        summary=f"stop {key.name}",
    )
    return stopped


def abandon(claim: ActivityHandle[Any]) -> None:
    """Cancel an activity whose result nobody wants any more."""
    claim.cancel()
    claim.add_done_callback(_ignored)


def _ignored(claim: asyncio.Task[Any]) -> None:
    with suppress(asyncio.CancelledError):
        claim.exception()


def _result(claim: ActivityHandle[TaskOutcome]) -> TaskOutcome:
    """Return the outcome of a claim that is done; what the backend refuses is an outcome too."""
    try:
        return claim.result()
    except ActivityError as error:
        if isinstance(error.cause, ApplicationError):
            message = error.cause.message
            return TaskOutcome(succeeded=False, reason=OutcomeReason.REFUSED, message=message)
        raise


async def answered(answer: ActivityHandle[_T]) -> _T:
    """Return what an activity answers; that it was cancelled is no failure of its own.

    A cancellation that meets the answer in one activation would be lost: the activity passes it
    over, for it has ended, and whoever waits for it goes on.
    """
    try:
        result = await answer
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise asyncio.CancelledError from error
        raise
    caller = asyncio.current_task()
    if caller is not None and caller.cancelling() and workflow.patched(_HEEDS_CANCELS):
        raise asyncio.CancelledError
    return result


async def unbroken(work: Coroutine[Any, Any, _T]) -> _T:
    """Return the result of work that a cancellation of the caller must not break off.

    A cancellation that comes meanwhile is not lost: it meets the caller at its next wait.
    """
    task = asyncio.ensure_future(work)
    caller = asyncio.current_task()
    was_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            was_cancelled = was_cancelled or not task.done()
    if was_cancelled and caller is not None:
        caller.cancel()
    return task.result()


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when they are over; those that were over stay as they are."""
    pending = [task for task in tasks if not task.done()]
    for task in pending:
        task.cancel()
    if pending:
        await unbroken(_gathered(pending))


async def _gathered(tasks: Sequence[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
