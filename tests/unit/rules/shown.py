"""Runs of a cluster in a few words, and what is shown of them."""

from datetime import datetime, timedelta
from typing import Any, Final

from runwright.models.bubustack import Phase, Story, StoryRunStatus
from runwright.models.gates import DecideGate, Decision, Gate, RefusedDecision, Verdict
from runwright.models.metadata import Condition
from runwright.models.objects import StatusUpdate
from runwright.models.story_run import ResumeFrom, StartStoryRun, StoryRunState
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.status import update_of
from tests.unit.rules.states import NOW, changed, start_of
from tests.unit.rules.stories import engram, story

STORY: Final = story(
    engram("build"), {"name": "ask", "type": "gate"}, engram("deploy", needs=["build", "ask"])
)
LATER: Final = NOW + timedelta(seconds=65.5)


def placed(one: Story = STORY, **fields: Any) -> StartStoryRun:
    """Return the input of a run that a StoryRun object stands for."""
    return start_of(one, **{"uid": "7f3a", "generation": 1, **fields})


def again(one: Story = STORY) -> StartStoryRun:
    """Return the input of the second execution of such a run."""
    return placed(one, resume_from=ResumeFrom(activation=2))


def running(start: StartStoryRun, /, **phases: Phase) -> StoryRunState:
    """Return a run with its gates, whose steps are in these phases."""
    state = progress.started(start, NOW)
    for name, phase in phases.items():
        over = NOW if phase.is_terminal else None
        state = changed(state, name, phase=phase, started_at=NOW, finished_at=over)
    return state.model_copy(update={"gates": progress.gates_of(start)})


def over(state: StoryRunState, phase: Phase, **fields: Any) -> StoryRunState:
    """Return the run as ended, a while later."""
    return state.model_copy(update={"phase": phase, "finished_at": LATER, **fields})


def with_gate(state: StoryRunState, **fields: Any) -> StoryRunState:
    """Return the run with fields of its gate `ask` changed."""
    gate: Gate = state.gates["ask"].model_copy(update=fields)
    return state.model_copy(update={"gates": {**state.gates, "ask": gate}})


def said(by: str, verdict: Verdict = Verdict.APPROVE, **fields: Any) -> Decision:
    """Return somebody's word on the gate `ask`."""
    return Decision(gate="ask", verdict=verdict, activation=1, by=by, **{"at": NOW, **fields})


def refused(by: str, at: datetime = LATER, gate: str = "ask") -> RefusedDecision:
    """Return somebody's word that did not count."""
    request = DecideGate(gate=gate, verdict=Verdict.APPROVE, by=by)
    return RefusedDecision(request=request, at=at, reason="ask somebody else")


def conditions(status: StoryRunStatus) -> dict[str, Condition]:
    """Return the conditions of a status by their types."""
    return {one.type: one for one in status.conditions}


def run_patch(update: StatusUpdate) -> dict[str, Any]:
    """Return what an update writes into the StoryRun; empty if nothing."""
    return next((one.status for one in update.patches if one.object.kind == "StoryRun"), {})


def step_patches(update: StatusUpdate) -> dict[str, dict[str, Any]]:
    """Return what an update writes into StepRuns, by their names."""
    return {one.object.name: one.status for one in update.patches if one.object.kind == "StepRun"}


def told(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> list[tuple[str, str]]:
    """Return reason and message of each Event between two states."""
    return [(one.reason, one.message) for one in update_of(start, before, now).events]
