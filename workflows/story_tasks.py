"""The steps of a Story that Engrams do: tasks, tried again as their policies say."""

from contextlib import suppress
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.objects import EnsureObjects, ObjectActivities
from runwright.models.bubustack import Step
from runwright.models.objects import Manifest
from runwright.models.story_run import StartStoryRun, StepProgress
from runwright.models.tasks import Backend, TaskNote, TaskOutcome
from runwright.rules.bubustack import idempotency, progress, retries, verdicts
from runwright.rules.bubustack import tasks as rules
from runwright.rules.bubustack.dag import Interruption
from runwright.rules.bubustack.jobs import Work, access_of, added_access, lacks_account
from runwright.rules.bubustack.status.keys import story_run_key
from workflows import policies
from workflows.policies import CALL_HEARTBEAT, CLUSTER_CALL, TRY_FOR_EVER
from workflows.releasing import FOREGROUND, release
from workflows.story_workers import StoryWorkers
from workflows.tasks import answered, run_task

MOST_AT_ONCE: Final = 1024 * 1024
"""Bytes of input of the tasks that are started in one workflow task."""

_SPREADS_CHECKS: Final = "checks-wait-for-room"
"""The patch of runs that began when outputs were checked whatever else was evaluated."""
_KEEPS_WHAT_HOOKS_NEED: Final = "keeps-what-its-hooks-need"
"""The patch of runs of steps that began when only their deletion kept what their hooks need."""
_MAKES_ACCOUNT_AGAIN: Final = "makes-its-account-again"
"""The patch of runs that began when their ServiceAccount was made once."""


class StoryTasks(StoryWorkers):
    """What a run has done by tasks on its backend."""

    def __init__(self, start: StartStoryRun) -> None:
        super().__init__(start)
        self._without_account: dict[str, None] = {}
        """The names of steps whose tasks could not start for lack of it, in that order."""
        self._granted: tuple[Manifest, ...] = ()
        """What steps needed besides that came later than the run."""

    def _take_note(self, note: TaskNote) -> None:
        super()._take_note(note)
        if lacks_account(self._given, note.diagnosis):
            held = (it for it in self._state.steps.values() if progress.is_tried_as(it, note.key))
            self._without_account.update((step.name, None) for step in held)

    def _lacks_account(self) -> bool:
        steps = [self._state.steps[name] for name in self._without_account]
        return any(step.is_running and lacks_account(self._given, step.diagnosis) for step in steps)

    async def _keep_account(self) -> None:
        """Make the run's ServiceAccount again whenever a task cannot start without it.

        Somebody removed it, or a foreground deletion did: it may be late in doing so, or be asked
        for once more.
        """
        pause = policies.LOOK_AGAIN
        while True:
            await workflow.wait_condition(self._lacks_account)
            if not workflow.patched(_MAKES_ACCOUNT_AGAIN):
                return
            is_deleted = self._cancelled is not None and self._cancelled.run_hooks
            if is_deleted:
                await self._leave_foreground()
            await self._trouble_with_access(is_deleted=is_deleted)
            await self._until(lambda: not self._lacks_account(), workflow.now() + pause)
            pause = min(pause * 2, policies.LONGEST_LOOK_AGAIN)

    async def _trouble_with_access_of_hooks(self) -> Interruption | None:
        """Make what the hooks of a run that is deleted act as; return why that is refused.

        The run of a step hears of its end from the run that it belongs to, before anybody has
        looked at the deletion of its own object: a foreground one would take from the hooks what
        is made for them now.
        """
        is_placed_child = self._start.parent is not None and self._start.has_resource
        if is_placed_child and workflow.patched(_KEEPS_WHAT_HOOKS_NEED):
            await self._leave_foreground()
        return await self._trouble_with_access(is_deleted=True)

    async def _leave_foreground(self) -> None:
        """Have the cluster take nothing that the run owns before the run."""
        with suppress(ActivityError):  # then what is made next will be refused, too
            await release(story_run_key(self._start), FOREGROUND)

    async def _trouble_with_access(self, *, is_deleted: bool = False) -> Interruption | None:
        """Make what the tasks of a run in a cluster act as; return why that is refused.

        What is there stays as it is. A StoryRun that is gone has no tasks; nor has one that is
        being deleted, unless that `is_deleted` is known.
        """
        if self._start.backend is not Backend.KUBERNETES:
            return None
        access = *access_of(self._given), *self._granted
        why = await self._why_refused(
            access, "make the run's ServiceAccount", is_deleted=is_deleted
        )
        return None if why is None else verdicts.without_access(why)

    async def _trouble_with_rights(self, work: Work) -> str | None:
        """Give the tasks of the run what a step needs that came later; return why that is refused.

        The hooks of a run that is deleted need it, too.
        """
        objects = added_access(self._given, work)
        if not objects:
            return None
        is_deleted = self._cancelled is not None and self._cancelled.run_hooks
        why = await self._why_refused(
            objects, f"grant {work.step.name} its rights", is_deleted=is_deleted
        )
        if why is None:
            self._granted += tuple(one for one in objects if one not in self._granted)
            return None
        return verdicts.without_rights(work.template.metadata.name, why)

    async def _why_refused(
        self, objects: tuple[Manifest, ...], label: str, *, is_deleted: bool
    ) -> str | None:
        """Make objects of this run; return why the cluster will not have them."""
        wanted = EnsureObjects(
            objects=objects, owner=story_run_key(self._start), is_deleted=is_deleted
        )
        try:
            await answered(
                workflow.start_activity_method(
                    ObjectActivities.ensure_objects,
                    wanted,
                    start_to_close_timeout=CLUSTER_CALL,
                    heartbeat_timeout=CALL_HEARTBEAT,
                    retry_policy=TRY_FOR_EVER,
                    summary=label,
                )
            )
        except ActivityError as error:
            return str(error.cause or error)
        return None

    async def _run_engram(self, step: Step) -> StepProgress:
        """Return the step as its task leaves it once it succeeded or its retries are used up."""
        worker = rules.worker_of(self._start, step)
        policy = retries.retries_of(self._start, step)
        await self._give_key(step)
        outcome = await self._try(step, worker, policy, 1)
        while self._may_retry(step, policy, outcome):
            await self._retry_is_due(step, policy, outcome)
            outcome = await self._try(step, worker, policy, self._step(step).tries + 1)
        return progress.task_ended(self._step(step), outcome, workflow.now())

    async def _give_key(self, step: Step) -> None:
        """Keep the key of a step before its first try, whose start shows it."""
        async with self._effort:
            key = idempotency.key_of(self._start, step, self._scope(step), workflow.now())
        self._state = progress.with_step(self._state, progress.keyed(self._step(step), key))

    def _may_retry(self, step: Step, policy: retries.Retries, outcome: TaskOutcome) -> bool:
        if self._interruption is not None:
            return False
        return retries.may_retry(policy, retries.classify(outcome), self._step(step).tries - 1)

    async def _try(
        self, step: Step, worker: rules.Worker, policy: retries.Retries, number: int
    ) -> TaskOutcome:
        await workflow.wait_condition(lambda: self._paused is None)
        info = workflow.info()
        attempt = rules.TryOf(
            step, number, workflow.now(), info.workflow_id, info.first_execution_run_id
        )
        async with self._effort:
            task = rules.task_of(self._start, attempt, worker, self._state.steps)
        await self._room_for(rules.size_of_message(task))
        self._set(progress.trying(self._step(step), number, policy, task.key.name))
        label = step.name if number == 1 else f"{step.name}, try {number}"
        outcome = await run_task(task, self._alarms, label=label, grace=self._stop_grace)
        if not self._effort.has_room() and workflow.patched(_SPREADS_CHECKS):
            await self._effort.room_in_any_case()
        with self._effort.counted():
            outcome = progress.checked(worker.template, outcome)
        return self._bounded(step, outcome)

    async def _room_for(self, size: int) -> None:
        """Wait until a task of that size can be sent: Temporal takes 4 MB in one message.

        What is scheduled in one workflow task travels in one message, and the length of the
        history tells one workflow task from the next.
        """
        while True:
            length = workflow.info().get_current_history_length()
            if length != self._sent_at:
                self._sent_at, self._sent = length, 0
            if self._sent == 0 or self._sent + size <= MOST_AT_ONCE:
                break
            await workflow.sleep(0.001, summary="message is full")
        self._sent += size

    async def _retry_is_due(
        self, step: Step, policy: retries.Retries, outcome: TaskOutcome
    ) -> None:
        made = self._step(step).tries
        delay = retries.retry_delay(policy, made, workflow.random().uniform)
        self._set(progress.retry_scheduled(self._step(step), outcome, delay, workflow.now()))
        scheduled = self._revision
        await workflow.sleep(delay, summary=f"retry {step.name}")
        if self._start.has_resource:
            # Written late, that it waits would overwrite what the next try says of itself.
            await workflow.wait_condition(lambda: self._shown_up_to >= scheduled)
