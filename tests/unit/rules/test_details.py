"""A run as the Temporal UI shows it."""

import pytest

from runwright.models.bubustack import Phase
from runwright.models.gates import Approval, Decision, Gate, GateOutcome, Verdict
from runwright.models.runs import Paused
from runwright.models.story_run import StoryRunState
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.details import details
from tests.unit.rules.states import NOW, changed, state_of
from tests.unit.rules.stories import condition, engram, story

STORY = story(engram("build"), {"name": "ask", "type": "gate"}, condition("deploy"))


def waiting(**gate: object) -> StoryRunState:
    """Return a run that waits at its gate."""
    given = {"name": "ask", "activation": 1, "opened_at": NOW, **gate}
    state = state_of(STORY, build=Phase.SUCCEEDED, ask=Phase.PAUSED)
    return state.model_copy(update={"gates": {"ask": Gate.model_validate(given)}})


def test_every_step_has_a_row_in_the_order_of_the_story() -> None:
    state = changed(
        state_of(STORY, build=Phase.SUCCEEDED, ask=Phase.PAUSED), "build", tries=1, max_tries=1
    )
    state = changed(state, "ask", message="Waiting for gate decision.")

    assert details(state).splitlines() == [
        "**Running**",
        "",
        "| Step | Phase | Tries | Message |",
        "| --- | --- | --- | --- |",
        "| build | ✅ Succeeded | 1 |  |",
        "| ask | ⏸️ Paused |  | Waiting for gate decision. |",
        "| deploy | ⚪  |  |  |",
    ]


@pytest.mark.parametrize(
    ("phase", "mark"),
    [
        (Phase.SKIPPED, "⏭️"),
        (Phase.RUNNING, "🔵"),
        (Phase.PENDING, "🟡"),
        (Phase.BLOCKED, "⏳"),
        (Phase.SCHEDULING, "🟡"),
        (Phase.FAILED, "❌"),
        (Phase.TIMEOUT, "❌"),
        (Phase.CANCELED, "❌"),
    ],
)
def test_a_phase_is_seen_at_a_glance(phase: Phase, mark: str) -> None:
    assert f"| build | {mark} {phase} |" in details(state_of(STORY, build=phase))


def test_tries_are_counted_where_there_may_be_several() -> None:
    state = changed(state_of(STORY, build=Phase.RUNNING), "build", tries=2, max_tries=4)

    assert "| build | 🔵 Running | 2 of 4 |  |" in details(state)


def test_a_task_that_does_not_get_on_says_why() -> None:
    trouble = Diagnosis(category="image", summary="no such image", detail="web:1")
    state = changed(state_of(STORY, build=Phase.RUNNING), "build", diagnosis=trouble)

    assert "| build | 🔵 Running |  | no such image: web:1 |" in details(state)


def test_an_open_gate_says_how_to_decide_it() -> None:
    assert (
        "Gate **ask** waits for a decision (0 of 1 approvals):\n"
        "`runwright approve release-1 ask`, `runwright reject release-1 ask`\n"
    ) in details(waiting())


def test_an_open_gate_says_what_is_missing_and_until_when() -> None:
    said = Decision(gate="ask", verdict=Verdict.APPROVE, activation=1, at=NOW, by="ada")

    shown = details(waiting(approval=Approval(required=2), decisions=(said,), deadline=NOW))

    assert "(1 of 2 approvals, until 2026-03-01 12:00:00 UTC):" in shown


def test_a_gate_that_is_decided_or_not_reached_asks_for_nothing() -> None:
    assert "waits for a decision" not in details(waiting(outcome=GateOutcome.APPROVED))
    assert "waits for a decision" not in details(waiting(opened_at=None))


def test_commands_name_the_namespace_where_it_is_not_the_usual_one() -> None:
    state = waiting().model_copy(update={"namespace": "team"})

    assert "`runwright approve team/release-1 ask`" in details(state)


def test_a_run_that_did_not_succeed_says_how_to_go_on() -> None:
    over = {"finished_at": NOW, "phase": Phase.FAILED, "message": "Finally step tell failed."}
    failed = state_of(STORY).model_copy(update=over)

    shown = details(failed, retry='{"name":"release-1"}')

    assert shown.startswith("**Failed** Finally step tell failed.\n")
    assert shown.endswith(
        "\nGo on from what did not succeed: `runwright retry release-1`\n"
        "or start this workflow again, under the same id, with:\n"
        '```json\n{"name":"release-1"}\n```'
    )
    assert "runwright retry" not in details(failed)


def test_an_input_that_nobody_would_copy_is_not_shown() -> None:
    over = {"finished_at": NOW, "phase": Phase.FAILED}

    shown = details(state_of(STORY).model_copy(update=over), retry="x" * 40_000)

    assert shown.endswith("\nGo on from what did not succeed: `runwright retry release-1`")


def test_a_later_execution_and_a_pause_are_told() -> None:
    paused = Paused(by="ada", since=NOW, comment="freeze")
    state = state_of(STORY).model_copy(update={"activation": 2, "paused": paused})
    nameless = state.model_copy(update={"paused": Paused(by="", since=NOW)})

    assert details(state).splitlines()[1:3] == [
        "Execution 2 of this run.",
        "Paused by ada freeze",
    ]
    assert "Paused by somebody" in details(nameless)


def test_what_a_task_says_breaks_no_table_and_is_no_markup() -> None:
    state = changed(
        state_of(STORY, build=Phase.FAILED), "build", message="a | b\n<script> `x`\n" + "y" * 200
    )

    row = next(line for line in details(state).splitlines() if line.startswith("| build"))

    assert "a \\| b &lt;script> 'x' yyy" in row
    assert row.endswith("y… |")
    assert len(row) < 160
