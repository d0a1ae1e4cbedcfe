"""What is told of a run of pipelines in its history."""

from runwright.models.gates import Identity
from runwright.models.history import Cause, Subject, Transition
from runwright.models.kratix import Ending, ParentState, Trigger, WorkflowControl
from runwright.rules.history import When
from runwright.rules.kratix.progress import begun_anew, pipeline_stopped, with_message
from runwright.rules.kratix.run_history import of_end, of_pipelines, of_start, of_warning
from runwright.rules.kratix.runs import RunEnd
from tests.unit.rules.kratix.starts import start_of
from tests.unit.rules.kratix.states import at, complete, ended, failed, fresh, started


def told(before: ParentState, after: ParentState, second: float = 62) -> list[Transition]:
    """Return what is told of a change in the third run."""
    return list(of_pipelines(before, after, Trigger.MANUAL, When(at(second), 3)))


def test_a_start_says_why_by_whom_and_with_which_pipelines() -> None:
    start = start_of("a", "b", "c", position=1, trigger=Trigger.MANUAL, by="ada")

    one = of_start(start, When(at(0), 3))

    assert (one.subject, one.after, one.reason) == (Subject.RUN, "Running", "manual")
    assert (one.by, one.identity) == ("ada", Identity.CLAIMED)
    assert one.message == "configure workflow: b and c"


def test_a_start_that_nobody_asked_for_names_nobody() -> None:
    one = of_start(start_of("a", trigger=Trigger.INTERVAL), When(at(0), 3))

    assert (one.by, one.identity) == (None, None)


def test_a_pipeline_that_starts_says_why_and_as_which_job() -> None:
    before = fresh("a", "b")

    (one,) = told(before, started(before, anew=True))

    assert (one.name, one.before, one.after, one.reason) == ("a", None, "Running", "manual")
    assert one.message == "job job-0"


def test_a_pipeline_that_ends_says_how_long_it_took() -> None:
    running = started(fresh("a", "b"), anew=True)

    (one,) = told(running, ended(running, second=62))

    assert (one.before, one.after, one.reason) == ("Running", "Succeeded", None)
    assert one.message == "took 1m 1s"


def test_a_failure_says_why_and_a_suspension_what_it_asks() -> None:
    running = started(fresh("a"), anew=True)
    control = WorkflowControl(suspend=True, message="ask Ada")

    (failure,) = told(running, with_message(failed(running), 0, "Exited: exit code 1"))
    (suspension,) = told(running, ended(running, control=control))

    assert failure.message == "Exited: exit code 1; took 1m 1s"
    assert (suspension.after, suspension.message) == ("Suspended", "ask Ada; took 1m 1s")


def test_that_pipelines_are_to_run_again_is_not_told_and_that_one_was_stopped_is() -> None:
    state = complete("a", "b")
    running = started(state, anew=True)

    assert told(state, begun_anew(state, at(3))) == []
    assert [one.name for one in told(state, running)] == ["a"]
    (stop,) = told(running, pipeline_stopped(running, 0, at(62), "stopped"))
    assert (stop.before, stop.after, stop.message) == ("Running", "Pending", "stopped; took 1m 1s")


def test_what_keeps_a_pipeline_is_told_until_it_gets_on() -> None:
    running = started(fresh("a"), anew=True)
    kept = with_message(running, 0, "no room")

    (stall,) = told(running, kept)
    (gets_on,) = told(kept, running)

    assert (stall.reason, stall.after, stall.message) == (Cause.STALLED, None, "no room")
    assert (gets_on.reason, gets_on.message) == (Cause.GETS_ON, None)


def test_what_was_passed_over_is_told() -> None:
    one = of_warning("a", "a Promise takes no field but message", When(at(0), 3))

    assert (one.name, one.reason, one.message) == (
        "a",
        "Warning",
        "a Promise takes no field but message",
    )


def test_an_end_says_how_why_and_how_long_it_took() -> None:
    end = RunEnd(Ending.FAILED, "Exited", "pipeline a failed: Exited")

    one = of_end(end, at(0), When(at(90), 3))

    assert (one.before, one.after, one.reason) == ("Running", "Failed", "Exited")
    assert one.message == "pipeline a failed: Exited; took 1m 30s"
