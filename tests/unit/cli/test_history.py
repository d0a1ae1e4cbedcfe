"""What a terminal shows of the history of a run."""

from datetime import datetime
from typing import Any

import pytest

from runwright.cli.history import history_of, history_page, parent_history_of
from runwright.errors import NotFoundError
from runwright.models.history import History, Subject, Transition
from runwright.models.kratix import ParentState, Standing
from runwright.rules.history import in_order
from tests.unit.cli.states import BUILT, GATE, NOW, at, console, rendered, state
from tests.unit.rules.kratix.reported import report
from tests.unit.rules.kratix.states import complete, fresh

PAGE = """\
TIME          AFTER  WHAT           CHANGE       BY               WHY
10:00:00 UTC  0ms    run            ▶ Running    ada (claimed)    Started: story release
10:00:00 UTC  0ms    step build     ▶ Running
10:00:04 UTC  4.2s   step build     ✔ Succeeded
10:00:05 UTC  5s     gate sign-off  ◷ Open                        until 11:00:00 UTC
10:00:05 UTC  5s     step sign-off  ◷ Waiting                     Waiting for gate decision.
10:00:07 UTC  7s     run              Paused     somebody         lunch
10:00:09 UTC  9s     gate sign-off  ✘ Rejected   grace (claimed)  Reject: no
10:00:20 UTC  20s    run            ✘ Failed                      DependencyFailed
"""


def happened(when: datetime, subject: Subject, name: str = "", **fields: Any) -> Transition:
    """Return something that happened to the run, a step or a gate."""
    given = {"at": when, "activation": 1, "subject": subject, "name": name or None, **fields}
    return Transition.model_validate(given)


RUN, STEP, ASK = Subject.RUN, Subject.STEP, Subject.GATE
BY_ADA = {"by": "ada", "identity": "claimed"}
BY_GRACE = {"by": "grace", "identity": "claimed"}
TOLD = (
    happened(at(0), RUN, after="Running", reason="Started", message="story release", **BY_ADA),
    happened(at(0), STEP, "build", after="Running", try_number=1),
    happened(at(4.2), STEP, "build", before="Running", after="Succeeded", try_number=1),
    happened(at(5), ASK, "sign-off", after="Open", message="until 11:00:00 UTC"),
    happened(at(5), STEP, "sign-off", after="Paused", message="Waiting for gate decision."),
    happened(at(7), RUN, reason="Paused", by="", message="lunch"),
    happened(at(9), ASK, "sign-off", after="Rejected", reason="Reject", message="no", **BY_GRACE),
    happened(at(20), RUN, before="Running", after="Failed", reason="DependencyFailed"),
)


def page(
    *transitions: Transition, dropped: int = 0, step: str = "", encoding: str = "utf-8"
) -> str:
    """Return what a terminal shows of them."""
    history = History(transitions=transitions, dropped=dropped)
    told = history_of(state(BUILT, GATE, history=history), step)
    terminal = console(encoding)
    return rendered(history_page(told, NOW, terminal), terminal)


def test_what_happened_is_a_table_in_its_order() -> None:
    assert page(*TOLD) == PAGE


def test_a_step_is_shown_with_its_gate_and_without_the_rest() -> None:
    """Times are counted from the first line that is shown."""
    (_, *lines) = page(*TOLD, step="sign-off").splitlines()

    assert [line.split()[2:5] for line in lines] == [
        ["0ms", "gate", "sign-off"],
        ["0ms", "step", "sign-off"],
        ["4s", "gate", "sign-off"],
    ]


def test_a_later_try_is_told_by_its_number() -> None:
    again = happened(at(5), STEP, "build", before="Pending", after="Running", try_number=2)

    assert page(again).splitlines()[1].split()[-2:] == ["try", "2"]


def test_a_terminal_that_can_only_show_ascii_gets_no_signs() -> None:
    ascii_only = page(*TOLD, encoding="ascii")

    assert ascii_only.isascii()
    assert "= Open" in ascii_only


def test_what_is_no_longer_kept_is_told_first() -> None:
    first, *_ = page(*TOLD, dropped=12).splitlines()

    assert first == "What happened before, 12 changes, is not kept."


def test_a_run_of_which_no_history_was_kept_says_so() -> None:
    """An earlier version executed it, or nothing happened to the step yet."""
    assert page() == "Nothing is known to have happened.\n"
    assert page(*TOLD[:1], step="build") == "Nothing is known to have happened.\n"


def test_a_step_that_the_run_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="release-1 has no step nope; it has build and sign"):
        page(*TOLD, step="nope")


def test_a_step_that_is_misspelt_is_suggested() -> None:
    with pytest.raises(NotFoundError, match=r'has no step biuld \(did you mean "build"\?\)'):
        page(*TOLD, step="biuld")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (complete("make", "plan"), r'no pipeline paln \(did you mean "plan"\?\); it has make and'),
        (ParentState(), "Database shop/orders has no pipeline paln; none has been planned"),
    ],
    ids=["planned", "not planned"],
)
def test_a_pipeline_that_a_request_does_not_have_is_not_found(
    state: ParentState, said: str
) -> None:
    with pytest.raises(NotFoundError, match=said):
        parent_history_of(report(state, Standing.READY), "paln")


def test_a_pipeline_to_which_nothing_happened_yet_is_found() -> None:
    told = parent_history_of(report(complete("make", "plan"), Standing.READY), "plan")

    assert told.transitions == ()


def test_a_decision_on_a_gate_that_there_is_not_can_be_found_by_its_name() -> None:
    refused = happened(at(5), ASK, "sing-off", reason="DecisionRefused", **BY_GRACE)

    assert "DecisionRefused  grace (claimed)" in page(refused, step="sing-off")


def test_a_run_of_pipelines_is_counted_from_its_start() -> None:
    """What somebody asked for meanwhile was kept before what the run told at its end."""
    asked = happened(at(5), RUN, reason="RunAgain", **BY_ADA)
    began = happened(at(0), RUN, after="Running", reason="created")
    over = happened(at(9), RUN, before="Running", after="Succeeded")
    kept = in_order(History(transitions=(asked, began, over)))
    told = parent_history_of(report(fresh("a"), Standing.READY, history=kept))

    shown = rendered(history_page(told, NOW, console()), console())

    assert [line.split()[2] for line in shown.splitlines()[1:]] == ["0ms", "5s", "9s"]
