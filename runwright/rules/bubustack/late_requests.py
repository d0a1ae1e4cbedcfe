"""What people ask of a run that is over: decisions do not count, and there is nothing to cancel."""

from typing import Any, Final

from runwright.models.bubustack import StoryRun, StoryRunStatus
from runwright.models.gates import DecideGate
from runwright.models.story_run import StoryRunState
from runwright.rules.bubustack.intake import decisions_in, is_over, was_started
from runwright.rules.bubustack.status.gates import decided_entry


def late_decisions(run: StoryRun) -> tuple[DecideGate, ...]:
    """Return the decisions on an ended run that contradict how their gates ended.

    The status has no state of a gate that is a branch: there what the run itself wrote is told by
    its time, which people who decide do not write.
    """
    status = run.status
    if status is None or not was_started(run) or not is_over(run):
        return ()
    return tuple(one for one in decisions_in(status) if not _is_in_time(status, one.gate))


def _is_in_time(status: StoryRunStatus, gate: str) -> bool:
    """Return whether a gate without a state of its own was decided while its run went on."""
    at = status.gates[gate].updated_at
    is_branch = "/" in gate and gate not in status.step_states
    return is_branch and at is not None and (not status.finished_at or at <= status.finished_at)


def put_right(late: tuple[DecideGate, ...], state: StoryRunState | None) -> dict[str, Any]:
    """Return a merge patch of the status that shows those gates as they were decided.

    Null takes an entry away: its gate was not decided, there is none, or nobody knows any more.
    """
    gates = state.gates if state else {}
    entries = {one.gate: decided_entry(gate) for one in late if (gate := gates.get(one.gate))}
    return {
        "gates": {
            one.gate: entry.model_dump(mode="json") if (entry := entries.get(one.gate)) else None
            for one in late
        }
    }


def is_cancelled_late(run: StoryRun) -> bool:
    """Return whether a run was over before its object asked to be cancelled, and nobody said so.

    The generation that its status has observed tells: that of a cancel is later than that of a
    start, and nothing else of the spec changes.
    """
    observed = run.status.observed_generation if run.status else None
    is_news = observed is not None and run.metadata.generation > observed
    return bool(run.spec.cancel_requested) and is_news and was_started(run) and is_over(run)


def observing(run: StoryRun) -> dict[str, Any]:
    """Return a merge patch of the status by which the same is not told again."""
    return {"observedGeneration": run.metadata.generation}


NOTHING_TO_CANCEL: Final = (
    "spec.cancelRequested was set when the run was over: there is nothing to cancel. It is not "
    "taken back, so this StoryRun cannot be executed again; to run its Story, create another one."
)


def why_refused(decision: DecideGate) -> str:
    """Return what an Event says of a decision that came too late."""
    who = decision.by or "somebody"
    return f"{who} may not {decision.verdict} gate {decision.gate}: the run is over"
