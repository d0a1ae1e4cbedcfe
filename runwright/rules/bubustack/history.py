"""What is told of a StoryRun and its steps in the history of the run."""

from collections.abc import Iterator

from runwright.models.bubustack import Phase, Story
from runwright.models.durations import format_duration
from runwright.models.history import Cause, History, Subject, Transition
from runwright.models.story_run import ResumeFrom, StartStoryRun, StepProgress, StoryRunState
from runwright.rules.bubustack.progress import story_timeout
from runwright.rules.diagnoses import told
from runwright.rules.history import When, claimed, said
from runwright.rules.wording import listed


def carried(start: StartStoryRun) -> History:
    """Return the history of the executions of a run before this one."""
    return start.resume_from.history if start.resume_from else History()


def of_start(start: StartStoryRun, when: When) -> Transition:
    """Return that an execution of the run began, who wanted it, and what it takes over."""
    resume = start.resume_from
    by = resume.by if resume else start.author
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        before=_last_phase(carried(start)),
        after=Phase.RUNNING,
        reason=Cause.RETRIED if resume else Cause.STARTED,
        message=said(_taken_over(resume) if resume else f"story {start.story.metadata.name}"),
        by=by,
        identity=claimed(by),
    )


def _last_phase(history: History) -> str | None:
    about_run = (one for one in reversed(history.transitions) if one.subject is Subject.RUN)
    return next((one.after for one in about_run if one.after), None)


def _taken_over(resume: ResumeFrom) -> str:
    source = f", from step {resume.step}" if resume.step else ""
    kept = f", keeps {listed(resume.kept)}" if resume.kept else ""
    changed = f", changes {listed(resume.changed_inputs)}" if resume.changed_inputs else ""
    return f"execution {resume.activation}{source}{changed}{kept}"


def of_deadline(story: Story, when: When) -> Transition:
    """Return that the time of the Story is up."""
    timeout = story_timeout(story)
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        reason=Cause.DEADLINE_PASSED,
        message=f"the story may take {format_duration(timeout)}" if timeout else None,
    )


def of_end(before: StoryRunState, after: StoryRunState, when: When) -> Transition:
    """Return how the run ended."""
    return Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.RUN,
        before=before.phase,
        after=after.phase,
        reason=after.reason,
        message=said(after.message),
    )


def of_step(before: StepProgress, after: StepProgress, when: When) -> Iterator[Transition]:
    """Yield what became of a step: that it runs, waits, is tried again, does not get on, or ended.

    That it is about to start is none of it: what it does then, or that it is stopped before, is.
    """
    if _is_about_to_start(after):
        return
    was, now = _standing(before), _standing(after)
    if was == now and _trouble(before) == _trouble(after):
        return
    yield Transition(
        at=when.at,
        activation=when.activation,
        subject=Subject.STEP,
        name=after.name,
        before=None if was == now or _is_about_to_start(before) else before.phase,
        after=None if was == now else after.phase,
        try_number=after.tries or None,
        reason=_trouble_cause(after) if was == now else after.reason,
        message=said(_why(after)),
    )


def _is_about_to_start(step: StepProgress) -> bool:
    return step.phase is Phase.PENDING and step.reason is None


def _standing(step: StepProgress) -> tuple[object, ...]:
    return step.phase, step.tries, step.reason


def _trouble(step: StepProgress) -> str:
    """Return why a try that runs does not get on; details of that may change all the time."""
    is_tried = step.phase is Phase.RUNNING and step.diagnosis
    return step.diagnosis.summary if is_tried and step.diagnosis else ""


def _trouble_cause(step: StepProgress) -> Cause:
    return Cause.STALLED if _trouble(step) else Cause.GETS_ON


def _why(step: StepProgress) -> str:
    """Return what a step says of itself, and what is wrong with it."""
    if step.diagnosis is None or step.phase is Phase.SUCCEEDED:
        return step.message
    if step.phase is Phase.RUNNING:
        return told(step.diagnosis)
    return ": ".join(dict.fromkeys(filter(None, (step.message, step.diagnosis.summary))))
