"""Look after a request for a Promise: run its pipelines whenever they are to be run."""

from datetime import datetime
from typing import ClassVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from runwright.models.kratix import ParentGone, StartParent
    from runwright.rules.kratix.deletion import REQUEST_STEPS
    from runwright.rules.kratix.triggers import Decision, Move
    from workflows.parent_turns import ParentTurns


@workflow.defn(name="ResourceRequest")
class ResourceRequestWorkflow(ParentTurns):
    """Look after one request, until it is gone.

    Signals: `see` with how the cluster has it, `look_at_works`, `look_at_parent`; from its Promise
    `take_turn`, `wait_turn`, `confirm_turn`.
    Updates and signals: `run_again`, `decide_gate`, `pause`, `resume`, `cancel`.
    Queries: `state` answers with the ParentReport, also when it is over.
    Closes: Completed with a ParentGone when the last finalizer of ours is taken, or the object is
    gone.
    Fails: never; what the cluster refuses is shown, and tried again.
    """

    steps: ClassVar[tuple[str, ...]] = REQUEST_STEPS
    is_promise: ClassVar[bool] = False

    @workflow.init
    def __init__(self, start: StartParent) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: StartParent) -> ParentGone:  # noqa: ARG002 - `__init__` took it
        """Do what is to be done for the request, anew whenever something changed."""
        return await self._live(self._reconcile)

    async def _reconcile(self, decision: Decision) -> datetime | None:
        """Do what was decided; return when to decide anew though nothing changed.

        Source: Kratix, reconcile order; resource deletion.
        """
        match decision.move:
            case Move.START:
                return await self._start_run(decision)
            case Move.RELEASE:
                return await self._let_go(decision)
            case Move.REST:
                await self._settle(decision)
            case _:
                await self._hold(decision)
        return decision.at
