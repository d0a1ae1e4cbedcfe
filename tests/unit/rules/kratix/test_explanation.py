"""Why a parent is where it is, in a paragraph."""

from runwright.models.kratix import Standing
from runwright.rules.kratix.explanation import explanation
from runwright.rules.kratix.reports import is_at_rest
from tests.unit.rules.kratix.reported import ADDRESS, GATE, PAST, RUN, report
from tests.unit.rules.kratix.runs import PROMISE
from tests.unit.rules.kratix.states import at, complete, failed, fresh, started, suspended

ASKED = {"request": {"by": "bo"}, "at": at(1)}
PAUSED = {"by": "bo", "since": at(5)}


def explained(*troubles: str, of: object) -> str:
    return explanation(of, troubles, at(60), ADDRESS, user="cy")  # type: ignore[arg-type]


def test_a_request_whose_pipelines_run_tells_which_and_for_how_long() -> None:
    running = report(started(complete("make", "plan"), 1, 30), Standing.RUNNING, run=RUN)

    assert explained(of=running) == (
        "Database shop/orders of Promise database has its pipelines run. "
        "Run 3 of its configure workflow (manual, asked for by ada) lasts 1m. "
        "Pipeline plan has been running for 30s."
    )


def test_a_gate_tells_who_may_decide_it_and_by_which_command() -> None:
    state = suspended("make", "plan", position=1, message="check the plan")
    held = report(state, Standing.SUSPENDED, message="", gates={"plan": GATE})

    assert explained(of=held) == (
        "Database shop/orders of Promise database is suspended: somebody has to let it go on. "
        "Pipeline plan waits for a decision (0 of 1 approvals; may be decided by ada or bo): "
        "check the plan: `runwright approve request/database/shop/orders plan --as NAME`."
    )


def test_a_pipeline_that_failed_tells_why_and_how_to_go_on() -> None:
    state = failed(started(fresh("make", "plan"), anew=True))
    told = explained(of=report(state, Standing.FAILED, message="A pipeline failed"))

    assert "Pipeline make failed: " in told
    assert "So these do not run: plan." in told
    assert f"`runwright logs {ADDRESS} make`" in told
    assert f"`runwright retry {ADDRESS} --from make`" in told


def test_what_keeps_a_run_from_starting_is_told_with_its_remedy() -> None:
    held = report(complete("make"), Standing.PAUSED, paused=PAUSED, asked=ASKED)

    told = explained("list Jobs: the API server does not answer", of=held)

    assert f"so nothing starts until `runwright resume {ADDRESS}`." in told
    assert "bo asked to run it again: that starts when it may." in told
    assert told.endswith(
        "For now this goes wrong, and is tried again: list Jobs: the API server does not answer."
    )


def test_a_promise_tells_how_far_its_requests_are() -> None:
    fields = {"parent": PROMISE, "problems": ["spec.api: is missing"]}
    fan_out = {"since": at(0), "generation": 2, "asked": 200, "done": 40}

    told = explained(of=report(fresh(), Standing.READY, fan_out=fan_out, **fields))

    assert told == (
        "Promise database is ready. 40 of 200 requests for it ran anew. "
        "It cannot be read: spec.api: is missing."
    )


def test_a_parent_is_at_rest_once_nothing_is_done_for_it_and_nobody_is_waited_for() -> None:
    state = complete("make")
    turn = {"id": "x", "trigger": "next", "is_own": True}
    fan_out = {"since": at(0), "generation": 2, "asked": 2, "done": 1}
    changing = {"fan_out": fan_out, "turns": {"under_way": [turn]}, "parent": PROMISE}

    assert is_at_rest(report(state, Standing.READY, past=[PAST]))
    assert is_at_rest(report(state, Standing.FAILED))
    assert is_at_rest(report(state, Standing.GONE))
    assert not is_at_rest(report(state, Standing.SUSPENDED))
    assert not is_at_rest(report(state, Standing.READY, asked=ASKED))
    assert not is_at_rest(report(state, Standing.READY, **changing))
