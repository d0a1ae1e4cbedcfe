"""What can be done about a run that is over and did not succeed."""

from typing import Final, NamedTuple

from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.status.keys import CANCEL_REQUESTED
from runwright.rules.bubustack.verdicts import CLOSES_AS_COMPLETED

_NEEDS_OTHER_INPUTS: Final = frozenset({"InputSchemaFailed", "InputTooLarge"})
_NEW_RUN: Final = "Mend it, then start a new run: every execution of this one has the same Story"
_NOT_TAKEN_BACK: Final = (
    "Its StoryRun asks to be cancelled, and that is not taken back: create another one"
)


class NextStep(NamedTuple):
    """What helps, and the words of a command after `runwright retry RUN`, where that does."""

    advice: str
    is_retry: bool = False
    arguments: str = ""

    def command(self, run: str) -> str:
        """Return the command for the run of that name; empty where none helps."""
        return f"runwright retry {run}{self.arguments}" if self.is_retry else ""


def next_step(state: StoryRunState) -> NextStep | None:
    """Return what helps after the end of a run; None where nothing is to be done.

    Another execution has the Story of the first one: one that cannot be executed never can.
    """
    if state.finished_at is None or not state.has_started or state.phase in CLOSES_AS_COMPLETED:
        return None
    if state.cancelled is not None and state.cancelled.reason == CANCEL_REQUESTED:
        return NextStep(_NOT_TAKEN_BACK)
    if state.reason == "InvalidConfiguration":
        return NextStep(_NEW_RUN)
    if state.reason in _NEEDS_OTHER_INPUTS:
        return NextStep("Try it with other inputs", is_retry=True, arguments=" --input KEY=VALUE")
    return NextStep("Go on from what did not succeed", is_retry=True)
