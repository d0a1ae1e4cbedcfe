"""What the annotations of a StoryRun ask for: that it be executed again."""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from runwright.errors import NotFoundError
from runwright.models.bubustack import StoryRun
from runwright.models.story_run import StartStoryRun, StoryRunState
from runwright.rules.bubustack.branches import all_steps
from runwright.rules.bubustack.intake import was_started
from runwright.rules.bubustack.resumption import begun_anew, check_step, resumed
from runwright.rules.wording import quoted

REDRIVE: Final = "storyrun.bubustack.io/redrive-token"
"""The annotation that asks for an execution from the beginning."""
FROM_STEP: Final = "storyrun.bubustack.io/redrive-from-step"
"""The one that asks to repeat a step and what depends on it, as `STEP:TOKEN`."""
OBSERVED: Final[Mapping[str, str]] = {
    REDRIVE: "storyrun.bubustack.io/redrive-observed",
    FROM_STEP: "storyrun.bubustack.io/redrive-from-step-observed",
}
"""The annotations that say which token of each was heeded last."""


class Redrive(NamedTuple):
    """One wish for another execution of a run."""

    annotation: str
    token: str
    """The annotation's whole text."""

    @property
    def step(self) -> str:
        """The step to repeat; empty for the whole run, and where the text names none."""
        step, _, token = self.token.partition(":")
        return step if self.annotation == FROM_STEP and token else ""

    @property
    def digest(self) -> str:
        """What the execution that heeds it bears, so that no other one ever does."""
        text = f"{self.annotation}={self.token}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def shown(self) -> str:
        """How it is called where people read of it: no two have the same name."""
        return f"{self.annotation} {quoted(self.token)}"

    @property
    def observed(self) -> dict[str, str]:
        """The annotation that says that it was heeded."""
        return {OBSERVED[self.annotation]: self.token}


class Refused(NamedTuple):
    """Why a redrive is not to be."""

    reason: str
    message: str


def redrives_of(run: StoryRun) -> tuple[Redrive, ...]:
    """Return what was asked for and not heeded yet, one of the whole run first.

    A token counts by being another one than that which was heeded last.

    Source: BubuStack, redrive.
    """
    said = run.metadata.annotations
    asked = (Redrive(annotation, said.get(annotation, "")) for annotation in OBSERVED)
    return tuple(one for one in asked if one.token and not one.observed.items() <= said.items())


def is_heeded(redrive: Redrive, start: StartStoryRun) -> bool:
    """Return whether an execution is the one that was asked for, or one that went on from it."""
    return start.redrive == redrive.digest


def bearing(start: StartStoryRun, run: StoryRun) -> StartStoryRun:
    """Return the input of a run that is taken in, with the redrive of the whole run heeded last.

    It may have begun for that, and who has not heard of it yet must not take it for another one.
    """
    token = run.metadata.annotations.get(OBSERVED[REDRIVE])
    if not token:
        return start
    return start.model_copy(update={"redrive": Redrive(REDRIVE, token).digest})


def why_not(run: StoryRun, redrive: Redrive) -> Refused | None:
    """Return why a run cannot be redriven so, as far as its object tells.

    One that asks to be cancelled would be so again at once: nobody can take that back.

    Source: BubuStack, redrive and graceful cancel.
    """
    if run.spec.cancel_requested:
        message = "spec.cancelRequested is set, and that is not taken back; create another StoryRun"
        return Refused("CancelRequested", message)
    if redrive.annotation == REDRIVE:
        return None
    if not redrive.step:
        message = f"{FROM_STEP} must be STEP:TOKEN, not {quoted(redrive.token)}"
        return Refused("InvalidRedrive", message)
    if not was_started(run):
        return Refused("NotStarted", "the run never started: it has no steps to keep")
    return None


def why_not_of(start: StartStoryRun, redrive: Redrive) -> Refused | None:
    """Return why a run that was started so cannot be redriven: its Story has no such step."""
    try:
        if redrive.step:
            check_step(start, redrive.step)
    except NotFoundError as error:
        return Refused("UnknownStep", str(error))
    return None


def redriven(start: StartStoryRun, state: StoryRunState | None, redrive: Redrive) -> StartStoryRun:
    """Return the input of the execution that heeds a redrive.

    `start` and `state` are those of the latest one, of which the state may be lost. From a step on,
    all that is done and does not depend on it is kept, decided gates too; of a whole run its
    history is.

    Source: BubuStack, redrive. As on a retry, hooks and the time of the Story begin anew; upstream
    lets both stand when a step is redriven.

    Raises:
        NotFoundError: the Story has no main step of that name.
    """
    if state is None or not redrive.step:
        again = begun_anew(start, history=state.history if state else None)
    else:
        again = resumed(start, state, step=redrive.step)
    return again.model_copy(update={"redrive": redrive.digest})


def repeated(start: StartStoryRun) -> tuple[str, ...] | None:
    """Return the names of the steps that an execution repeats; None where it keeps none."""
    kept = start.resume_from.kept if start.resume_from else {}
    names = (one.name for _, one in all_steps(start.story))
    return tuple(name for name in names if name not in kept) if kept else None


def is_between(run: StoryRun) -> bool:
    """Return whether a redrive has wiped what one execution showed, and the next shows nothing."""
    is_wiped = run.status is None or run.status.phase is None
    return is_wiped and was_started(run) and bool(redrives_of(run))
