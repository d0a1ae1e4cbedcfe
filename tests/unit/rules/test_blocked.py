"""Steps that lack what does their work."""

from datetime import timedelta
from typing import Any, Final

import pytest

from runwright.models.bubustack import EngramTemplate, Phase
from runwright.models.catalog import FoundWorkers, UnreadableWorker
from runwright.models.story_run import StartStoryRun, StepProgress, StepReason
from runwright.models.tasks import Backend
from runwright.rules.bubustack import blocked
from runwright.rules.bubustack.blocked import Lack, judged, lack_of, may_still_come
from runwright.rules.bubustack.dag import Dag
from runwright.rules.bubustack.snapshot import engram_of, template_of
from runwright.rules.bubustack.status import story_run_status
from tests.unit.rules.resources import placed_engram
from tests.unit.rules.shown import LATER, placed, running
from tests.unit.rules.states import NOW, changed, steps_of, template
from tests.unit.rules.stories import condition, engram, story
from tests.unit.rules.works import cluster_run

IMAGE: Final = template(image="worker:1")
WORKER: Final = placed_engram()
NO_ENGRAM: Final = Lack(
    StepReason.REFERENCE_NOT_FOUND, 'there is no Engram "worker" in the namespace "team"'
)
NO_TEMPLATE: Final = Lack(
    StepReason.TEMPLATE_NOT_FOUND,
    'there is no EngramTemplate "image", which Engram "worker" needs',
)


def run_of(reference: dict[str, Any] | None = None, **fields: Any) -> StartStoryRun:
    """Return a run in the namespace `team` that has nothing to do its one step with."""
    step = engram("build", ref={"name": "worker", **(reference or {})})
    return cluster_run(step, **{"namespace": "team", "engrams": (), "templates": (), **fields})


def verdict(found: FoundWorkers, **fields: Any) -> StartStoryRun | Lack:
    """Return what such a run makes of what was found."""
    start = run_of(**fields)
    reference = start.story.spec.steps[0].ref
    assert reference
    return judged(start, reference, found)


def joined(found: FoundWorkers, **fields: Any) -> StartStoryRun:
    """Return such a run with what was found in its snapshot."""
    start = verdict(found, **fields)
    assert isinstance(start, StartStoryRun), start
    return start


def lack(start: StartStoryRun) -> Lack | None:
    """Return what the step of a run lacks."""
    return lack_of(start, start.story.spec.steps[0])


def waiting(name: str = "build", **fields: Any) -> StepProgress:
    """Return a step that is Blocked."""
    state = running(placed(), build=Phase.BLOCKED)
    step = changed(state, "build", message=NO_ENGRAM.message, **fields).steps["build"]
    return step.model_copy(update={"name": name})


@pytest.mark.parametrize(
    ("fields", "may_come"),
    [
        ({}, True),
        ({"engrams": (WORKER,)}, True),
        ({"engrams": (WORKER,), "templates": (IMAGE,)}, False),
        ({"backend": Backend.LOCAL}, False),
    ],
    ids=["no engram", "no template", "all there", "no cluster"],
)
def test_only_in_a_cluster_may_come_what_is_missing(
    fields: dict[str, Any], *, may_come: bool
) -> None:
    start = run_of(**fields)

    assert may_still_come(start, start.story.spec.steps[0]) is may_come


def test_a_primitive_needs_nobody() -> None:
    start = cluster_run(condition("a"), engrams=())
    (step,) = start.story.spec.steps

    assert (may_still_come(start, step), lack_of(start, step)) == (False, None)


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        ({}, NO_ENGRAM),
        ({"engrams": (WORKER,)}, NO_TEMPLATE),
        ({"engrams": (WORKER,), "templates": (IMAGE,)}, None),
    ],
    ids=["engram", "template", "nothing"],
)
def test_case_79_what_the_snapshot_lacks_is_named(
    fields: dict[str, Any], lacks: Lack | None
) -> None:
    assert lack(run_of(**fields)) == lacks


@pytest.mark.parametrize(
    ("found", "lacks"),
    [
        (FoundWorkers(), NO_ENGRAM),
        (FoundWorkers(engrams=(WORKER,)), NO_TEMPLATE),
        (FoundWorkers(templates=(IMAGE,)), NO_ENGRAM),
    ],
    ids=["nothing", "engram", "template"],
)
def test_what_was_found_joins_as_a_whole_only(found: FoundWorkers, lacks: Lack) -> None:
    assert verdict(found) == lacks


def test_what_was_found_is_taken_along_from_then_on() -> None:
    start = joined(FoundWorkers(engrams=(WORKER,), templates=(IMAGE,)))

    assert (start.engrams, start.templates) == ((WORKER,), (IMAGE,))
    assert lack(start) is None


def test_an_engram_that_was_mended_takes_the_place_of_the_one_that_was_not() -> None:
    """Nothing ran with the other: its template was missing."""
    slip, other = placed_engram(image="imgae"), placed_engram("other")

    start = joined(FoundWorkers(engrams=(WORKER,), templates=(IMAGE,)), engrams=(slip, other))

    assert start.engrams == (other, WORKER)


def test_a_template_that_the_run_has_stays_as_it_is() -> None:
    """Other steps were executed with it."""
    newer = template(image="worker:2")

    start = joined(FoundWorkers(engrams=(WORKER,), templates=(newer,)), templates=(IMAGE,))

    assert start.templates == (IMAGE,)


def test_a_template_of_the_run_serves_an_engram_that_comes_later() -> None:
    start = joined(FoundWorkers(engrams=(WORKER,)), templates=(IMAGE,))

    found = engram_of(start, start.story.spec.steps[0])
    assert found == WORKER
    assert template_of(start, WORKER) == IMAGE


@pytest.mark.parametrize(
    ("reference", "engram_spec", "reason", "words"),
    [
        (
            {"version": "2"},
            {"version": "1"},
            StepReason.ENGRAM_REFERENCE_INVALID,
            'Engram "worker": version "2" is asked for, "1" is there',
        ),
        (
            {"namespace": "other"},
            {},
            StepReason.ENGRAM_REFERENCE_INVALID,
            'Engram "worker" is in the namespace "other"',
        ),
        (
            {},
            {"templateRef": {"name": "image", "version": "2"}},
            StepReason.TEMPLATE_RESOLUTION_FAILED,
            'EngramTemplate "image": version "2" is asked for, "1" is there',
        ),
    ],
    ids=["version", "namespace", "version of the template"],
)
def test_what_no_waiting_would_mend_is_final(
    reference: dict[str, str], engram_spec: dict[str, Any], reason: StepReason, words: str
) -> None:
    found = FoundWorkers(engrams=(placed_engram(**engram_spec),), templates=(IMAGE,))

    told = verdict(found, reference=reference)

    assert isinstance(told, Lack)
    assert (told.reason, told.is_final) == (reason, True)
    assert told.message.startswith(words)


def test_what_cannot_be_read_is_final_for_its_own_steps() -> None:
    unreadable = UnreadableWorker(engram="worker", message="Engram/worker: spec: is required")
    other = UnreadableWorker(engram="other", message="m")

    told = verdict(FoundWorkers(unreadable=(other, unreadable)))

    assert told == Lack(StepReason.INVALID_CONFIGURATION, unreadable.message, is_final=True)
    assert verdict(FoundWorkers(unreadable=(other,))) == NO_ENGRAM


def test_everything_that_keeps_a_late_step_from_being_a_job_is_told_at_once() -> None:
    image = template(image=None, secretSchema={"key": {"required": True}})

    told = lack(joined(FoundWorkers(engrams=(WORKER,), templates=(image,))))

    assert told
    assert (told.reason, told.is_final) == (StepReason.INVALID_CONFIGURATION, True)
    assert told.message == (
        'spec.steps[0].ref: template "image" names no image, and a cluster runs nothing else; '
        'spec.steps[0]: secrets.key is required by template "image"'
    )


def test_a_step_that_waits_shows_what_for_and_how_long() -> None:
    (step,) = steps_of(story(engram("build"))).values()

    shown = blocked.shown(step, NO_ENGRAM, LATER)

    assert (shown.phase, shown.reason) == (Phase.BLOCKED, StepReason.REFERENCE_NOT_FOUND)
    assert (shown.message, shown.deadline) == (NO_ENGRAM.message, LATER)


def test_a_step_that_goes_on_has_no_time_behind_it() -> None:
    released = blocked.released(waiting(deadline=LATER, activation=2), LATER)

    assert (released.phase, released.reason, released.message) == (Phase.PENDING, None, "")
    assert (released.started_at, released.deadline, released.activation) == (LATER, None, 2)


@pytest.mark.parametrize(
    ("is_final", "message"),
    [
        (False, f"{NO_ENGRAM.message}, and was not there within 24h0m0s"),
        (True, NO_ENGRAM.message),
    ],
    ids=["in vain", "of no use"],
)
def test_case_79_a_step_fails_in_the_end_of_what_it_lacks(message: str, *, is_final: bool) -> None:
    lack = NO_ENGRAM._replace(is_final=is_final)

    ended = blocked.given_up(waiting(), lack, timedelta(days=1), LATER)

    assert (ended.phase, ended.reason) == (Phase.FAILED, StepReason.REFERENCE_NOT_FOUND)
    assert (ended.message, ended.finished_at) == (message, LATER)


def test_a_failure_elsewhere_skips_what_waits_and_stops_a_branch_that_does() -> None:
    """A block has started, and must not be taken for done without one of its branches."""
    step, branch = blocked.fallen(waiting(), NOW), blocked.fallen(waiting("all/build"), NOW)

    assert (step.phase, step.message) == (Phase.SKIPPED, "Skipped due to fail-fast policy")
    assert (branch.phase, branch.message) == (Phase.CANCELED, "Stopped due to fail-fast policy")
    assert branch.failed
    assert step.reason is branch.reason is StepReason.FAIL_FAST


@pytest.mark.parametrize(
    ("policy", "failed_fast"),
    [(None, True), ({"retries": {"continueOnStepFailure": True}}, False)],
    ids=["fail-fast", "goes on"],
)
def test_a_list_has_failed_fast_once_a_step_of_it_failed(
    policy: dict[str, Any] | None, *, failed_fast: bool
) -> None:
    one = story(condition("a"), engram("b"), policy=policy)
    graph = Dag(one).section(steps_of(one)["a"].section)

    assert graph.has_failed_fast(steps_of(one, a=Phase.FAILED)) is failed_fast
    assert graph.has_failed_fast(steps_of(one, a=Phase.SUCCEEDED)) is False


@pytest.mark.parametrize(
    ("phase", "takes_none"),
    [(Phase.BLOCKED, True), (Phase.SCHEDULING, True), (Phase.PENDING, False), (None, False)],
)
def test_what_waits_for_others_leaves_its_place_to_them(
    phase: Phase | None, *, takes_none: bool
) -> None:
    assert blocked.takes_no_room(waiting().model_copy(update={"phase": phase})) is takes_none


def test_a_step_that_waits_for_a_place_lacks_nothing() -> None:
    queued = blocked.queued(waiting(deadline=LATER, reason=StepReason.REFERENCE_NOT_FOUND))
    state = running(placed())
    state = state.model_copy(update={"steps": {**state.steps, "build": queued}})

    shown = story_run_status(placed(), state)

    assert shown.step_states["build"].message == "Waits for a place among the steps that run"
    assert [one.type for one in shown.conditions if one.type == "Blocked"] == []


def test_a_step_with_all_it_needs_is_a_work() -> None:
    start = run_of(engrams=(WORKER,), templates=(IMAGE,))
    (step,) = start.story.spec.steps

    work = blocked.work_of(start, step)

    assert work
    assert isinstance(work.template, EngramTemplate)
    assert blocked.work_of(run_of(), step) is None
