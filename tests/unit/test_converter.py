"""How messages travel, and what becomes of those that cannot be read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError

from adapters.temporal.converter import DATA_CONVERTER
from runwright.models.base import Message
from runwright.models.gates import DecideGate, Verdict
from runwright.models.runs import CancelRun
from runwright.models.story_run import Section, StartStoryRun, StepProgress
from runwright.models.tasks import OutcomeReason, TaskOutcome
from tests.unit.rules.states import NOW, start_of, state_of
from tests.unit.rules.stories import condition, engram, story

CONVERTER = DATA_CONVERTER.payload_converter


def written(value: Any) -> Any:
    """Return the JSON that a value travels as."""
    (payload,) = CONVERTER.to_payloads([value])
    return json.loads(payload.data)


def travelled(value: Any, kind: type | None = None) -> Any:
    """Return what arrives of a value."""
    (arrived,) = CONVERTER.from_payloads(CONVERTER.to_payloads([value]), [kind or type(value)])
    return arrived


def payload(value: Any) -> Payload:
    """Return the payload that any other client would send."""
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def test_what_reads_a_type_is_built_once_for_all_runs() -> None:
    """Each run gets a converter of its own; what reads a start takes half a megabyte."""
    built: list[type] = []

    class Counted(Message):
        @classmethod
        def __get_pydantic_core_schema__(
            cls, source: type, handler: GetCoreSchemaHandler
        ) -> CoreSchema:
            built.append(source)
            return handler(source)

    built.clear()
    for _ in range(3):
        DATA_CONVERTER.payload_converter_class().from_payloads([payload({})], [Counted])

    assert built == [Counted]


def test_a_message_travels_in_camel_case_and_without_what_says_nothing() -> None:
    """Every byte is kept in the history of the run."""
    step = StepProgress(name="a", section=Section.MAIN, type="engram", next_retry_at=NOW)

    assert written(step) == {
        "name": "a",
        "section": "steps",
        "type": "engram",
        "allowFailure": False,
        "message": "",
        "activation": 0,
        "tries": 0,
        "maxTries": 0,
        "nextRetryAt": "2026-03-01T12:00:00Z",
        "task": "",
    }


@pytest.mark.parametrize(
    "message",
    [
        start_of(story(engram("a", **{"with": {"x": [1, 2.5, "ü", True]}}), condition("b", "a"))),
        state_of(story(engram("a"), compensations=[condition("undo")])),
        DecideGate(gate="ask", verdict=Verdict.APPROVE, by="ada", comment="ship it"),
        CancelRun(by="ada", grace=timedelta(seconds=7)),
        TaskOutcome(
            succeeded=True,
            reason=OutcomeReason.COMPLETED,
            output={},
            started_at=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_arrives_as_it_was_sent(message: Any) -> None:
    assert travelled(message) == message


@pytest.mark.parametrize(
    "value",
    [None, True, 7, 2.5, "text", [1, None], {"key": None}],
    ids=["null", "boolean", "integer", "number", "text", "list", "object"],
)
def test_plain_json_arrives_with_its_nulls(value: Any) -> None:
    """A null in somebody's own JSON may mean something."""
    assert travelled(value, object) == value


def test_a_null_in_an_output_arrives_too() -> None:
    """Only fields of our own are left out when they say nothing."""
    outcome = TaskOutcome(succeeded=True, reason=OutcomeReason.COMPLETED, output={"a": None})

    assert travelled(outcome).output == {"a": None}


def test_an_input_that_cannot_be_read_is_refused_for_good_with_every_problem() -> None:
    """The SDK's own answer is to try the same workflow task for ever."""
    sent = {"name": "", "story": {"metadata": {"name": "x"}, "spec": {"steps": "none"}}, "x": 1}

    with pytest.raises(ApplicationError) as refused:
        CONVERTER.from_payloads([payload(sent)], [StartStoryRun])

    assert refused.value.type == "InvalidInput"
    assert refused.value.non_retryable
    for place in ("name: ", "story.spec.steps: ", "x: "):
        assert place in refused.value.message


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    """It is kept in the history, and an input may hold a secret."""
    sent = {"gate": "ask", "verdict": "hunter2"}

    with pytest.raises(ApplicationError, match="verdict: ") as refused:
        CONVERTER.from_payloads([payload(sent)], [DecideGate])

    assert "hunter2" not in refused.value.message


def test_something_of_another_shape_altogether_is_called_the_input() -> None:
    with pytest.raises(ApplicationError, match="input: Input should be an object"):
        CONVERTER.from_payloads([payload("hello")], [DecideGate])
