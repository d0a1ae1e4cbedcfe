"""Which steps of a Story start next, and which never will."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from runwright.models.bubustack import Step, Story
from runwright.models.story_run import Section, StepProgress, StepReason
from runwright.rules.bubustack.dependencies import dependencies

Steps = Mapping[str, StepProgress]


class Skip(NamedTuple):
    """A step that will not run, and why."""

    step: str
    reason: StepReason
    message: str


class Interruption(NamedTuple):
    """Why steps are stopped, or never start, that could have gone on."""

    reason: StepReason
    message: str
    """Of a step that is stopped."""
    skipped: str
    """Of a step that never started."""


class Moves(NamedTuple):
    """What a look at the steps of one section comes to."""

    ready: tuple[Step, ...] = ()
    skipped: tuple[Skip, ...] = ()


def steps_of(story: Story, section: Section) -> Sequence[Step]:
    """Return the steps of one section, in the order of the Story."""
    match section:
        case Section.MAIN:
            return story.spec.steps
        case Section.COMPENSATIONS:
            return story.spec.compensations
        case Section.FINALLY:
            return story.spec.finally_


class Dag:
    """The graph of a Story: what its steps wait for, worked out once."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._needs = {
            step.name: dependencies(step)
            for section in Section
            for step in steps_of(story, section)
        }

    def needs(self, step: Step) -> tuple[str, ...]:
        """Return the names of the steps that a step waits for."""
        return self._needs[step.name]

    def next_moves(self, section: Section, steps: Steps) -> Moves:
        """Return the steps of a section that may start now, and those that never will.

        Skipping one may decide about others: look again until nothing moves. Hooks start whatever
        became of the steps they need.

        Source: BubuStack, DAG pass; a step is also skipped when what it needs was skipped because
        of a failure, which upstream runs.
        """
        waiting = [
            step for step in steps_of(self._story, section) if steps[step.name].phase is None
        ]
        if section is not Section.MAIN:
            return Moves(ready=tuple(step for step in waiting if self._all_over(step, steps)))
        if not _continues_on_failure(self._story) and failed_steps(self._story, section, steps):
            return Moves(skipped=tuple(map(_failed_fast, waiting)))
        return Moves(
            ready=tuple(step for step in waiting if self._satisfied(step, steps)),
            skipped=tuple(
                _fell(step, name) for step in waiting if (name := self._broken(step, steps))
            ),
        )

    def _all_over(self, step: Step, steps: Steps) -> bool:
        return all(steps[name].is_over for name in self._needs[step.name])

    def _satisfied(self, step: Step, steps: Steps) -> bool:
        return self._all_over(step, steps) and self._broken(step, steps) is None

    def _broken(self, step: Step, steps: Steps) -> str | None:
        needed = (steps[name] for name in self._needs[step.name])
        return next((one.name for one in needed if one.failed or _fell_with_another(one)), None)


def needless_compensations(story: Story) -> tuple[Skip, ...]:
    """Return the compensations as skipped: nothing failed that would need them."""
    return tuple(
        Skip(step.name, StepReason.STORY_SUCCEEDED, "Skipped because story succeeded")
        for step in story.spec.compensations
    )


def rest(steps: Steps, sections: Sequence[Section], interruption: Interruption) -> tuple[Skip, ...]:
    """Return the steps of those sections that never started, as skipped by the interruption."""
    return tuple(
        Skip(step.name, interruption.reason, interruption.skipped)
        for step in steps.values()
        if step.section in sections and step.phase is None
    )


def failed_steps(story: Story, section: Section, steps: Steps) -> tuple[StepProgress, ...]:
    """Return the steps of a section that failed and may not, in the order of the Story."""
    named = (steps[step.name] for step in steps_of(story, section))
    return tuple(step for step in named if step.failed)


def _continues_on_failure(story: Story) -> bool:
    retries = story.spec.policy.retries if story.spec.policy else None
    return bool(retries and retries.continue_on_step_failure)


def _failed_fast(step: Step) -> Skip:
    return Skip(step.name, StepReason.FAIL_FAST, "Skipped due to fail-fast policy")


def _fell(step: Step, name: str) -> Skip:
    message = f"Skipped due to failed dependency: {name}"
    return Skip(step.name, StepReason.DEPENDENCY_FAILED, message)


def _fell_with_another(step: StepProgress) -> bool:
    return step.reason is StepReason.DEPENDENCY_FAILED
