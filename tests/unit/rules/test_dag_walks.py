"""Whatever a Story looks like and its steps come to, the run ends, and in order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from runwright.models.bubustack import Phase, Story
from runwright.models.story_run import Section, StepProgress, StoryRunState
from runwright.rules.bubustack import progress
from runwright.rules.bubustack.branches import steps_of
from runwright.rules.bubustack.dag import Dag, Skip, failed_steps, needless_compensations
from runwright.rules.bubustack.verdicts import Ending, ending_of
from tests.unit.rules.states import NOW, start_of
from tests.unit.rules.stories import condition, story

OUTCOMES = (Phase.SUCCEEDED, Phase.FAILED, Phase.TIMEOUT, Phase.SKIPPED)


class Case(NamedTuple):
    """A Story, what its steps would come to, and a number that orders what runs at a time."""

    story: Story
    outcomes: Mapping[str, Phase]
    turn: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return a Story without cycles: a step needs only some of those before it."""
    names: list[str] = []

    def section(prefix: str, fewest: int) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = []
        for index in range(draw(st.integers(fewest, 5))):
            needs = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
            name, may_fail = f"{prefix}{index}", draw(st.booleans())
            steps.append(condition(name, *needs, allowFailure=may_fail))
            names.append(name)
        return draw(st.permutations(steps))

    policy = {"retries": {"continueOnStepFailure": draw(st.booleans())}}
    steps = section("main", 1)
    hooks = {"compensations": section("undo", 0), "finally": section("last", 0)}
    outcomes = {name: draw(st.sampled_from(OUTCOMES)) for name in names}
    return Case(story(*steps, policy=policy, **hooks), outcomes, draw(st.integers(0, 5)))


class Walk:
    """A run of a case by the rules alone, as the workflow makes it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.state: StoryRunState = progress.started(start_of(case.story), NOW)
        self.launched: dict[str, Mapping[str, StepProgress]] = {}
        """What each step that ran saw of the others when it started."""
        self._dag = Dag(case.story)

    def to_its_end(self) -> Ending:
        """Run every section that is to run."""
        self._run(Section.MAIN)
        if failed_steps(self.case.story, Section.MAIN, self.state.steps):
            self._run(Section.COMPENSATIONS)
        else:
            for skip in needless_compensations(self.case.story):
                self._skip(skip)
        self._run(Section.FINALLY)
        return ending_of(self.case.story, self.state)

    def _run(self, section: Section) -> None:
        running: list[str] = []
        while True:
            while (moves := self._dag.section(section).next_moves(self.state.steps)).skipped:
                for skip in moves.skipped:
                    self._skip(skip)
            for step in moves.ready:
                assert step.name not in self.launched
                self.launched[step.name] = self.state.steps
                self._set(progress.launched(self.state.steps[step.name], 1, NOW))
                running.append(step.name)
            if not running:
                return
            name = running.pop(self.case.turn % len(running))
            self._set(progress.ended(self.state.steps[name], self.case.outcomes[name], "", NOW))

    def _skip(self, skip: Skip) -> None:
        step = self.state.steps[skip.step]
        assert step.phase is None
        self._set(progress.skipped(step, skip, NOW))

    def _set(self, step: StepProgress) -> None:
        self.state = progress.with_step(self.state, step)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_every_step_of_a_run_ends(case: Case) -> None:
    """A step that is neither started nor skipped would hold the run for ever."""
    walk = Walk(case)

    walk.to_its_end()

    assert all(step.is_over for step in walk.state.steps.values())


@given(cases())
@settings(max_examples=60, deadline=None)
def test_no_step_starts_before_what_it_needs_is_over(case: Case) -> None:
    walk, graph = Walk(case), Dag(case.story)

    walk.to_its_end()

    for section in Section:
        for step in steps_of(case.story, section):
            seen = walk.launched.get(step.name, {})
            needed = [seen[name] for name in graph.needs(step) if name in seen]
            assert all(one.is_over for one in needed)
            assert section is not Section.MAIN or not any(one.failed for one in needed)


@given(cases())
@settings(max_examples=60, deadline=None)
def test_compensations_run_after_a_failure_of_the_main_steps_and_finally_always(
    case: Case,
) -> None:
    walk = Walk(case)

    walk.to_its_end()

    ran = {
        section: [s.name for s in steps_of(case.story, section) if s.name in walk.launched]
        for section in Section
    }
    hooks = {section: [step.name for step in steps_of(case.story, section)] for section in Section}
    main_failed = bool(failed_steps(case.story, Section.MAIN, walk.state.steps))
    expected = hooks[Section.COMPENSATIONS] if main_failed else []
    assert ran[Section.COMPENSATIONS] == expected
    assert ran[Section.FINALLY] == hooks[Section.FINALLY]


@given(cases())
@settings(max_examples=60, deadline=None)
def test_the_phase_of_a_run_says_what_its_steps_came_to(case: Case) -> None:
    walk = Walk(case)

    ending = walk.to_its_end()

    failed = {section: failed_steps(case.story, section, walk.state.steps) for section in Section}
    hooks_failed = bool(failed[Section.COMPENSATIONS] or failed[Section.FINALLY])
    mended = bool(failed[Section.MAIN] and case.story.spec.compensations)
    assert (ending.phase is Phase.SUCCEEDED) == (not any(failed.values()))
    assert (ending.phase is Phase.COMPENSATED) == (mended and not hooks_failed)
    assert ending.failed == sum(failed.values(), ())
