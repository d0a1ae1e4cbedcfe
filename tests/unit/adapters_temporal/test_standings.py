"""What a history says of a workflow that does not get on."""

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes

from adapters.temporal.standings import failure_of_code


def failed(message: str, cause: str = "WORKFLOW_WORKER_UNHANDLED_FAILURE") -> HistoryEvent:
    """Return the event of a workflow task that failed."""
    return HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        workflow_task_failed_event_attributes=WorkflowTaskFailedEventAttributes(
            cause=WorkflowTaskFailedCause.Value(f"WORKFLOW_TASK_FAILED_CAUSE_{cause}"),
            failure=Failure(message=message),
        ),
    )


GIVEN_BACK = failed("UnhandledCommand", "UNHANDLED_COMMAND")
DECIDED = failed("UnhandledUpdate", "UNHANDLED_UPDATE")
RESET = failed("somebody wanted it so", "RESET_WORKFLOW")
COMPLETED = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
SCHEDULED = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)


@pytest.mark.parametrize(
    ("newest_first", "failure"),
    [
        pytest.param([SCHEDULED, failed("no 'x'")], "no 'x'", id="its code fails"),
        pytest.param([failed("now"), failed("before")], "now", id="of something else by now"),
        pytest.param([SCHEDULED, COMPLETED, failed("no 'x'")], "", id="it got on since"),
        pytest.param([GIVEN_BACK, failed("no 'x'")], "no 'x'", id="something came in meanwhile"),
        pytest.param([SCHEDULED, GIVEN_BACK], "", id="something came in, and it decides anew"),
        pytest.param([SCHEDULED, DECIDED], "", id="somebody decided, and it decides anew"),
        pytest.param([SCHEDULED, RESET, COMPLETED], "", id="somebody had it begin anew"),
        pytest.param([], "", id="nothing happened"),
    ],
)
def test_the_failure_of_a_workflow_is_what_its_code_failed_of_since_it_last_got_on(
    newest_first: list[HistoryEvent], failure: str
) -> None:
    assert failure_of_code(newest_first) == failure
