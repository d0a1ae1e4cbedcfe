"""When an open run is told that something may be there that its steps wait for."""

from typing import Any, Final

from runwright.errors import InvalidManifestError, Problem
from runwright.models.bubustack import Engram, Story, StoryRun
from runwright.rules.bubustack.hints import come, is_blocked
from runwright.rules.bubustack.intake import Lookups
from tests.unit.rules.resources import lookups, placed_engram, placed_story, run_of
from tests.unit.rules.states import template
from tests.unit.rules.stories import engram

BLOCKED: Final = {"type": "Blocked", "status": "True", "reason": "ReferenceNotFound"}
STORY: Final = placed_story(engram("build"), {"name": "test", "ref": {"name": "checker"}})
CHECKER: Final = placed_engram("checker", "check-image")


def run(*, conditions: Any = (BLOCKED,), **phases: str) -> StoryRun:
    """Return a run whose steps are in these phases."""
    steps = {name: {"phase": phase} for name, phase in phases.items()}
    return run_of(status={"phase": "Running", "conditions": conditions, "stepStates": steps})


def there(*engrams: Engram, story: Story | None = STORY) -> Lookups:
    """Return a cluster that has the Story, these Engrams, and one template."""
    return lookups(story, engrams)


def versioned(one: Engram, uid: str, generation: int) -> Engram:
    """Return that version of an Engram."""
    metadata = one.metadata.model_copy(update={"uid": uid, "generation": generation})
    return one.model_copy(update={"metadata": metadata})


def test_a_run_is_blocked_when_it_says_so() -> None:
    """Whatever else it waits for besides: `Ready` may give another reason."""
    over = {**BLOCKED, "status": "False"}

    assert is_blocked(run(build="Blocked").status)
    assert not is_blocked(run(conditions=[over]).status)
    assert not is_blocked(None)


def test_what_has_come_is_told_by_its_versions() -> None:
    worker = versioned(placed_engram(), "7f3a", 2)

    told = come(run(build="Blocked"), there(worker))

    assert told == ("Engram/worker/7f3a/2", "EngramTemplate/image//0")
    assert come(run(build="Blocked"), there(versioned(worker, "7f3a", 3))) != told


def test_a_part_of_it_is_told_too() -> None:
    """What is missing then is another thing, and the run shows which."""
    assert come(run(test="Blocked"), there(CHECKER)) == ("Engram/checker//0",)


def test_nothing_is_told_of_what_no_step_waits_for() -> None:
    """Of another step's Engram, of one that is still missing, to a run that is not blocked."""
    worker = placed_engram()

    assert come(run(test="Blocked", build="Running"), there(worker)) == ()
    assert come(run(build="Blocked"), there()) == ()
    assert come(run(conditions=[], build="Blocked"), there(worker)) == ()
    assert come(run_of(), there(worker)) == ()


def test_branches_may_wait_as_long_as_their_block_runs() -> None:
    """Their own phases are in no status of a StoryRun."""
    block = {"name": "all", "type": "parallel", "with": {"steps": [engram("build")]}}
    one = there(placed_engram(), story=placed_story(block))

    assert come(run(all="Running"), one) != ()
    assert come(run(all="Succeeded"), one) == ()


def test_a_story_that_is_gone_or_changed_tells_nothing() -> None:
    """The run looks by itself."""
    worker, other = placed_engram(), placed_story(engram("other"))

    assert come(run(build="Blocked"), there(worker, story=None)) == ()
    assert come(run(build="Blocked"), there(worker, story=other)) == ()
    assert come(run(build="Blocked"), there(worker)._replace(story=_unreadable)) == ()


def test_what_cannot_be_read_has_come_as_well() -> None:
    """The run says what is wrong with it."""
    told = come(run(build="Blocked"), there()._replace(engram=_unreadable))

    assert told == ("Engram/worker: spec: is required",)


def test_two_steps_that_wait_for_the_same_are_one_reason() -> None:
    story = placed_story(engram("build"), engram("test"))
    one = lookups(story, (placed_engram(),), (template(image="worker:1"),))

    assert len(come(run(build="Blocked", test="Blocked"), one)) == 2


def _unreadable(_: str, name: str) -> Any:
    raise InvalidManifestError([Problem("spec", "is required", object=f"Engram/{name}")])
