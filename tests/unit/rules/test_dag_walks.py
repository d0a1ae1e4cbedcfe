"""Whatever a Story looks like and its steps come to, the run ends, and in order."""

import pytest
from hypothesis import given, settings

from runwright.models.bubustack import Phase, StepType
from runwright.models.story_run import Section
from runwright.rules.bubustack.branches import block_of, steps_of
from runwright.rules.bubustack.dag import Dag, failed_steps
from runwright.rules.bubustack.primitives import concurrency_of
from tests.unit.rules.cases import Case, cases
from tests.unit.rules.walks import Walk

EXAMPLES = settings(max_examples=60)
pytestmark = pytest.mark.timeout(15)
"""So many runs take a second each time, and on a busy machine longer than other tests may."""


@given(cases())
@EXAMPLES
def test_every_step_of_a_run_ends(case: Case) -> None:
    """A step that is neither started nor skipped would hold the run for ever."""
    walk = Walk(case)

    walk.to_its_end()

    assert all(step.is_over for step in walk.state.steps.values())


@given(cases())
@EXAMPLES
def test_no_step_starts_before_what_it_needs_is_over(case: Case) -> None:
    """And none after a failure that it needs: of the hooks, only within a block."""
    walk, graph = Walk(case), Dag(case.story)

    walk.to_its_end()

    for section in Section:
        for step in walk.steps(section):
            seen = walk.launched.get(step.name, {})
            needed = [seen[name] for name in graph.needs(step) if name in seen]
            assert all(one.is_over for one in needed)
            siblings = [one for one in needed if one.block and one.block == block_of(step.name)]
            assert not any(one.failed for one in (needed if section is Section.MAIN else siblings))


@given(cases())
@EXAMPLES
def test_no_more_branches_of_a_block_run_at_once_than_it_allows(case: Case) -> None:
    walk = Walk(case)

    walk.to_its_end()

    for section in Section:
        for step in steps_of(case.story, section):
            bound = concurrency_of(step.with_ or {}) if step.type is StepType.PARALLEL else None
            assert bound is None or walk.most_at_once.get(step.name, 0) <= bound


@given(cases())
@EXAMPLES
def test_compensations_run_after_a_failure_of_the_main_steps_and_finally_always(
    case: Case,
) -> None:
    """Unless one of their own list stops the others."""
    walk = Walk(case)

    walk.to_its_end()

    hooks = {section: [step.name for step in steps_of(case.story, section)] for section in Section}
    ran = {section: [name for name in hooks[section] if name in walk.launched] for section in hooks}
    stop = walk.stops.get(Section.MAIN)
    main_failed = bool(failed_steps(case.story, Section.MAIN, walk.state.steps))
    is_mended = stop.is_failure if stop else main_failed
    if not is_mended:
        assert ran[Section.COMPENSATIONS] == []
    elif Section.COMPENSATIONS not in walk.stops:
        assert ran[Section.COMPENSATIONS] == hooks[Section.COMPENSATIONS]
    if Section.FINALLY not in walk.stops:
        assert ran[Section.FINALLY] == hooks[Section.FINALLY]


@given(cases(stops=False))
@EXAMPLES
def test_the_phase_of_a_run_says_what_its_steps_came_to(case: Case) -> None:
    walk = Walk(case)

    ending = walk.to_its_end()

    failed = {section: failed_steps(case.story, section, walk.state.steps) for section in Section}
    hooks_failed = bool(failed[Section.COMPENSATIONS] or failed[Section.FINALLY])
    mended = bool(failed[Section.MAIN] and case.story.spec.compensations)
    assert (ending.phase is Phase.SUCCEEDED) == (not any(failed.values()))
    assert (ending.phase is Phase.COMPENSATED) == (mended and not hooks_failed)
    assert ending.failed == sum(failed.values(), ())


@given(cases())
@EXAMPLES
def test_a_run_that_a_step_stopped_ends_as_that_says_unless_a_hook_fails(case: Case) -> None:
    walk = Walk(case)

    ending = walk.to_its_end()

    steps, stop = walk.state.steps, walk.stops.get(Section.MAIN)
    hooks = (Section.COMPENSATIONS, Section.FINALLY)
    if any(failed_steps(case.story, section, steps) for section in hooks):
        assert ending.phase is Phase.FAILED
    elif stop is not None:
        assert ending.phase is stop.phase


@given(cases())
@EXAMPLES
def test_a_block_fails_of_its_branches_alone(case: Case) -> None:
    walk = Walk(case)

    walk.to_its_end()

    for step in walk.state.steps.values():
        branches = [one for one in walk.state.steps.values() if one.block == step.name]
        if branches and step.phase is Phase.FAILED:
            assert any(branch.failed for branch in branches)
        elif branches and step.phase is Phase.SUCCEEDED:
            assert not any(branch.failed for branch in branches)
