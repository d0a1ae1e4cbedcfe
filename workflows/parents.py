"""What Promises and requests for them share: to be looked after until they are gone."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.parents import Configuring
from activities.pipelines import PipelineActivities
from runwright.models.kratix import (
    ConditionType,
    ParentGone,
    ParentState,
    Plan,
    Reason,
    Seen,
    Standing,
    StartParent,
    Trigger,
    WorkflowAction,
)
from runwright.models.kratix.keys import DELETE_WORKFLOWS, PAUSED, WORKFLOW_SUSPENDED
from runwright.models.runs import Paused
from runwright.rules.kratix.conditions import PROMISE_CAN_FULFIL, PROMISE_CANNOT_FULFIL
from runwright.rules.kratix.deletion import (
    Deletion,
    next_deletion_move,
    next_step,
    retried,
    said_of_wait,
)
from runwright.rules.kratix.progress import (
    PENDING,
    fitted,
    held,
    no_longer_held,
    settled,
    suspension_seen,
    with_condition,
)
from runwright.rules.kratix.triggers import Case, Decision, Hold, Move, is_barred, next_move
from runwright.rules.wording import listed
from workflows.asking import asked
from workflows.parent_gates import ParentGates
from workflows.releasing import FOREGROUND

SLOW: Final = timedelta(seconds=60)
"""After which it is looked again whether what could not be read can be."""
_QUICK: Final = timedelta(seconds=15)
"""After which it is looked again whether somebody else's Job has ended."""
_LEAVES_FOREGROUND: Final = "leaves-the-foreground"
"""The patch of entities that began when a deletion in the foreground took their delete Job."""
_STANDINGS: Final = {
    Hold.PAUSED: Standing.PAUSED,
    Hold.SUSPENDED: Standing.SUSPENDED,
    Hold.FAILED: Standing.FAILED,
}


class ParentWorkflow(ParentGates):
    """The parts of an entity's life, which the `run` of an entity strings together."""

    steps: ClassVar[tuple[str, ...]]
    """The finalizers of such a parent, in the order in which what they stand for is done."""
    is_promise: ClassVar[bool]

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._decided_at, self._decided_on = self._revision, self._seen
        self._awaited: Configuring = ()
        """Whose runs have to end before the delete pipeline runs."""

    async def _decided(self) -> Decision:
        """Return what is to be done for the parent as it is now.

        Source: Kratix, reconcile order.
        """
        self._unplanned_for = ""
        if self._is_to_be_seen:
            await self._look_at_parent()
        await self._heed_wishes()
        if self._seen.is_deleted:
            return await self._decided_deletion()
        if is_barred(self._seen.sight):
            return next_move(self._case(None))
        plan = await self._planned(WorkflowAction.CONFIGURE)
        if isinstance(plan, str):
            return self._unreadable(plan)
        self._fit(plan)
        return await self._by_people(plan, next_move(self._case(plan)))

    async def _decided_deletion(self) -> Decision:
        """Return what is to be done for a parent that is to go.

        Source: Kratix, resource deletion and Promise deletion. A parent that is paused cannot go.
        """
        if is_paused(self._seen):
            return Decision(Move.HOLD, hold=Hold.PAUSED)
        await self._leave_foreground()
        step = next_step(self.steps, self._seen.finalizers) or ""
        if step != DELETE_WORKFLOWS:
            return Decision(Move.RELEASE, finalizer=step)
        plan = await self._planned(WorkflowAction.DELETE)
        if isinstance(plan, str):
            return self._unreadable(plan)
        self._fit(plan)
        self._awaited = await self._others_run() if plan.pipelines else ()
        self._note_decided()
        decision = next_deletion_move(
            Deletion(
                sight=self._seen.sight,
                state=self._state,
                configuring=bool(self._awaited),
                deleting=False,
                now=workflow.now(),
            )
        )
        if decision.move is Move.WAIT:
            return decision._replace(at=workflow.now() + _QUICK)
        if decision.move is Move.REST:
            return Decision(Move.RELEASE, finalizer=step)
        return await self._by_people(plan, self._tried_again(decision))

    async def _leave_foreground(self) -> None:
        """Have the cluster take no Job of the parent before the parent.

        Else it takes that of the delete pipeline, too, if it is there when the cluster sees what
        is to go first, or if what is to go first is a Promise's.
        """
        has_both = {FOREGROUND, DELETE_WORKFLOWS} <= set(self._seen.finalizers)
        if has_both and workflow.patched(_LEAVES_FOREGROUND):
            await self._release(FOREGROUND)

    def _note_decided(self) -> None:
        """Keep what is decided on: the parent may be another before that is done."""
        self._decided_at, self._decided_on = self._revision, self._seen

    def _case(self, plan: Plan | None) -> Case:
        self._note_decided()
        return Case(
            sight=self._seen.sight,
            state=self._state,
            running=False,
            now=workflow.now(),
            policy=self._policy(plan),
            is_promise=self.is_promise,
        )

    def _unreadable(self, why: str) -> Decision:
        self._why = self._unplanned_for = why
        return Decision(Move.HOLD, hold=Hold.UNPLANNED, at=workflow.now() + SLOW)

    def _fit(self, plan: Plan) -> None:
        """Keep the state of the workflow that is planned, with the label that was seen."""
        self._state = fitted(self._state, plan.action, plan.names)
        if self._seen.sight.is_on(WORKFLOW_SUSPENDED):
            self._state = suspension_seen(self._state)
        if self._state.condition(ConditionType.PROMISE_AVAILABLE) is not None:
            self._state = with_condition(self._state, workflow.now(), PROMISE_CAN_FULFIL)

    def _tried_again(self, decision: Decision) -> Decision:
        """Return a decision about a delete pipeline that failed, with the tries that it has."""
        if decision.hold is not Hold.FAILED or self._delete_tries >= self._start.delete_retries:
            return decision
        at = retried(self._state, self._start.delete_retry_delay, workflow.now())
        if at > workflow.now():
            return decision._replace(at=at)
        return Decision(Move.START, Trigger.RETRIED, anew=True)

    async def _others_run(self) -> Configuring:
        """Return whose runs have to end before the delete pipeline runs."""
        return ()

    async def _start_run(self, decision: Decision) -> datetime | None:
        """Run pipelines, once it is the parent's turn; return when to ask for it again."""
        if self._plan is None or not await self._has_turn(decision):
            return self._asks_again_at()
        if not self._is_still_so(self._plan):
            return workflow.now()
        if decision.trigger is Trigger.UNPAUSED:
            self._state = held(self._state, Reason.UNPAUSED, workflow.now())
        if decision.trigger is Trigger.RETRIED:
            self._delete_tries += 1
        await self._run(self._plan, decision)
        await self._give_turn_back(ran=True)
        return workflow.now()

    def _is_still_so(self, plan: Plan) -> bool:
        """Return whether nothing changed since a run was decided, or its pipelines were read."""
        is_read = plan.seen.sight.hash == self._seen.sight.hash
        return is_read and self._revision == self._decided_at

    def _asks_again_at(self) -> datetime | None:
        return None

    async def _has_turn(self, decision: Decision) -> bool:  # noqa: ARG002 - for those who must ask
        """Return whether a run may start now; what has to be asked for is."""
        return True

    async def _give_turn_back(self, *, ran: bool = False) -> None:
        """Let the next one run."""

    async def _hold(self, decision: Decision) -> None:
        """Show why nothing may start."""
        await self._give_turn_back()
        if decision.adds:
            await self._mark(adds=decision.adds)
            # The label was there, though somebody may have taken it away before we hear of it.
            self._state = suspension_seen(self._state)
        now, hold = workflow.now(), decision.hold
        match hold:
            case Hold.PAUSED:
                self._state = held(self._state, Reason.PAUSED_RECONCILIATION, now)
            case Hold.SUSPENDED:
                self._state = held(self._state, Reason.WORKFLOW_SUSPENDED, now)
            case Hold.UNAVAILABLE:
                self._state = self._unavailable(now)
            case Hold.FAILED if self._is_untidy:
                await self._tidy(works=False)
                self._is_untidy = False
            case _:
                pass
        standing = _STANDINGS.get(hold, Standing.WAITING) if hold else Standing.WAITING
        stays = hold is Hold.PAUSED and self._seen.is_deleted
        in_status = hold in {None, Hold.UNPLANNED} or stays or self._is_held_from_going(hold)
        self._stand(standing, self._reason_of(decision), in_status=in_status)

    def _is_held_from_going(self, hold: Hold | None) -> bool:
        """Return whether a person's label alone keeps the parent from being deleted."""
        own = self._state.workflow.suspended is not None
        return hold is Hold.SUSPENDED and self._seen.is_deleted and not own

    def _unavailable(self, now: datetime) -> ParentState:
        """Return the state of a request whose Promise cannot fulfil it."""
        state = self._state.model_copy(update={"message": PENDING})
        reconciled = state.condition(ConditionType.RECONCILED)
        if reconciled is not None and reconciled.reason == Reason.PAUSED_RECONCILIATION:
            state = held(state, Reason.UNPAUSED, now)
        return with_condition(state, now, PROMISE_CANNOT_FULFIL)

    def _reason_of(self, decision: Decision) -> str:
        """Return why nothing may start, as a person reads it."""
        match decision.hold:
            case Hold.UNPLANNED:
                return self._why
            case Hold.PAUSED:
                return said_of_pause(self._seen, self._paused)
            case None if decision.move is Move.WAIT:
                return said_of_wait(self._awaited if isinstance(self._awaited, tuple) else ())
            case None:
                return self._why
            case Hold.SUSPENDED if self._is_held_from_going(decision.hold):
                return SUSPENDED_DELETION
            case hold:
                return REASONS[hold]

    async def _settle(self, decision: Decision) -> None:
        """Show what became of the Works of a workflow that is over, and tidy.

        Source: Kratix, reconcile order; cleanup of Jobs and Works.
        """
        await self._give_turn_back()
        if self._is_untidy:
            await self._tidy(works=True)
            self._is_untidy = False
        self._state = no_longer_held(self._state)
        generation = self._decided_on.sight.generation
        if self._works_changed or self._state.observed_generation != generation:
            self._works_changed = False
            await self._look_at_its_works(generation)
        self._stand(*self._rests_at(decision))

    def _rests_at(self, decision: Decision) -> tuple[Standing, str]:
        """Return what a parent is at for which everything is done, and what comes next."""
        later = f"Runs again at {decision.at:%Y-%m-%d %H:%M:%S} UTC" if decision.at else ""
        return Standing.READY, later

    async def _look_at_its_works(self, generation: int) -> None:
        found = await asked(PipelineActivities.find_works, self._parent, summary="find works")
        state = self._state
        if self._plan is not None and state.configure.pipelines:
            state = state.model_copy(update={"promise_version": self._plan.promise_version})
        self._state = settled(state, generation, found.works, workflow.now())

    async def _let_go(self, decision: Decision) -> datetime | None:
        """Do what a finalizer stands for, and take it; return when to go on.

        Source: Kratix, resource deletion and Promise deletion.
        """
        await self._give_turn_back()
        step = decision.finalizer
        if not step:
            self._is_gone = True
            return None
        self._stand(Standing.DELETING, f"Does what finalizer {step} stands for")
        if step != DELETE_WORKFLOWS and (left := await self._removed(step)):
            said = f"Waits until these are gone: {listed(left)}"
            self._stand(Standing.DELETING, said, in_status=True)
            return workflow.now() + _QUICK
        await self._release(step)
        return workflow.now()

    async def _live(self, act: Callable[[Decision], Awaitable[datetime | None]]) -> ParentGone:
        """Decide and act anew whenever something changed, until the parent is gone."""
        beside = [asyncio.create_task(one) for one in self._kept_up()]
        while not self._is_gone:
            looked = self._revision
            until = await self._done(act)
            await self._show()
            if not self._is_gone:
                await self._until_changed(looked, until)
                await self._renew_if_suggested()
        return await self._end_of(beside)

    async def _done(self, act: Callable[[Decision], Awaitable[datetime | None]]) -> datetime | None:
        """Do what is to be done now; return when to go on though nothing changed.

        What the cluster refuses for good is shown, and tried again after a while: an entity that
        failed would look after nothing any more.
        """
        try:
            return await act(await self._decided())
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._is_to_be_seen = self._works_changed = True
            self._stand(Standing.WAITING, f"{error.cause or error}", in_status=True)
            return workflow.now() + SLOW

    def _kept_up(self) -> Sequence[Coroutine[Any, Any, None]]:
        """Return what goes on beside everything else."""
        return [self._keep_presented()]

    async def _end_of(self, beside: Iterable[asyncio.Task[None]]) -> ParentGone:
        """Return how the entity ends."""
        self._is_over = True
        await self._give_turn_back()
        self._close_gates()
        self._stand(Standing.GONE)
        for one in beside:
            one.cancel()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ParentGone(runs=self._activation, past=self._past)

    async def _renew_if_suggested(self) -> None:
        """Go on in another execution where the history of this one has grown long."""
        if not self._is_long() or self._is_gone:
            return
        await self._show()
        while not self._may_renew():
            await workflow.wait_condition(self._may_renew)
        workflow.continue_as_new(self._next_start())

    def _is_long(self) -> bool:
        return is_long()

    def _may_renew(self) -> bool:
        """Return whether nothing is under way that another execution would not know of."""
        return workflow.all_handlers_finished()


REASONS: Final = {
    Hold.UNAVAILABLE: "Its Promise cannot fulfil requests",
    Hold.PROMISE_DELETED: "Its Promise is being deleted",
    Hold.SUSPENDED: "Suspended: somebody has to let it go on",
    Hold.FAILED: "A pipeline failed",
}
"""Why nothing may start, where there is no more to say."""
SUSPENDED_DELETION: Final = f"Suspended: it goes once somebody removes {WORKFLOW_SUSPENDED}"


def is_long() -> bool:
    """Return whether the history of this execution has become so long that another is to go on."""
    return workflow.info().is_continue_as_new_suggested()


def is_paused(seen: Seen) -> bool:
    """Return whether a parent is paused, or its Promise is."""
    return seen.sight.promise_paused or seen.sight.is_on(PAUSED)


def said_of_pause(seen: Seen, paused: Paused | None) -> str:
    """Return who paused what, and what that means for one that is to go."""
    whose = "Its Promise is" if seen.sight.promise_paused else "It is"
    by = f" by {paused.by}" if paused and paused.by else ""
    rest = ", and cannot be deleted before it is resumed" if seen.is_deleted else ""
    return f"{whose} paused{by}{rest}"
