"""A run of pipelines on the page of its workflow."""

from typing import Any

from runwright.models.kratix import Ending, ParentState, PipelinesState, Trigger, WorkflowControl
from runwright.models.runs import Cancelled
from runwright.rules.kratix.progress import with_message
from runwright.rules.kratix.run_details import run_details, run_phase
from runwright.rules.kratix.tasks import GRACE
from tests.unit.rules.kratix.runs import REQUEST
from tests.unit.rules.kratix.states import CONFIGURE, at, ended, fresh, started


def run(state: ParentState, **fields: Any) -> PipelinesState:
    """Return what is known of the third run of a request."""
    given: dict[str, Any] = {"trigger": Trigger.MANUAL, "by": "ada", "current": "b", **fields}
    return PipelinesState(
        parent=REQUEST,
        cluster="test",
        action=CONFIGURE,
        number=3,
        state=state,
        started_at=at(0),
        **given,
    )


def test_a_run_says_why_it_runs_and_what_it_waits_for() -> None:
    state = started(ended(started(fresh("a", "b", "c"), anew=True)), 1, 5)

    page = run_details(run(state)).splitlines()

    assert page == [
        "**Running**",
        "Run 3 of Database shop/orders, configure: manual by ada.",
        "Waits for `job shop/job-1`, which runs since 2026-01-02 03:00:05 UTC.",
        "",
        "| Pipeline | Phase | Attempts | Job | Message |",
        "| --- | --- | --- | --- | --- |",
        "| a | ✅ Succeeded |  | `job-0` |  |",
        "| b | 🔵 Running |  | `job-1` |  |",
        "| c | ⚪ Pending |  |  |  |",
    ]


def test_a_job_that_is_not_made_yet_is_waited_for_and_what_keeps_it_is_told() -> None:
    """K58."""
    state = with_message(fresh("a", "b"), 1, "no | room")

    page = run_details(run(state))

    assert "Waits for the Job of pipeline **b** to be made." in page
    assert "| b | ⚪ Pending |  |  | no \\| room |" in page


def test_a_run_that_is_cancelled_waits_for_what_runs() -> None:
    state = started(fresh("b"), anew=True)
    told = Cancelled(by="grace", at=at(3), reason="wrong size", grace=GRACE)

    page = run_details(run(state, cancelled=told))

    assert "Cancelled by grace: waits for what runs to end. wrong size" in page


def test_a_run_that_is_over_waits_for_nothing_and_counts_attempts() -> None:
    control = WorkflowControl(retry_after=GRACE, message="not yet")
    state = ended(started(fresh("b"), anew=True), control=control)
    known = run(state, current="", ending=Ending.SUSPENDED, message="pipeline b suspended it")

    page = run_details(known)

    assert page.startswith("**Suspended** pipeline b suspended it\n")
    assert "Waits" not in page
    assert "| b | ⏸️ Suspended | 1 | `job-0` | not yet |" in page


def test_a_run_is_called_by_its_ending_or_as_cancelled() -> None:
    state = fresh("b")
    told = Cancelled(by="", at=at(3), grace=GRACE)

    assert run_phase(run(state)) == "Running"
    assert run_phase(run(state, ending=Ending.INTERRUPTED)) == "Interrupted"
    assert run_phase(run(state, ending=Ending.INTERRUPTED, cancelled=told)) == "Canceled"
    assert run_phase(run(state, ending=Ending.SUCCEEDED, cancelled=told)) == "Succeeded"
