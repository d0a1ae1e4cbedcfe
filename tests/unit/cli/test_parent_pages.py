"""A Promise and a request, as a terminal shows them, and what changed about them."""

from runwright.cli.parent_change_lines import parent_change_lines
from runwright.cli.parent_pages import parent_page
from runwright.client import ParentView
from runwright.models.gates import RefusedDecision
from runwright.models.kratix import ParentReport, ParentState, PastRun, Standing
from runwright.models.tasks import Diagnosis
from tests.unit.cli.states import console, rendered
from tests.unit.rules.kratix.reported import ADDRESS, GATE, PAST, RUN, report
from tests.unit.rules.kratix.runs import PROMISE
from tests.unit.rules.kratix.states import at, complete, failed, fresh, started, suspended

NOW = at(60)
READY = report(complete("make", "plan"), Standing.READY)
RUNNING = report(started(complete("make", "plan"), 1, 30), Standing.RUNNING, run=RUN)
SUSPENDED = report(
    suspended("make", "plan", position=1, message="check the plan"),
    Standing.SUSPENDED,
    gates={"plan": GATE},
)
STUCK = Diagnosis(category="image", summary="the image cannot be pulled", resolution="name another")


def lines(before: ParentReport | None, after: ParentReport) -> list[str]:
    old = ParentView(report=before) if before else None
    return list(parent_change_lines(old, ParentView(report=after), NOW))


def test_a_page_shows_pipelines_gates_and_the_commands_that_decide_them() -> None:
    page = rendered(parent_page(ParentView(report=SUSPENDED), NOW, console()), console())

    assert "Suspended  Database shop/orders  promise database" in page
    assert "check the plan" in page
    assert f"  runwright approve {ADDRESS} plan --as NAME" in page


def test_a_gate_that_nobody_can_decide_has_no_command() -> None:
    """Each would be refused."""
    gate = {**GATE, "approval": {"users": ["ada"]}}
    guarded = SUSPENDED.model_validate({**SUSPENDED.model_dump(), "gates": {"plan": gate}})
    page = rendered(parent_page(ParentView(report=guarded), NOW, console()), console())
    change = next(line for line in lines(RUNNING, guarded) if "waits for a decision" in line)

    for shown in (" ".join(page.split()), change):
        assert (
            "verified identities only): Nobody can decide it: it takes verified identities only, "
            "and this version has none. Write `identity: claimed` into its policy, and run it anew"
        ) in shown
        assert "runwright approve" not in shown


def test_a_page_tells_why_what_runs_does_not_get_on() -> None:
    view = ParentView(report=RUNNING, diagnosis=STUCK)

    page = rendered(parent_page(view, NOW, console()), console())

    assert "What runs does not get on: the image cannot be pulled" in page
    assert "run 3 (configure, manual by ada) since" in page


def test_a_page_tells_whose_decision_did_not_count() -> None:
    refused = {"request": {"gate": "plan", "verdict": "approve", "by": "eve"}, "reason": "no"}
    decision = RefusedDecision.model_validate({**refused, "at": at(4)})
    view = ParentView(report=SUSPENDED.model_copy(update={"refused_decisions": (decision,)}))

    page = rendered(parent_page(view, NOW, console()), console())

    assert "Refused: eve said approve to gate plan: no" in page


def test_a_page_has_the_whole_message_of_what_failed_and_the_commands_that_help() -> None:
    """The cause stands at its end, as that of a container does."""
    message = f"container copy of pod kratix-orders-make: {'so ' * 60}\nexit code 3"
    (pipeline,) = failed(fresh("make")).configure.pipelines
    workflow = {"pipelines": [pipeline.model_copy(update={"message": message})]}
    state = ParentState.model_validate({"configure": workflow})

    page = rendered(
        parent_page(ParentView(report=report(state, Standing.FAILED)), NOW, console()), console()
    )

    end = page.partition("Pipeline make failed:\n")[2]
    assert " ".join(end.split()).startswith(" ".join(message.split()))
    assert end.endswith(
        "\n  exit code 3\n"
        f"  runwright logs {ADDRESS} make\n"
        f"  runwright retry {ADDRESS} --from make\n"
    )


def test_a_page_says_who_paused_and_why() -> None:
    paused = {"by": "ada", "since": at(3), "comment": "freeze"}
    view = ParentView(report=report(complete("make"), Standing.PAUSED, paused=paused))

    page = rendered(parent_page(view, NOW, console()), console())

    assert f"Paused by ada: freeze; nothing starts meanwhile:\n  runwright resume {ADDRESS}" in page


def test_the_first_look_tells_where_a_parent_is() -> None:
    assert lines(None, READY) == [
        "make: Succeeded",
        "plan: Succeeded",
        "Database shop/orders: Ready",
    ]


def test_a_later_look_tells_only_what_is_new() -> None:
    assert lines(READY, READY) == []
    assert lines(READY, RUNNING) == ["Database shop/orders: Running", "plan: Running"]


def test_why_a_pipeline_failed_is_told_whole() -> None:
    """The cause stands at the end of it."""
    message = f"container copy: {'so ' * 60}\nexit code 3"
    (pipeline,) = failed(fresh("make")).configure.pipelines
    workflow = {"pipelines": [pipeline.model_copy(update={"message": message})]}
    state = ParentState.model_validate({"configure": workflow})

    assert lines(report(fresh("make"), Standing.RUNNING), report(state, Standing.FAILED)) == [
        "make: Failed",
        f"make: container copy: {'so ' * 60}",
        "make: exit code 3",
        "Database shop/orders: Failed",
    ]


def test_a_run_that_ended_and_a_gate_that_opened_are_told() -> None:
    past = (PastRun.model_validate(PAST),)
    after = SUSPENDED.model_copy(update={"past": past})

    assert lines(RUNNING, after) == [
        "run 2 (configure, manual by ada): Succeeded after 12s",
        "Database shop/orders: Suspended",
        "plan: Suspended, check the plan",
        "Pipeline plan waits for a decision (0 of 1 approvals; may be decided by ada or bo): "
        f"runwright approve {ADDRESS} plan --as NAME "
        f"(or runwright reject {ADDRESS} plan --as NAME)",
    ]


def test_a_promise_says_who_requires_it() -> None:
    by = {"promises": [{"promise": {"name": name}} for name in ("app", "web")]}
    view = ParentView(report=report(fresh(), Standing.READY, parent=PROMISE, requirers=by))

    assert "required by app and web" in rendered(parent_page(view, NOW, console()), console())


def test_the_requests_of_a_promise_are_counted() -> None:
    fan_out = {"since": at(0), "generation": 2, "asked": 200, "done": 40}
    before = report(fresh(), Standing.READY, parent=PROMISE)
    after = report(fresh(), Standing.READY, parent=PROMISE, fan_out=fan_out)

    assert lines(before, after) == ["requests: 40 of 200 ran anew"]


def test_what_does_not_get_on_is_told_once() -> None:
    stuck = ParentView(report=RUNNING, diagnosis=STUCK)

    told = list(parent_change_lines(ParentView(report=RUNNING), stuck, NOW))
    again = list(parent_change_lines(stuck, stuck, NOW))

    assert told == ["what runs does not get on: the image cannot be pulled; name another"]
    assert again == []


def test_a_page_tells_that_nobody_looks_after_a_parent() -> None:
    """Somebody ended its workflow in Temporal: what is shown gets no further by itself."""
    view = ParentView(report=SUSPENDED, is_looked_after=False)

    page = rendered(parent_page(view, NOW, console()), console())

    assert "Nobody looks after it: its workflow was ended" in page
