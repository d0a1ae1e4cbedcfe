"""What a StoryRun's annotations ask for: that it be executed again."""

from typing import Any

import pytest

from runwright.errors import NotFoundError
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.intake import RUN_ID
from runwright.rules.bubustack.redrive import (
    FROM_STEP,
    REDRIVE,
    Redrive,
    bearing,
    is_between,
    is_heeded,
    redriven,
    redrives_of,
    repeated,
    why_not,
    why_not_of,
)
from runwright.rules.bubustack.resumption import resumed
from tests.unit.rules.resources import run_of
from tests.unit.rules.states import NOW, changed, start_of, state_of
from tests.unit.rules.stories import condition, engram, story

OBSERVED = "storyrun.bubustack.io/redrive-observed"
STEP_OBSERVED = "storyrun.bubustack.io/redrive-from-step-observed"
START = start_of(
    story(
        engram("build"),
        engram("deploy", needs=["build"]),
        engram("tell"),
        **{"finally": [condition("tidy")]},
    )
)
DONE = changed(
    state_of(START.story, build=Phase.SUCCEEDED, deploy=Phase.SUCCEEDED, tell=Phase.FAILED),
    "build",
    output={"image": "app:7"},
).model_copy(update={"finished_at": NOW})
WHOLE, FROM_DEPLOY = Redrive(REDRIVE, "t1"), Redrive(FROM_STEP, "deploy:t1")


def annotated(annotations: dict[str, str], **fields: Any) -> StoryRun:
    """Return a StoryRun that was started, with these annotations."""
    return run_of(metadata={"annotations": {RUN_ID: "r1", **annotations}}, **fields)


def heeding(redrive: Redrive) -> StartStoryRun:
    """Return the input of an execution that heeds it."""
    return START.model_copy(update={"redrive": redrive.digest})


@pytest.mark.parametrize(
    ("annotations", "asked"),
    [
        ({}, ()),
        ({REDRIVE: ""}, ()),
        ({REDRIVE: "t1"}, (WHOLE,)),
        ({REDRIVE: "t1", OBSERVED: "t0"}, (WHOLE,)),
        ({REDRIVE: "t1", OBSERVED: "t1"}, ()),
        ({FROM_STEP: "deploy:t1"}, (FROM_DEPLOY,)),
        ({FROM_STEP: "deploy:t1", STEP_OBSERVED: "deploy:t1"}, ()),
        ({FROM_STEP: "deploy:t1", REDRIVE: "t1"}, (WHOLE, FROM_DEPLOY)),
    ],
    ids=[
        "nothing",
        "an empty token",
        "a first token",
        "another token",
        "the same token",
        "a step",
        "the same step and token",
        "both",
    ],
)
def test_case_80_a_token_asks_for_something_once(
    annotations: dict[str, str], asked: tuple[Redrive, ...]
) -> None:
    """Tokens are compared as they are written; whatever differs is a new one."""
    assert redrives_of(annotated(annotations)) == asked


@pytest.mark.parametrize("text", ["deploy", "deploy:", ":t1", ":"])
def test_a_step_without_a_token_or_a_token_without_a_step_is_malformed(text: str) -> None:
    refused = why_not(annotated({}), Redrive(FROM_STEP, text))

    assert refused is not None
    assert refused.reason == "InvalidRedrive"
    assert f'must be STEP:TOKEN, not "{text}"' in refused.message


def test_a_token_may_hold_colons() -> None:
    """Moments make good tokens."""
    assert Redrive(FROM_STEP, "deploy:2026-03-01T12:00:00Z").step == "deploy"


@pytest.mark.parametrize("redrive", [WHOLE, FROM_DEPLOY], ids=["whole", "from a step"])
def test_a_run_that_asks_to_be_cancelled_is_not_redriven(redrive: Redrive) -> None:
    """Upstream knows no way back from `cancelRequested`, and neither does its definition."""
    refused = why_not(annotated({}, cancelRequested=True), redrive)

    assert refused is not None
    assert refused.reason == "CancelRequested"
    assert why_not(annotated({}), redrive) is None


def test_a_run_that_never_started_begins_and_has_no_step_to_begin_from() -> None:
    refused = why_not(run_of(), FROM_DEPLOY)

    assert why_not(run_of(), WHOLE) is None
    assert refused is not None
    assert refused.reason == "NotStarted"


@pytest.mark.parametrize("step", ["nope", "tidy"])
def test_a_step_that_the_story_does_not_have_is_told_from_those_it_has(step: str) -> None:
    """A hook is none of them: it belongs to one execution."""
    refused = why_not_of(START, Redrive(FROM_STEP, f"{step}:t1"))

    assert refused is not None
    assert refused.reason == "UnknownStep"
    assert f"no step {step} to retry from; it has build, deploy, tell" in refused.message
    assert why_not_of(START, FROM_DEPLOY) is why_not_of(START, WHOLE) is None


def test_case_58_a_redrive_keeps_nothing_and_counts_on() -> None:
    again = redriven(START, None, WHOLE)

    assert again.resume_from is not None
    assert (again.activation, again.resume_from.kept, repeated(again)) == (2, {}, None)


def test_case_60_from_a_step_what_is_done_and_does_not_depend_on_it_is_kept() -> None:
    """A step that failed is repeated wherever it is: with it the run would fail again."""
    again = redriven(START, DONE, FROM_DEPLOY)

    assert again.resume_from is not None
    assert list(again.resume_from.kept) == ["build"]
    assert again.resume_from.kept["build"].output == {"image": "app:7"}
    assert repeated(again) == ("deploy", "tell", "tidy")


def test_from_a_step_that_is_gone_from_the_story_nothing_begins() -> None:
    with pytest.raises(NotFoundError, match="has no step nope"):
        redriven(START, DONE, Redrive(FROM_STEP, "nope:t1"))


def test_an_execution_tells_which_redrive_it_heeds_and_so_do_those_after_it() -> None:
    """Somebody may retry the run before it is written down that the token was heeded."""
    again = redriven(START, None, WHOLE)
    retried = resumed(again, DONE.model_copy(update={"activation": 2}))

    assert is_heeded(WHOLE, again)
    assert is_heeded(WHOLE, retried)
    assert not is_heeded(WHOLE, START)


def test_a_run_that_begins_because_of_a_redrive_tells_so() -> None:
    """As one does that Temporal had forgotten: who heard late of it must not begin it again."""
    heeded = run_of(metadata={"annotations": {REDRIVE: "t1", OBSERVED: "t1"}})

    assert is_heeded(WHOLE, bearing(START, heeded))
    assert bearing(START, run_of()) is START


def test_the_same_text_in_the_other_annotation_is_another_redrive() -> None:
    assert not is_heeded(Redrive(FROM_STEP, "deploy:t1"), heeding(Redrive(REDRIVE, "deploy:t1")))


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (annotated({REDRIVE: "t1"}), True),
        (annotated({REDRIVE: "t1"}, status={"attempts": 2}), True),
        (annotated({REDRIVE: "t1"}, status={"phase": "Failed"}), False),
        (annotated({REDRIVE: "t1", OBSERVED: "t1"}, status={"attempts": 2}), False),
        (run_of(metadata={"annotations": {REDRIVE: "t1"}}), False),
    ],
    ids=["no status", "wiped", "over", "heeded", "never started"],
)
def test_between_two_executions_the_status_is_wiped_and_the_token_not_heeded(
    run: StoryRun, *, expected: bool
) -> None:
    assert is_between(run) is expected
