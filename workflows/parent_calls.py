"""What an entity asks of its cluster, and what it shows there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.objects import ObjectActivities, RemoveTasks
from activities.parents import ParentActivities, ReleaseParent, RemoveOf
from activities.pipelines import PipelineActivities, TidyPipelines
from runwright.models.kratix import (
    MarkParent,
    Plan,
    PlanFor,
    StartParent,
    WorkflowAction,
)
from runwright.models.kratix.keys import ON
from runwright.models.objects import EventType, ObjectEvent, StatusUpdate
from runwright.rules.kratix.approvals import problems_of
from runwright.rules.kratix.display import Display, display_update
from runwright.rules.kratix.parents import object_key
from runwright.rules.kratix.updates import Shown
from runwright.rules.wording import listed
from workflows.asking import asked
from workflows.mirroring import Mirror
from workflows.parent_state import KnownParent
from workflows.policies import CALL_HEARTBEAT, STOP_MARGIN, TRY_FOR_EVER

STALE: Final = timedelta(minutes=5)
"""A plan that is older than that is read anew before it is used."""
_MOST_REMOVING: Final = timedelta(minutes=10)


class ParentCalls(KnownParent):
    """The calls of an entity, each of which says by its answer how the parent is then."""

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._plan: Plan | None = None
        self._why = ""
        """Why there is none, or it cannot be used."""
        self._planned_at = workflow.now()
        self._mirror = Mirror[Display](self._update, at_once=True)
        if start.carried.was_shown:
            self._mirror.assume(Display(start.state))

    def _update(self, before: Display | None, now: Display) -> StatusUpdate:
        """Return what is to be written, on the parent as it is known now: in its version, too."""
        shown = Shown(self._parent, self._start.compat, self._start.state)
        return display_update(shown, before, now)

    async def _look_at_parent(self) -> None:
        """See the parent itself, where somebody says that it may be gone."""
        self._is_to_be_seen, before = False, self._seen
        found = await asked(ParentActivities.see_parent, self._parent, summary="see the parent")
        self._note_answer(found.seen, before)

    async def _planned(self, action: WorkflowAction) -> Plan | str:
        """Return what the workflow of an action executes, or why that cannot be said.

        Raises:
            ActivityError: the worker lacks a right that it needs.
        """
        plan = self._plan
        if plan is None or self._is_outdated(plan, action):
            try:
                plan = await self._read_plan(action)
            except ActivityError as error:
                return await self._unplanned(error)
        self._plan = plan
        return "; ".join(problems_of(plan)) or plan

    def _is_outdated(self, plan: Plan, action: WorkflowAction) -> bool:
        is_other = (plan.action, plan.seen.sight.hash) != (action, self._seen.sight.hash)
        return is_other or workflow.now() - self._planned_at > STALE

    async def _read_plan(self, action: WorkflowAction) -> Plan:
        before = self._seen
        plan = await asked(
            ParentActivities.plan_workflow,
            PlanFor(parent=self._parent, action=action),
            summary=f"plan the {action} workflow",
        )
        self._planned_at = workflow.now()
        self._parent = plan.parent
        self._note_answer(plan.seen, before)
        return plan

    async def _unplanned(self, error: ActivityError) -> str:
        """Return why there is no plan; that the parent itself is gone is found out on the way."""
        self._plan = None
        if not isinstance(error.cause, ApplicationError):
            raise error
        await self._look_at_parent()
        return error.cause.message

    async def _mark(self, adds: Sequence[str] = (), removes: Sequence[str] = ()) -> None:
        """Set and take labels of the parent, where it has them not or has them."""
        there = {key for key, value in self._seen.sight.labels.items() if value == ON}
        wanted = MarkParent(
            parent=self._parent,
            adds=tuple(label for label in adds if label not in there),
            removes=tuple(label for label in removes if label in self._seen.sight.labels),
        )
        if wanted.adds or wanted.removes:
            before = self._seen
            marked = await asked(
                ParentActivities.mark_parent,
                wanted,
                summary=listed(
                    [
                        *(f"+{label}" for label in wanted.adds),
                        *(f"-{label}" for label in wanted.removes),
                    ]
                ),
            )
            self._note_answer(marked.seen, before)

    async def _heed_wishes(self) -> None:
        """Write the labels that messages asked for, then heed how the parent is."""
        while self._wishes and not self._is_gone:
            wishes, self._wishes = self._wishes, {}
            await self._mark(
                adds=[label for label, wanted in wishes.items() if wanted],
                removes=[label for label, wanted in wishes.items() if not wanted],
            )
        self._note_pause()

    async def _tidy(self, *, works: bool) -> None:
        """Have what is not to be kept of runs that are over removed."""
        if self._plan is not None:
            await asked(
                PipelineActivities.tidy_pipelines,
                TidyPipelines(plan=self._plan, works=works),
                summary="tidy",
            )

    async def _removed(self, finalizer: str) -> Sequence[str]:
        """Have removed what a finalizer stands for; return what of it is left after some time."""
        return await workflow.execute_activity_method(
            ParentActivities.remove_of_parent,
            RemoveOf(parent=self._parent, finalizer=finalizer, within=_MOST_REMOVING),
            start_to_close_timeout=_MOST_REMOVING + STOP_MARGIN,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary=f"remove for {finalizer}",
        )

    async def _tasks_left_of(self, run: str, namespace: str) -> Sequence[str]:
        """Have the Jobs of a run removed; return what of them is left after some time."""
        return await workflow.execute_activity_method(
            ObjectActivities.remove_tasks,
            RemoveTasks(workflow_id=run, namespace=namespace, within=_MOST_REMOVING),
            start_to_close_timeout=_MOST_REMOVING + STOP_MARGIN,
            heartbeat_timeout=CALL_HEARTBEAT,
            retry_policy=TRY_FOR_EVER,
            summary="end what a run left",
        )

    async def _release(self, finalizer: str) -> None:
        before = self._seen
        released = await asked(
            ParentActivities.release_parent,
            ReleaseParent(parent=self._parent, finalizer=finalizer),
            summary=f"take {finalizer}",
        )
        self._note_answer(released.seen, before)

    async def _show(self) -> None:
        """Show the state as it is now in the cluster."""
        said = {"message": self._said} if self._is_said_in_status else {}
        state = self._state.model_copy(update=said)
        display = Display(state, self._installed, self._requirers, self._unplanned_for)
        await self._mirror.show(display)

    async def _tell(self, reason: str, message: str, type_: EventType = EventType.NORMAL) -> None:
        """Tell an Event; one that the cluster refuses stays untold."""
        event = ObjectEvent(
            object=object_key(self._parent), type=type_, reason=reason, message=message
        )
        try:
            await asked(ObjectActivities.show_status, StatusUpdate(events=(event,)), summary=reason)
        except ActivityError as error:
            workflow.logger.info("event refused: %s", error.cause or error)
