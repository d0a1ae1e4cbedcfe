"""Which steps of a Story start next, and which never will."""

from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Final, NamedTuple

from runwright.models.bubustack import Phase, Step, Story
from runwright.models.story_run import Section, StepProgress, StepReason
from runwright.rules.bubustack.branches import all_steps, branches_of, steps_of
from runwright.rules.bubustack.dependencies import dependencies

Steps = Mapping[str, StepProgress]
FAILED_FAST: Final = "Skipped due to fail-fast policy"


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


class OnFailure(Enum):
    """What becomes of steps that wait when another fails, and may not."""

    FAIL_FAST = "fail fast"
    """None of them starts."""
    SKIP_DEPENDENTS = "skip dependents"
    """Those that need it do not start."""
    GO_ON = "go on"
    """They start all the same."""


class Graph:
    """Steps that start one after the other: what each of them waits for, worked out once."""

    def __init__(self, steps: Sequence[Step], on_failure: OnFailure, within: Set[str]) -> None:
        self._steps = steps
        self._on_failure = on_failure
        self._needs = {
            step.name: tuple(name for name in dependencies(step) if name in within)
            for step in steps
        }

    def __iter__(self) -> Iterator[Step]:
        """Yield the steps in the order of the Story."""
        return iter(self._steps)

    def next_moves(self, steps: Steps) -> Moves:
        """Return the steps that may start now, and those that never will.

        Skipping one may decide about others: look again until nothing moves.

        Source: BubuStack, DAG pass; a step is also skipped when what it needs was skipped because
        of a failure, which upstream runs.
        """
        waiting = [step for step in self._steps if steps[step.name].phase is None]
        if self._on_failure is OnFailure.GO_ON:
            return Moves(ready=tuple(step for step in waiting if self._all_over(step, steps)))
        if self.has_failed_fast(steps):
            return Moves(skipped=tuple(map(_failed_fast, waiting)))
        return Moves(
            ready=tuple(step for step in waiting if self._satisfied(step, steps)),
            skipped=tuple(
                _fell(step, name) for step in waiting if (name := self._broken(step, steps))
            ),
        )

    def has_failed_fast(self, steps: Steps) -> bool:
        """Return whether no further step starts, for one has failed."""
        if self._on_failure is not OnFailure.FAIL_FAST:
            return False
        return any(steps[step.name].failed for step in self._steps)

    def _all_over(self, step: Step, steps: Steps) -> bool:
        return all(steps[name].is_over for name in self._needs[step.name])

    def _satisfied(self, step: Step, steps: Steps) -> bool:
        return self._all_over(step, steps) and self._broken(step, steps) is None

    def _broken(self, step: Step, steps: Steps) -> str | None:
        needed = (steps[name] for name in self._needs[step.name])
        return next((one.name for one in needed if one.failed or _fell_with_another(one)), None)


class Dag:
    """The graphs of a Story: one of each of its lists, and one of each parallel step in them."""

    def __init__(self, story: Story) -> None:
        names = {step.name for section in Section for step in steps_of(story, section)}
        self._sections = {
            section: Graph(steps_of(story, section), _on_failure(story, section), names)
            for section in Section
        }
        blocks = {step.name: branches_of(step) for _, step in all_steps(story)}
        self._blocks = {
            name: Graph(branches, OnFailure.SKIP_DEPENDENTS, {branch.name for branch in branches})
            for name, branches in blocks.items()
            if branches
        }

        self._needs = {step.name: dependencies(step) for _, step in all_steps(story)}

    def needs(self, step: Step) -> tuple[str, ...]:
        """Return the names of the steps that a step waits for."""
        return self._needs[step.name]

    def section(self, section: Section) -> Graph:
        """Return the graph of one list; hooks start whatever became of the steps they need."""
        return self._sections[section]

    def block(self, step: Step) -> Graph:
        """Return the graph of the branches of a parallel step.

        A branch that fails ends those that need it, and no others.

        Source: BubuStack, parallel primitive (which starts all branches at once, whatever they
        need).
        """
        return self._blocks[step.name]


def _on_failure(story: Story, section: Section) -> OnFailure:
    if section is not Section.MAIN:
        return OnFailure.GO_ON
    return OnFailure.SKIP_DEPENDENTS if _continues_on_failure(story) else OnFailure.FAIL_FAST


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
    return Skip(step.name, StepReason.FAIL_FAST, FAILED_FAST)


def _fell(step: Step, name: str) -> Skip:
    message = f"Skipped due to failed dependency: {name}"
    return Skip(step.name, StepReason.DEPENDENCY_FAILED, message)


def _fell_with_another(step: StepProgress) -> bool:
    return step.phase is Phase.SKIPPED and step.reason is StepReason.DEPENDENCY_FAILED
