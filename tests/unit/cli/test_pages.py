"""What a terminal shows of a run and of many."""

import pytest

from runwright.cli.pages import run_page, runs_table, step_note
from runwright.client import Summary
from runwright.models.story_run import StoryRunState
from tests.unit.cli.states import (
    BROKEN,
    BUILT,
    FAILED,
    GATE,
    NOW,
    OPEN_GATE,
    PARENT,
    START,
    TO_COME,
    WAITING,
    at,
    console,
    rendered,
    state,
    step,
    view,
)

WAITING_PAGE = """\
▶ Running  default/release-1  story release  1m 5s
started 10:00:00 UTC by ada

  ✔ Succeeded    build     4.2s
  ◷ Waiting      sign-off  1m    waits for a decision (0 of 1 approvals, until 11:00:00 UTC)
  ○ Not started  ship
  finally
  ○ Not started  notify

Gate sign-off waits for a decision (0 of 1 approvals):
  runwright approve release-1 sign-off
  runwright reject release-1 sign-off
"""
UNSTARTED_PAGE = """\
◷ Pending  default/release-1  story release  1m 5s
created 10:00:00 UTC by ada
waits: there is no Story "release"

"""
BROKEN_PAGE = """\
✘ Failed  default/release-1  story release  20s
started 10:00:00 UTC by ada, finished 10:00:20 UTC
Story completed with failed step: ship.

  ✔ Succeeded  build     4.2s
  ✘ Failed     ship      12s   the command failed
  ↷ Skipped    announce        Skipped: ship failed

Step ship (Failed): the command failed
  exit code 3
  read the log of this try
  runwright logs release-1 ship

Go on from what did not succeed: runwright retry release-1
"""


def page(shown: StoryRunState, encoding: str = "utf-8") -> str:
    terminal = console(encoding)
    return rendered(run_page(view(shown), NOW, terminal), terminal)


def test_a_run_that_waits_says_for_what_and_how_to_end_that() -> None:
    assert page(WAITING) == WAITING_PAGE


def test_a_run_that_has_not_started_says_what_it_waits_for() -> None:
    unstarted = state(phase="Pending", activation=0, message='there is no Story "release"')

    assert page(unstarted).rstrip() == UNSTARTED_PAGE.rstrip()


def test_a_run_that_failed_says_why_and_what_to_do() -> None:
    assert page(BROKEN) == BROKEN_PAGE


def test_a_run_that_is_a_step_says_of_which() -> None:
    shown = page(state(TO_COME, parent=PARENT))

    assert "started 10:00:00 UTC by ada as step call of run web-1\n" in shown


def test_marks_are_plain_where_the_terminal_shows_no_others() -> None:
    shown = page(BROKEN, "ascii")

    assert shown.isascii()
    assert shown.startswith("x Failed  default/release-1")
    assert "\n  + Succeeded  build" in shown


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"phase": "Running", "tries": 2, "max_tries": 4}, "try 2 of 4"),
        (
            {
                "phase": "Pending",
                "reason": "RetryScheduled",
                "tries": 1,
                "max_tries": 4,
                "next_retry_at": at(90),
                "message": "Exited with 3.",
            },
            "try 2 of 4 at 10:01:30 UTC; Exited with 3.",
        ),
        ({"phase": "Paused", "type": "sleep", "deadline": at(90)}, "until 10:01:30 UTC"),
        (
            {"phase": "Paused", "type": "wait", "message": "Waiting for condition."},
            "Waiting for condition.",
        ),
        (
            {"phase": "Paused", "type": "wait", "message": "Waiting.", "deadline": at(90)},
            "Waiting. until 10:01:30 UTC",
        ),
        (
            {"phase": "Blocked", "message": 'there is no Engram "b"', "deadline": at(90)},
            'there is no Engram "b", until 10:01:30 UTC',
        ),
        ({"phase": "Scheduling", "message": "Waits for a place"}, "Waits for a place"),
        ({"phase": "Pending", "message": "Waits for its StoryRun"}, "Waits for its StoryRun"),
        ({"phase": "Succeeded", "reason": "Kept", "activation": 1}, "kept from execution 1"),
    ],
    ids=[
        "second try",
        "retry",
        "sleep",
        "wait",
        "wait with a timeout",
        "blocked",
        "queued",
        "being made",
        "kept",
    ],
)
def test_a_step_says_what_it_waits_for(fields: dict[str, object], note: str) -> None:
    shown = page(state(step("build", started_at=START, **fields)))

    assert shown.rstrip().endswith(note)


STALLED = step(
    "build",
    phase="Running",
    started_at=START,
    tries=1,
    task="b",
    diagnosis={
        "category": "image-pull",
        "summary": "the image cannot be pulled",
        "detail": "nowhere.example/build:1: not found",
        "resolution": "see that the image exists under this name",
    },
)


def test_a_step_that_cannot_start_says_why_and_what_would_mend_it() -> None:
    """Running alone would be believed for as long as the step may take."""
    shown = page(state(STALLED))

    assert "build  1m 5s  does not get on: the image cannot be pulled\n" in shown
    assert shown.endswith(
        "Step build does not get on: the image cannot be pulled\n"
        "  nowhere.example/build:1: not found\n"
        "  see that the image exists under this name\n"
    )


CHILD = {"name": "release-1-eu", "workflow_id": "storyrun/default/release-1-eu/local"}


def test_a_step_says_at_which_gates_the_run_waits_that_it_executes() -> None:
    gates = [{"run": "release-1-eu", "gate": "ask"}]
    child = {"name": "release-1-eu", "workflow_id": "storyrun/team/release-1-eu/x", "gates": gates}
    calling = state(step("eu", type="executeStory", phase="Running", child=child), namespace="team")

    assert step_note(calling, calling.steps["eu"], NOW) == (
        "run team/release-1-eu: waits for a decision at team/release-1-eu ask"
    )


def test_a_step_that_executes_a_story_says_as_which_run() -> None:
    """Nothing else tells where its own steps are to be seen."""
    running = step("eu", type="executeStory", phase="Running", started_at=START, child=CHILD)
    failed = {**running, "phase": "Failed", "message": "no.", "finished_at": at(9)}

    assert page(state(running)).rstrip().endswith("run release-1-eu")
    assert "Step eu (Failed): no.\n  runwright get team/release-1-eu\n" in page(
        state(failed, namespace="team")
    )


def test_a_paused_run_says_by_whom_and_how_to_go_on() -> None:
    paused = state(BUILT, TO_COME, paused={"by": "ada", "since": at(5), "comment": "lunch"})

    shown = page(paused)

    assert "Paused by ada since 10:00:05 UTC: lunch; no further step starts.\n" in shown
    assert shown.endswith("  runwright resume release-1\n")


def test_what_is_tried_again_is_shown_with_its_reason() -> None:
    terminal = console()
    trouble = {"activity": "release-1-build", "attempt": 3, "message": "disk is full"}

    shown = rendered(run_page(view(state(TO_COME), trouble), NOW, terminal), terminal)

    assert shown.endswith(
        "For now release-1-build does not work, and is tried again (attempt 3):\n  disk is full\n"
    )


def test_a_list_says_what_each_run_waits_for() -> None:
    terminal = console()
    runs = [
        Summary(
            namespace="default",
            name="release-2",
            story="release",
            phase="Running",
            started_at=at(5),
            pending_gates=("sign-off",),
        ),
        Summary(
            namespace="team",
            name="release-1",
            story="release",
            phase="Succeeded",
            started_at=START,
            finished_at=at(0.35),
        ),
    ]

    assert rendered(runs_table(runs, NOW, terminal), terminal) == (
        "RUN                STORY    PHASE        STARTED       DURATION  WAITS FOR\n"
        "default/release-2  release  ▶ Running    10:00:05 UTC  1m        gate sign-off\n"
        "team/release-1     release  ✔ Succeeded  10:00:00 UTC  350ms\n"
    )


DECISION = {"gate": "sign-off", "verdict": "approve", "activation": 1, "at": at(6)}
POLICY = {"users": ["ada", "grace"], "required": 2, "identity": "claimed"}


def with_gate(phase: str = "Paused", **fields: object) -> StoryRunState:
    gate = {**OPEN_GATE, "deadline": None, "approval": POLICY, **fields}
    over = {"phase": phase, "finished_at": None if phase == "Paused" else at(9)}
    return state(BUILT, {**GATE, **over}, gates={"sign-off": gate})


def test_a_gate_that_waits_says_who_approved_and_who_may_decide() -> None:
    shown = page(with_gate(decisions=[{**DECISION, "by": "ada"}]))

    assert (
        "Gate sign-off waits for a decision "
        "(1 of 2 approvals; ada approved; may be decided by ada or grace):\n"
        "  runwright approve release-1 sign-off --as NAME\n"
    ) in shown


def test_a_gate_that_nobody_can_decide_has_no_command() -> None:
    """Each would be refused."""
    shown = page(with_gate(approval={"users": ["ada"]}))

    assert "  Nobody can decide it: it takes verified identities only, and" in shown
    assert "runwright approve" not in shown


def test_a_decided_gate_says_by_whom_and_with_which_comment() -> None:
    both = [{**DECISION, "by": name} for name in ("ada", "grace")]
    no = {**DECISION, "by": "ada", "verdict": "reject", "comment": "too early"}

    approved = page(with_gate("Succeeded", decisions=both, outcome="Approved"))
    rejected = page(with_gate("Failed", decisions=[no], outcome="Rejected"))

    assert "approved by ada and grace\n" in approved
    assert "rejected by ada: too early\n" in rejected


def test_decisions_that_did_not_count_are_shown_with_their_reasons() -> None:
    request = {"gate": "sign-off", "verdict": "approve", "by": "linus"}
    refused = {"request": request, "at": at(7), "reason": "linus is not among them"}

    shown = page(state(BUILT, refused_decisions=[refused]))

    assert "Refused: linus said approve to gate sign-off: linus is not among them\n" in shown


def test_a_paused_run_is_called_so_in_its_headline() -> None:
    paused = state(TO_COME, paused={"by": "ada", "since": at(5)})

    assert page(paused).startswith("◷ Paused  default/release-1")


def test_a_failure_has_its_exit_code_in_its_line() -> None:
    failed = {**FAILED, "exit_code": 3}

    shown = page(state(failed, phase="Failed", finished_at=at(20)))

    assert "ship  12s  the command failed (exit code 3)\n" in shown


def test_a_cancelled_run_says_by_whom_and_why() -> None:
    cancelled = {"by": "ada", "at": at(2), "reason": "wrong tag", "grace": "PT20S"}

    shown = page(state(BUILT, phase="Finished", finished_at=at(5), cancelled=cancelled))

    assert "Cancelled by ada: wrong tag.\n" in shown
