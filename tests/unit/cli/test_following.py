"""What is written while a run is watched."""

from datetime import UTC

from runwright.cli.change_lines import change_lines
from runwright.cli.following import OF_RUN, Lines, Picture, silence
from runwright.client import Away, Missing
from tests.unit.cli.states import (
    BROKEN,
    BUILT,
    FAILED,
    GATE,
    NOW,
    OPEN_GATE,
    TO_COME,
    WAITING,
    at,
    console,
    state,
    step,
    view,
)

WORKER_AWAY = Away(missing=Missing.WORKER, message="no worker answers", since=at(60))


def test_the_first_look_tells_where_the_run_is() -> None:
    assert list(change_lines(None, view(WAITING), NOW)) == [
        "run default/release-1: Running, story release",
        "build: Succeeded after 4.2s",
        "sign-off: Waiting, waits for a decision (0 of 1 approvals, until 11:00:00 UTC)",
        "Gate sign-off waits for a decision (0 of 1 approvals): "
        "runwright approve release-1 sign-off (or runwright reject release-1 sign-off)",
    ]


def test_a_run_that_waits_to_be_started_says_for_what_and_then_that_it_has() -> None:
    unseen = state(phase="Pending", activation=0)
    waiting = state(phase="Pending", activation=0, message="there is no Story")

    first = list(change_lines(None, view(unseen), NOW))
    then = list(change_lines(view(unseen), view(waiting), NOW))
    last = list(change_lines(view(waiting), view(state(BUILT)), NOW))

    assert first == ["run default/release-1: Pending, story release"]
    assert then == ["waits: there is no Story"]
    assert last == [
        "run default/release-1: Running, story release",
        "build: Succeeded after 4.2s",
    ]


def test_a_later_look_tells_only_what_is_new() -> None:
    before = view(state(BUILT, step("ship", phase="Running", started_at=at(5), tries=1)))

    lines = list(change_lines(before, view(BROKEN), NOW))

    assert lines == [
        "ship: Failed after 12s, the command failed",
        "ship: exit code 3",
        "ship: hint: read the log of this try",
        "ship: hint: runwright logs release-1 ship",
        "announce: Skipped, Skipped: ship failed",
        "run default/release-1: Failed after 20s. Story completed with failed step: ship.",
    ]


def test_nothing_new_is_no_line() -> None:
    assert list(change_lines(view(WAITING), view(WAITING), NOW)) == []


def test_a_pause_and_a_cancel_are_told_once() -> None:
    running = state(BUILT, TO_COME)
    paused = state(BUILT, TO_COME, paused={"by": "ada", "since": at(1)})
    cancelled = state(
        BUILT, TO_COME, cancelled={"by": "", "at": at(2), "reason": "no", "grace": "PT20S"}
    )

    assert list(change_lines(view(running), view(paused), NOW)) == ["paused by ada"]
    assert list(change_lines(view(paused), view(cancelled), NOW)) == [
        "resumed",
        "cancelled by somebody: no",
    ]


def test_what_goes_wrong_for_now_is_told_once() -> None:
    """A trouble's attempts are counted with each try; a line for each would be noise."""
    first = {"activity": "a", "attempt": 1, "message": "disk is full"}
    again = {**first, "attempt": 2}
    running = state(TO_COME)

    assert list(change_lines(view(running), view(running, first), NOW)) == [
        "a: is tried again: disk is full"
    ]
    assert list(change_lines(view(running, first), view(running, again), NOW)) == []


def test_silence_says_who_and_since_when() -> None:
    assert silence(WORKER_AWAY, NOW.astimezone(UTC)) == (
        "No worker answers since 10:01:00 UTC; this goes on as soon as that is over."
    )


def test_lines_tell_of_silence_and_of_its_end() -> None:
    terminal = console()

    with terminal.capture() as capture, Lines(OF_RUN, terminal) as lines:
        lines.show(view(state(BUILT)))
        lines.show(WORKER_AWAY)
        lines.show(view(state(BUILT)))

    said = [line.split("  ", 1)[1] for line in capture.get().splitlines()]
    assert said[:2] == [
        "run default/release-1: Running, story release",
        "build: Succeeded after 4.2s",
    ]
    assert said[2].startswith("No worker answers since ")
    assert said[3:] == ["Answers again."]


def test_a_picture_keeps_the_run_in_sight_while_nobody_answers() -> None:
    terminal = console()
    waiting = state(BUILT, GATE, FAILED, gates={"sign-off": OPEN_GATE})

    with terminal.capture() as capture, Picture(OF_RUN, terminal, transient=False) as picture:
        picture.show(view(waiting))
        picture.show(WORKER_AWAY)

    assert "sign-off" in capture.get()
    assert "No worker answers since" in capture.get()
