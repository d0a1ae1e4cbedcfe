"""Whose word counts on how a step is executed."""

from typing import Any

from runwright.models.bubustack import Engram
from runwright.rules.bubustack.levels import levels_of
from tests.unit.rules.states import ENGRAM
from tests.unit.rules.stories import engram, story


def timeouts(*, step: Any = None, policy: Any = None, worker: Engram | None = None) -> list[float]:
    """Return the timeouts that are said, in seconds, the nearest first."""
    one = story(engram("a", execution=step), policy=policy)
    found = levels_of(one, one.spec.steps[0], worker)
    return [level.timeout.total_seconds() for level in found if level.timeout]


def test_a_step_comes_before_its_story_and_that_before_the_engram() -> None:
    worker = Engram.model_validate(
        {
            "metadata": {"name": "worker"},
            "spec": {
                "templateRef": {"name": "image"},
                "executionPolicy": {"timeout": "5s"},
                "overrides": {"timeout": "4s"},
            },
        }
    )
    policy = {"execution": {"timeout": "3s"}, "timeouts": {"step": "2s"}}

    found = timeouts(step={"timeout": "1s"}, policy=policy, worker=worker)

    assert found == [1, 2, 3, 4, 5]


def test_who_says_nothing_is_passed_over() -> None:
    assert timeouts() == []
    assert timeouts(worker=ENGRAM) == []
    assert timeouts(policy={"execution": {"timeout": "3s"}}) == [3]


def test_what_a_story_says_for_all_steps_comes_before_its_execution() -> None:
    policy = {
        "retries": {"stepRetryPolicy": {"maxRetries": 1}},
        "storage": {"timeoutSeconds": 7},
        "execution": {"retry": {"maxRetries": 2}, "storage": {"timeoutSeconds": 8}},
    }
    one = story(engram("a"), policy=policy)

    found = levels_of(one, one.spec.steps[0], None)

    assert [level.retry.max_retries for level in found if level.retry] == [1, 2]
    assert [level.storage.timeout_seconds for level in found if level.storage] == [7, 8]
