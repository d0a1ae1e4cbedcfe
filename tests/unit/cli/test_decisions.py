"""What somebody who decides a gate is told."""

import pytest

from runwright.cli.decisions import SENT, answered, resumption
from runwright.cli.parameters import RunName
from runwright.models.gates import DecideGate, Decision, DecisionAnswer
from runwright.models.runs import Resumed
from tests.unit.cli.states import START

RUN = RunName("default", "release-1")


def told(verdict: str, **answer: object) -> str:
    request = DecideGate.model_validate({"gate": "legal", "verdict": verdict})
    decision = Decision(gate="legal", verdict=request.verdict, activation=1, at=START)
    given = DecisionAnswer.model_validate({"decision": decision, **answer})
    return answered(RUN, request, given).partition("; ")[2]


@pytest.mark.parametrize(
    ("verdict", "answer", "said"),
    [
        ("approve", {"missing": 1}, "1 more approval is needed"),
        ("approve", {"missing": 2}, "2 more approvals are needed"),
        ("approve", {}, "the gate is not reached yet; it counts when it is"),
        ("reject", {"missing": 2}, "the gate will be rejected when the run reaches it"),
        ("reject", {"outcome": "Rejected"}, "the gate is rejected"),
    ],
)
def test_an_answer_says_what_becomes_of_the_gate(
    verdict: str, answer: dict[str, object], said: str
) -> None:
    assert told(verdict, **answer) == said


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_what_no_worker_judged_is_called_sent_and_no_more(verdict: str) -> None:
    """The gate's policy may refuse it yet."""
    request = DecideGate.model_validate({"gate": "legal", "verdict": verdict})

    assert answered(RUN, request, None) == (
        "sent: the decision on gate legal of run default/release-1 waits in Temporal; "
        "a worker judges it when one works"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Resumed(by="ada", at=START), "resumed: run default/release-1"),
        (
            Resumed(by="ada", at=START, was_paused=False),
            "not paused: run default/release-1 goes on as it did",
        ),
        (None, f"resumed: run default/release-1; {SENT}"),
    ],
    ids=["paused", "not paused", "no worker"],
)
def test_who_takes_a_pause_back_is_told_whether_there_was_one(
    answer: Resumed | None, said: str
) -> None:
    assert resumption(RUN, answer) == said
