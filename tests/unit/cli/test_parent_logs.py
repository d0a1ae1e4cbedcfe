"""When everything was written that is waited for."""

import pytest

from runwright.cli.parent_logs import is_written
from runwright.client import ParentView
from runwright.errors import NotFoundError
from runwright.models.kratix import ParentReport, ParentState, Standing
from tests.unit.rules.kratix.reported import RUN, report
from tests.unit.rules.kratix.states import at, complete, started

READY = report(complete("make", "plan"), Standing.READY)
LAST_RUNS = report(started(complete("make", "plan"), 1), Standing.RUNNING, run=RUN)
ASKED = READY.model_copy(update={"asked": {"request": {}, "at": at(0)}})
UNPLANNED = report(ParentState(), Standing.WAITING)


@pytest.mark.parametrize(
    ("seen", "pipeline", "written"),
    [
        (READY, "", True),
        (READY, "plan", True),
        (LAST_RUNS, "", False),
        (LAST_RUNS, "make", True),
        (LAST_RUNS, "plan", False),
        (ASKED, "make", False),
        (UNPLANNED, "make", False),
    ],
)
def test_a_pipeline_has_written_everything_once_it_is_over(
    seen: ParentReport, pipeline: str, *, written: bool
) -> None:
    assert is_written(ParentView(report=seen), pipeline) is written


def test_a_pipeline_that_there_is_not_is_not_waited_for() -> None:
    with pytest.raises(NotFoundError, match=r'no pipeline mkae \(did you mean "make"\?\)'):
        is_written(ParentView(report=LAST_RUNS), "mkae")
