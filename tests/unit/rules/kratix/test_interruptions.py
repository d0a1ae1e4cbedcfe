"""Runs that were ended before they could end by themselves, and what is told of runs."""

from datetime import timedelta

from runwright.models.kratix import (
    CurrentRun,
    Ending,
    ParentReport,
    PastRun,
    PipelinePhase,
    RunAgain,
    Standing,
    Trigger,
    Turns,
)
from runwright.models.runs import Cancelled
from runwright.rules.history import When
from runwright.rules.kratix import reports
from runwright.rules.kratix.details import details
from runwright.rules.kratix.interruptions import broken_off, said_of_cancel
from tests.unit.rules.kratix.runs import PROMISE, REQUEST
from tests.unit.rules.kratix.states import (
    CONFIGURE,
    DELETE,
    HASH,
    at,
    complete,
    ended,
    failed,
    fresh,
    phases,
    started,
    suspended,
    told,
)

PAST = PastRun(
    number=3,
    action=CONFIGURE,
    trigger=Trigger.MANUAL,
    by="ada",
    started_at=at(0),
    finished_at=at(90),
    ending=Ending.SUCCEEDED,
)


def test_the_pipeline_that_a_run_was_at_failed() -> None:
    state = started(ended(started(fresh("a", "b"), anew=True)), 1)

    broken = broken_off(state, 0, "f" * 32, "cancelled", at(5))

    assert phases(broken) == [PipelinePhase.SUCCEEDED, PipelinePhase.FAILED]
    assert (broken.message, broken.hash) == ("cancelled", "f" * 32)
    assert told(broken, "Reconciled")[1] == "ConfigureWorkflowFailed"


def test_a_delete_pipeline_that_was_ended_is_not_started_again_by_itself() -> None:
    broken = broken_off(fresh("d", action=DELETE), 0, HASH, "cancelled", at(5))

    assert broken.delete.pipelines[0].hash == HASH
    assert (broken.hash, told(broken, "DeleteWorkflowCompleted")[1]) == ("", "DeleteWorkflowFailed")


def test_who_ended_a_run_is_told() -> None:
    by = Cancelled(by="ada", at=at(1), reason="wrong size", grace=timedelta(0))

    assert said_of_cancel(by) == "Cancelled by ada: wrong size"
    assert said_of_cancel(None) == "Cancelled by somebody"


def test_a_run_is_called_by_how_it_left_its_workflow() -> None:
    states = [
        complete("a"),
        failed(started(fresh("a"))),
        suspended("a"),
        ended(started(fresh("a", "b"))),
    ]

    assert [reports.ending_of(one) for one in states] == list(Ending)


def test_the_history_tells_who_asked_for_a_run_and_what_became_of_it() -> None:
    asked = reports.asked_again(RunAgain(only="a", by="ada", comment="flaky"), When(at(0), 2))
    run = CurrentRun(
        workflow_id="x", number=3, action=CONFIGURE, trigger=Trigger.MANUAL, started_at=at(0)
    )
    begun = reports.started(run, When(at(0), 3))
    over = reports.ended(PAST, "Resource requested")

    assert (asked.message, asked.by) == ("only pipeline a; flaky", "ada")
    assert (begun.after, begun.reason, begun.by) == ("Running", "manual", None)
    assert (over.before, over.after) == ("Running", "Succeeded")
    assert over.message == "Resource requested; took 1m 30s"


def report(**fields: object) -> ParentReport:
    """Return a report."""
    given = {
        "parent": REQUEST,
        "cluster": "c",
        "standing": Standing.READY,
        "state": complete("a", "b"),
        "runs": 3,
        "past": (PAST,),
    }
    return ParentReport.model_validate({**given, **fields})


def test_the_page_of_an_entity_shows_its_pipelines_and_its_last_runs() -> None:
    page = details(report(message="Runs again at noon"), "kratix/x")

    assert page.startswith("**Ready** Runs again at noon")
    assert "| a | ✅ Succeeded |" in page
    assert "| 3 configure | manual by ada | Succeeded |" in page
    assert "1m 30s" in page


def test_the_page_of_a_promise_shows_how_many_requests_wait() -> None:
    waiting = {"id": "r", "trigger": "created"}
    turns = Turns.model_validate({"underWay": [waiting], "waiting": [waiting, waiting]})

    page = details(report(parent=PROMISE, turns=turns, problems=("spec: no",)), "kratix/x")

    assert "Requests: 1 have their turn, 2 wait for it." in page
    assert "- spec: no" in page
    assert "Required by" not in page


def test_the_page_of_a_promise_shows_which_promises_require_it() -> None:
    by = {"promises": [{"promise": {"name": name}} for name in ("app", "web")]}

    page = details(report(parent=PROMISE, requirers=by), "kratix/x")

    assert "Required by app and web." in page
