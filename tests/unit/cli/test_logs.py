"""Where the logs of a step are that wrote none."""

import pytest

from runwright.cli.logs import elsewhere
from tests.unit.cli.states import BUILT, state, step

CHILD = {"name": "release-1-eu", "workflow_id": "storyrun/default/release-1-eu/local"}
CALL = step("eu", type="executeStory", phase="Running", child=CHILD)


@pytest.mark.parametrize(
    ("asked", "namespace", "said"),
    [
        ("eu", "default", "; step eu executes a run of its own: runwright logs release-1-eu"),
        ("eu", "team", "; step eu executes a run of its own: runwright logs team/release-1-eu"),
        (None, "default", "; step eu executes a run of its own: runwright logs release-1-eu"),
        ("build", "default", ""),
        ("ghost", "default", ""),
    ],
)
def test_a_step_that_executes_a_story_has_its_logs_in_that_run(
    asked: str | None, namespace: str, said: str
) -> None:
    """Else one reads that there is no log, and finds the run that has it by its name at best."""
    assert elsewhere(state(BUILT, CALL, namespace=namespace), asked) == said
