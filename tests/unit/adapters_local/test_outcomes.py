"""What an exit and an output file mean."""

import json
from datetime import UTC, datetime

import pytest

from adapters.local.outcomes import End, OutputFile, judge
from runwright.models.tasks import OutcomeReason

COMPLETED = End(
    reason=OutcomeReason.COMPLETED,
    exit_code=0,
    message="exit code 0",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    finished_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def written(content: bytes) -> OutputFile:
    """Return the file with this content."""
    return OutputFile(len(content), content)


def test_a_task_that_wrote_nothing_has_an_empty_output() -> None:
    outcome = judge(COMPLETED, None, 100)

    assert (outcome.succeeded, outcome.output, outcome.message) == (True, {}, "")
    assert (outcome.started_at, outcome.finished_at) == (
        COMPLETED.started_at,
        COMPLETED.finished_at,
    )
    assert outcome.diagnosis is None


def test_a_task_s_output_is_the_object_that_it_wrote() -> None:
    outcome = judge(COMPLETED, written('{"größe": [1, 2.5, null]}\n'.encode()), 100)

    assert outcome.output == {"größe": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", r"is not JSON: Expecting value at line 1, column 1"),
        (b'{"token": s3cret}', r"is not JSON: Expecting value at line 1, column 11"),
        (b'{"a": 1} {', r"is not JSON: Extra data at line 1, column 10"),
        (b"[]", r"holds a list, not an object"),
        (b'"text"', r"holds a string, not an object"),
        (b"null", r"holds null, not an object"),
        (b"true", r"holds a boolean, not an object"),
        (b'{"a": NaN}', r"holds NaN, which is no JSON"),
        (b'{"a": -Infinity}', r"holds -Infinity, which is no JSON"),
        (b'{"a": 1e999}', r"holds a number that is too large"),
        (b'{"a": "\xff"}', r"is not UTF-8: byte 7 cannot be read"),
        (b'{"a": "\\ud800"}', r"holds half of a surrogate pair"),
        (b"\xef\xbb\xbf{}", r"is not JSON"),
        (b'{"a":' + b"[" * 100_000, r"is nested too deeply"),
        (b'{"a":' + b"[" * 129 + b"]" * 129 + b"}", r"is nested more than 128 deep"),
        (b'{"a": ' + b"1" * 5_000 + b"}", r"holds a number with too many digits"),
    ],
    ids=[
        "empty",
        "not json",
        "two documents",
        "list",
        "string",
        "null",
        "boolean",
        "nan",
        "infinity",
        "too large a number",
        "not utf-8",
        "surrogate",
        "byte order mark",
        "too deep",
        "too deep to be reported",
        "too many digits",
    ],
)
def test_an_output_that_is_no_object_fails_the_task(content: bytes, fault: str) -> None:
    outcome = judge(COMPLETED, written(content), 1_000_000)

    assert (outcome.succeeded, outcome.reason) == (False, OutcomeReason.OUTPUT_INVALID)
    assert outcome.output is None
    assert outcome.exit_code == 0
    assert fault in outcome.message
    assert "s3cret" not in outcome.model_dump_json()


def test_an_output_may_be_as_deep_as_a_template() -> None:
    content = b'{"a":' + b"[" * 128 + b"]" * 128 + b"}"

    outcome = judge(COMPLETED, written(content), 1_000)

    assert outcome.succeeded
    assert json.loads(outcome.model_dump_json())["output"] == outcome.output


def test_an_output_that_is_no_plain_file_fails_the_task() -> None:
    outcome = judge(COMPLETED, OutputFile(0, b"", is_readable=False), 100)

    assert outcome.reason is OutcomeReason.OUTPUT_INVALID
    assert outcome.message == "output.json is not a plain file that can be read"


def test_an_output_may_be_exactly_as_large_as_allowed() -> None:
    content = json.dumps({"a": "x" * 91}).encode()

    assert judge(COMPLETED, written(content), len(content)).succeeded
    outcome = judge(COMPLETED, written(content), len(content) - 1)

    assert outcome.reason is OutcomeReason.OUTPUT_TOO_LARGE
    assert outcome.message == "output.json has 100 bytes, 99 are allowed"


@pytest.mark.parametrize(
    ("reason", "exit_code", "category"),
    [
        (OutcomeReason.EXITED, 3, "exit"),
        (OutcomeReason.EXITED, 137, "killed"),
        (OutcomeReason.TIMED_OUT, 124, "deadline"),
        (OutcomeReason.STOPPED, 143, "stopped"),
        (OutcomeReason.LOST, None, "lost"),
        (OutcomeReason.COMMAND_NOT_STARTED, None, "command"),
    ],
)
def test_a_failure_is_diagnosed_by_how_it_ended(
    reason: OutcomeReason, exit_code: int | None, category: str
) -> None:
    outcome = judge(End(reason=reason, exit_code=exit_code, message="why"), None, 100)

    assert outcome.diagnosis is not None
    assert (outcome.diagnosis.category, outcome.diagnosis.detail) == (category, "why")
    assert (outcome.reason, outcome.exit_code, outcome.output) == (reason, exit_code, None)
