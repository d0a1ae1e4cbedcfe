"""What is written about a run from outside its workflow."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.models.bubustack import StoryRun, StoryRunStatus
from runwright.rules.bubustack.intake import RUN_ID, Refuse, Waits
from runwright.rules.bubustack.outside import (
    cancelled_status,
    ended_outside_status,
    foreign_status,
    is_to_run_anew,
    left_behind,
    lost_history_status,
    recovered_status,
    refused_redrive_status,
    refused_status,
    stuck_status,
    waiting_status,
    wiped_status,
)
from tests.unit.rules.resources import run_of
from tests.unit.rules.shown import LATER
from tests.unit.rules.states import NOW
from tests.unit.rules.test_status_changes import merged

WAITS = Waits("StoryNotFound", 'there is no Story "release"')
EARLIER = "2026-03-01T11:00:00Z"
RUNNING = {
    "phase": "Running",
    "startedAt": EARLIER,
    "active": ["build"],
    "conditions": [
        {"type": kind, "status": status, "reason": "Running", "lastTransitionTime": EARLIER}
        for kind, status in (
            *(("Ready", "False"), ("Progressing", "True")),
            *(("Paused", "True"), ("Blocked", "True")),
        )
    ],
    "stepStates": {"build": {"phase": "Running"}, "test": {"phase": "Failed"}},
    "gates": {"ask": {"message": "Waits for a decision"}, "go": {"state": "Approved"}},
}


def after(run: StoryRun, patch: dict[str, Any]) -> StoryRun:
    """Return the object with a patch of its status merged into it."""
    whole = run.model_dump(mode="json", exclude_none=True)
    return StoryRun.model_validate(merged(whole, {"status": patch}))


def standing(patch: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return status and reason of each condition."""
    return {one["type"]: (one["status"], one["reason"]) for one in patch["conditions"]}


def moved(patch: dict[str, Any]) -> dict[str, str]:
    """Return when each condition changed."""
    return {one["type"]: one["lastTransitionTime"] for one in patch["conditions"]}


def test_a_run_that_waits_is_pending_and_says_for_what() -> None:
    patch = waiting_status(run_of(), WAITS, NOW)

    assert (patch["phase"], patch["message"]) == ("Pending", WAITS.message)
    assert patch["observedGeneration"] == 1
    assert standing(patch) == {
        "Ready": ("False", "StoryNotFound"),
        "Progressing": ("True", "StoryNotFound"),
        "Degraded": ("False", "StoryNotFound"),
    }


def test_waiting_for_the_same_is_nothing_to_write() -> None:
    """It is looked at again and again."""
    waiting = after(run_of(), waiting_status(run_of(), WAITS, NOW))

    assert waiting_status(waiting, WAITS, LATER) == {}


def test_waiting_for_something_else_moves_no_condition() -> None:
    waiting = after(run_of(), waiting_status(run_of(), WAITS, NOW))

    patch = waiting_status(waiting, Waits("ReferenceNotFound", "there is no Engram"), LATER)

    assert set(patch) == {"message", "conditions"}
    assert set(moved(patch).values()) == {"2026-03-01T12:00:00Z"}


def test_a_refused_run_has_failed() -> None:
    waiting = after(run_of(), waiting_status(run_of(), WAITS, NOW))

    patch = refused_status(waiting, Refuse("StoryReferenceInvalid", "not allowed"), LATER)

    assert (patch["phase"], patch["finishedAt"]) == ("Failed", "2026-03-01T12:01:05.500000Z")
    assert patch["error"] == {"type": "StoryReferenceInvalid", "message": "not allowed"}
    assert standing(patch)["Degraded"] == ("True", "StoryReferenceInvalid")
    assert moved(patch) == {
        "Ready": "2026-03-01T12:00:00Z",
        "Progressing": "2026-03-01T12:01:05.500000Z",
        "Degraded": "2026-03-01T12:01:05.500000Z",
    }


def test_case_57_a_run_that_is_cancelled_before_its_start_is_finished() -> None:
    patch = cancelled_status(run_of(), NOW)

    assert (patch["phase"], patch["message"]) == ("Finished", "StoryRun gracefully canceled")
    assert standing(patch) == {
        "Ready": ("False", "Canceled"),
        "Progressing": ("False", "Canceled"),
        "Degraded": ("False", "Canceled"),
    }
    assert "error" not in patch


def test_a_run_that_was_ended_in_temporal_has_failed_with_all_that_was_open() -> None:
    run = run_of(status=RUNNING)

    patch = ended_outside_status(run, "Terminated", "ended by hand", NOW)

    assert (patch["phase"], patch["duration"], patch["active"]) == ("Failed", "1h0m0s", None)
    assert patch["error"] == {"type": "Terminated", "message": "ended by hand"}
    assert patch["stepStates"] == {
        "build": {
            "phase": "Canceled",
            "message": "Stopped because the run was ended outside its own code",
            "finishedAt": "2026-03-01T12:00:00Z",
        }
    }
    assert patch["gates"] == {"ask": None}
    assert "Paused" not in standing(patch)
    assert moved(patch)["Ready"] == EARLIER


def test_a_run_that_never_showed_anything_can_end_outside_too() -> None:
    patch = ended_outside_status(run_of(), "TimedOut", "too long", NOW)

    assert set(patch) == {
        "observedGeneration",
        "phase",
        "message",
        "conditions",
        "finishedAt",
        "error",
    }


def test_a_lost_history_is_a_condition_that_says_what_to_do() -> None:
    run = run_of(status=RUNNING, metadata={"annotations": {RUN_ID: "0199"}})

    patch = lost_history_status(run, NOW)

    (lost,) = (one for one in patch["conditions"] if one["type"] == "HistoryLost")
    assert set(patch) == {"conditions"}
    assert (lost["status"], lost["lastTransitionTime"]) == ("True", "2026-03-01T12:00:00Z")
    assert "Temporal knows nothing of run 0199" in lost["message"]
    assert f"remove the annotation {RUN_ID}" in lost["message"]
    assert {"Ready", "Progressing", "Paused"} <= set(standing(patch))
    assert lost_history_status(after(run, patch), LATER) == {}


def test_a_lost_run_is_run_anew_when_its_marker_is_removed() -> None:
    run = run_of(status={**RUNNING, "trace": {"traceId": "1"}})
    marked = run.metadata.model_copy(update={"annotations": {RUN_ID: "0199"}})
    lost = after(run, lost_history_status(run.model_copy(update={"metadata": marked}), NOW))

    assert is_to_run_anew(lost)
    assert not is_to_run_anew(lost.model_copy(update={"metadata": marked}))
    assert not is_to_run_anew(after(run, foreign_status(run, NOW)))


def test_nothing_stays_of_a_run_before_another_begins() -> None:
    """Neither its steps nor its approvals. What was approved before any run began counts."""
    begun = run_of(status={**RUNNING, "trace": {"traceId": "1"}})
    early = run_of(status={"gates": {"go": {"state": "Approved"}}})

    left = after(begun, left_behind(begun)).status

    assert left == StoryRunStatus.model_validate({"trace": {"traceId": "1"}})
    assert left_behind(early) == left_behind(run_of()) == {}


def test_conditions_without_a_ready_one_get_it() -> None:
    """The API server takes none otherwise."""
    patch = stuck_status(run_of(), "KeyError: 'x'", NOW)

    assert standing(patch) == {
        "Ready": ("False", "Pending"),
        "WorkflowStuck": ("True", "WorkflowTaskFailed"),
    }


def test_a_run_that_is_still_stuck_keeps_the_time_since_when() -> None:
    run = run_of(status=RUNNING)
    stuck = after(run, stuck_status(run, "KeyError: 'x'", NOW))

    patch = stuck_status(stuck, "KeyError: 'y'", LATER)

    assert moved(patch)["WorkflowStuck"] == "2026-03-01T12:00:00Z"


def test_a_run_that_recovered_says_so_no_more() -> None:
    run = run_of(status=RUNNING)
    stuck = after(run, stuck_status(run, "KeyError: 'x'", NOW))

    patch = recovered_status(stuck, LATER)

    assert set(standing(patch)) == {"Ready", "Progressing", "Paused", "Blocked"}
    assert recovered_status(run, LATER) == {}


def test_what_somebody_else_wrote_stays_and_is_made_complete() -> None:
    """One condition without a time, and the API server refuses the whole patch."""
    foreign = {"type": "Audited", "status": "Unknown", "reason": "r" * 70, "observedGeneration": 3}
    run = run_of(status={"conditions": [foreign]})

    (kept,) = (
        one for one in waiting_status(run, WAITS, NOW)["conditions"] if one["type"] == "Audited"
    )

    assert kept == {
        "type": "Audited",
        "status": "Unknown",
        "reason": "r" * 64,
        "message": "",
        "observedGeneration": 3,
        "lastTransitionTime": "2026-03-01T12:00:00Z",
    }


@pytest.mark.parametrize("write", [lost_history_status, recovered_status])
def test_a_phase_that_nobody_knows_is_not_written(write: Any) -> None:
    assert "phase" not in write(run_of(status=RUNNING), NOW + timedelta(hours=1))


ENDED = {
    **RUNNING,
    "phase": "Failed",
    "finishedAt": EARLIER,
    "childrenCleanedAt": EARLIER,
    "output": {"image": "app:7"},
    "error": {"type": "DependencyFailed"},
    "attempts": 2,
    "triggerTokens": ["story"],
    "trace": {"traceId": "1"},
    "inputSchemaRef": {"ref": "bubu://story/team/release/inputs"},
}


def test_case_58_what_an_execution_showed_is_wiped_but_for_what_is_of_all_of_them() -> None:
    """How often the run was executed, what set it off, its trace and its schemas."""
    wiped = after(run_of(status=ENDED), wiped_status()).status

    assert wiped is not None
    assert wiped.model_dump(exclude_defaults=True, exclude_none=True, mode="json") == {
        name: ENDED[name] for name in ("attempts", "triggerTokens", "trace", "inputSchemaRef")
    }


def test_from_a_step_what_is_said_of_other_steps_and_gates_stays() -> None:
    patch = wiped_status(("test", "go"))

    wiped = after(run_of(status=ENDED), patch).status

    assert wiped is not None
    assert (wiped.phase, wiped.error, wiped.finished_at, wiped.conditions) == (None, None, None, ())
    assert list(wiped.step_states) == ["build"]
    assert list(wiped.gates) == ["ask"]


def test_a_redrive_that_is_refused_is_said_in_a_condition_and_changes_nothing_else() -> None:
    run = run_of(status=ENDED)

    patch = refused_redrive_status(run, "UnknownStep", "no such step", NOW)

    assert list(patch) == ["conditions"]
    assert standing(patch)["RedriveRefused"] == ("True", "UnknownStep")
    assert standing(patch)["Ready"] == ("False", "Running")
