"""What a run has to tell in its cluster after a change."""

from collections.abc import Iterator
from typing import Any, Final

from runwright.models.bubustack import Phase, StepState, StoryRunStatus
from runwright.models.objects import StatusPatch, StatusUpdate
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason, StoryRunState
from runwright.rules.bubustack.status.events import events_of
from runwright.rules.bubustack.status.gates import Shown, gate_patch
from runwright.rules.bubustack.status.keys import step_run_key, story_run_key
from runwright.rules.bubustack.status.patches import merge_patch, names_of, shown
from runwright.rules.bubustack.status.run import story_run_status
from runwright.rules.bubustack.status.size import brief, is_small
from runwright.rules.bubustack.status.step import has_large_output, step_run_status

_UNKNOWN: Final = object()
"""In the place of a value that an earlier execution may have left: it equals no other."""
_NOT_OURS: Final = frozenset({"trace", "gates", "stepStates"})
"""Fields of a StoryRun's status that a run does not write, or not as a whole."""
_STEP_RUN_OURS: Final = frozenset(
    {
        "phase",
        "startedAt",
        "finishedAt",
        "duration",
        "lastOutputAt",
        "conditions",
        "exitCode",
        "exitClass",
        "podName",
        "retries",
        "nextRetryAt",
        "lastFailureMsg",
        "output",
        "error",
        "needs",
    }
)


def update_of(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> StatusUpdate:
    """Return the patches and Events that lead from what was shown to the state of a run.

    `before` is the state that was shown last; None: this execution showed none yet. The StoryRun
    comes last: who waits for its end finds the StepRuns ended. A StepRun is written when its step
    waits for a retry and when it is over, and then whole. While a try runs only its conditions
    are, when it does not get on: its backend says that it was started, and its pod may report an
    end meanwhile. With the end of a run whose status is large comes a smaller one: what can be said
    of it must not be lost with what cannot.
    """
    if not start.has_resource or now == before:
        return StatusUpdate()
    return StatusUpdate(
        patches=(*_of_step_runs(start, before, now), *_of_story_run(start, before, now)),
        events=events_of(start, before, now),
    )


def _of_story_run(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> Iterator[StatusPatch]:
    after = Shown(now, story_run_status(start, now))
    known = Shown(before, story_run_status(start, before)) if before else None
    old = _without_gates(known.status) if known else _unknown(start, now)
    patch = merge_patch(old, _without_gates(after.status))
    if entries := gate_patch(known, after, again=before is None and start.activation > 1):
        patch["gates"] = entries
    if patch:
        last = _last_word(start, after) if now.finished_at and not is_small(after.status) else None
        yield StatusPatch(object=story_run_key(start), status=patch, brief=last)


def _last_word(start: StartStoryRun, now: Shown) -> dict[str, Any]:
    """Return how a run ended for an object that has no room for all that is to be said of it."""
    known = Shown(now.state, brief(now.status))
    patch = merge_patch(_unknown(start, now.state), _without_gates(known.status))
    if entries := gate_patch(None, known, again=start.activation > 1):
        patch["gates"] = entries
    return patch


def _without_gates(status: StoryRunStatus) -> dict[str, Any]:
    steps = {name: shown(step) for name, step in status.step_states.items()}
    dumped = shown(status.model_copy(update={"step_states": {}, "gates": {}}))
    return {**dumped, "stepStates": steps} if steps else dumped


def _unknown(start: StartStoryRun, now: StoryRunState) -> dict[str, Any]:
    """Return a status that differs in everything that may be there before a run writes its first.

    That is what was said while it could not start, and what an earlier execution left.
    """
    fields = names_of(StoryRunStatus) - _NOT_OURS
    status: dict[str, Any] = dict.fromkeys(sorted(fields), _UNKNOWN)
    status["error"] = dict.fromkeys(("type", "message", "failedSteps"), _UNKNOWN)
    if start.activation > 1:
        blank = dict.fromkeys(sorted(names_of(StepState)), _UNKNOWN)
        status["stepStates"] = {step.name: blank for step in now.listed_steps}
    return status


def _of_step_runs(
    start: StartStoryRun, before: StoryRunState | None, now: StoryRunState
) -> Iterator[StatusPatch]:
    known = before.steps if before else {}
    for name, step in now.steps.items():
        was = known.get(name)
        if step != was and _is_to_be_written(step):
            yield StatusPatch(
                object=step_run_key(start, step),
                status=_of_step_run(start, step),
                version=step.record_version or "",
            )
        elif _gets_on_otherwise(was, step):
            yield StatusPatch(object=step_run_key(start, step), status=_of_waiting(start, step))


def _is_to_be_written(step: StepProgress) -> bool:
    """Return whether a step has a StepRun of this execution, and is not being tried now."""
    is_ours = bool(step.task) and step.reason is not StepReason.KEPT
    return is_ours and step.phase is not Phase.RUNNING


def _gets_on_otherwise(before: StepProgress | None, now: StepProgress) -> bool:
    """Return whether a try that runs came into trouble, or out of it."""
    goes_on = before is not None and before.phase is now.phase and before.tries == now.tries
    was = before.diagnosis if before and goes_on else None
    return bool(now.task) and now.phase is Phase.RUNNING and now.diagnosis != was


def _of_waiting(start: StartStoryRun, step: StepProgress) -> dict[str, Any]:
    """Return the conditions alone, and the count without which a status is refused."""
    status = shown(step_run_status(start, step))
    return {name: status[name] for name in ("retries", "conditions")}


def _of_step_run(start: StartStoryRun, step: StepProgress) -> dict[str, Any]:
    status = step_run_status(start, step)
    patch: dict[str, Any] = {**dict.fromkeys(sorted(_STEP_RUN_OURS)), **shown(status)}
    if status.error:  # whole, for its fields would be merged with those of another try
        patch["error"] = status.error.model_dump(mode="json")
    if has_large_output(step):
        del patch["output"]
    if step.pod is None:  # the backend may have written which one it was
        del patch["podName"]
    return patch
