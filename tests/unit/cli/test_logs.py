"""Where the logs of a step are that wrote none."""

import pytest

from runwright.cli.logs import elsewhere, never_logged
from tests.unit.cli.states import BUILT, GATE, state, step

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


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, ""),
        ("build", ""),
        ("build-lint", 'run default/release-1 has no step build-lint (did you mean "build/lint"?)'),
        ("sign-off", "step sign-off of run default/release-1 is a gate: it has no log"),
    ],
)
def test_a_step_that_never_has_a_log_says_so(asked: str | None, said: str) -> None:
    """Names are told as a command takes them, not as objects are called."""
    branch = step("build/lint", phase="Running")

    told = never_logged(state(BUILT, branch, GATE), asked)

    assert told.partition("; it has ")[0] == said
    assert ("it has build, build/lint and sign-off" in told) == (asked == "build-lint")
