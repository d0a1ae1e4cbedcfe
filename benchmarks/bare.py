"""The alternative: workflows written by hand for one purpose, with nothing around it."""

import asyncio
import time
from datetime import timedelta
from typing import Final

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from benchmarks.messages import Approved, Done, Step
    from benchmarks.stories import LANES

_TIMEOUT: Final = timedelta(minutes=10)


class BareActivities:
    """Activities that do nothing; `tokens` receives those of activities to be ended outside."""

    def __init__(self, tokens: asyncio.Queue[bytes]) -> None:
        self._tokens = tokens

    @activity.defn
    async def at_once(self, step: Step) -> Done:  # noqa: ARG002 - an input costs, so it has one
        """End at once. Idempotent: it does nothing."""
        return Done(at=time.time())

    @activity.defn
    async def outside(self, step: Step) -> Done:  # noqa: ARG002 - an input costs, so it has one
        """Leave the end to whoever takes the token. Idempotent: it does nothing."""
        self._tokens.put_nowait(activity.info().task_token)
        activity.raise_complete_async()


@workflow.defn(name="BareSteps")
class BareStepsWorkflow:
    """Run activities one after the other. It has no messages, and never fails."""

    @workflow.run
    async def run(self, steps: list[Step]) -> list[Done]:
        """Return what each activity returned."""
        return [
            await workflow.execute_activity_method(
                BareActivities.at_once, step, start_to_close_timeout=_TIMEOUT
            )
            for step in steps
        ]


@workflow.defn(name="BareOutsideSteps")
class BareOutsideStepsWorkflow:
    """Run activities that are completed outside. It has no messages, and never fails."""

    @workflow.run
    async def run(self, steps: list[Step]) -> list[Done]:
        """Return what each activity was completed with."""
        return [
            await workflow.execute_activity_method(
                BareActivities.outside, step, start_to_close_timeout=_TIMEOUT
            )
            for step in steps
        ]


@workflow.defn(name="BareLanes")
class BareLanesWorkflow:
    """Run activities in lanes, those of a lane one after the other. It never fails."""

    @workflow.run
    async def run(self, steps: list[Step]) -> list[list[Done]]:
        """Return what each activity returned, by lane."""
        lanes = [steps[lane::LANES] for lane in range(LANES)]
        return list(await asyncio.gather(*map(self._lane, lanes)))

    async def _lane(self, steps: list[Step]) -> list[Done]:
        return [
            await workflow.execute_activity_method(
                BareActivities.at_once, step, start_to_close_timeout=_TIMEOUT
            )
            for step in steps
        ]


@workflow.defn(name="BareGate")
class BareGateWorkflow:
    """Wait for an approval, then run one activity.

    Update: `decide`. Fails: never.
    """

    def __init__(self) -> None:
        self._approved: Approved | None = None

    @workflow.run
    async def run(self, step: Step) -> Done:
        """Return when the activity ran."""
        await workflow.wait_condition(lambda: self._approved is not None)
        return await workflow.execute_activity_method(
            BareActivities.at_once, step, start_to_close_timeout=_TIMEOUT
        )

    @workflow.update
    def decide(self, approved: Approved) -> Approved:
        """Take the approval and answer with it."""
        self._approved = approved
        return approved


BARE_WORKFLOWS: Final = (
    BareStepsWorkflow,
    BareOutsideStepsWorkflow,
    BareLanesWorkflow,
    BareGateWorkflow,
)
