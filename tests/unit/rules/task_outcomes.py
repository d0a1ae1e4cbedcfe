"""How tests ask how the task of a Job ended."""

from runwright.models.tasks import TaskOutcome
from runwright.rules.kubernetes.outcomes import outcome_of
from tests.unit.rules.cluster_objects import Fields, job


def seen(pod: Fields | None, *conditions: Fields, max_output: int = 1000) -> TaskOutcome | None:
    """Return how the task ended whose Job has these conditions."""
    return outcome_of(job(*conditions), pod, "engram", max_output)


def outcome(pod: Fields | None, *conditions: Fields, max_output: int = 1000) -> TaskOutcome:
    """Return how the task ended, which it has."""
    found = seen(pod, *conditions, max_output=max_output)
    assert found is not None
    return found


def category(found: TaskOutcome) -> str:
    """Return what kind of trouble is diagnosed."""
    assert found.diagnosis is not None
    return found.diagnosis.category
