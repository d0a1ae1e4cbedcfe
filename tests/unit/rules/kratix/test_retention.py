"""Which Jobs of a parent are kept."""

from runwright.rules.kratix.retention import KeptJob, superfluous_jobs
from tests.unit.rules.kratix.states import CONFIGURE, DELETE, at

PIPELINES = [(CONFIGURE, "a"), (CONFIGURE, "b"), (DELETE, "z")]


def jobs(*names: str, pipeline: str = "a", action: object = CONFIGURE) -> list[KeptJob]:
    """Return Jobs of a pipeline, each later than the one before it."""
    of = DELETE if action is DELETE else CONFIGURE
    return [KeptJob(name, pipeline, of, at(second)) for second, name in enumerate(names)]


def superfluous(*found: KeptJob, keep: int = 2) -> set[str]:
    """Return the names of the Jobs that are to go."""
    return {one.name for one in superfluous_jobs(found, PIPELINES, keep)}


def test_the_newest_jobs_of_each_pipeline_are_kept() -> None:
    """K22: however often they fail."""
    of_a, of_b = jobs("a1", "a2", "a3", "a4"), jobs("b1", "b2", pipeline="b")

    assert superfluous(*of_b, *of_a) == {"a1", "a2"}


def test_no_job_is_kept_of_a_pipeline_that_is_no_more() -> None:
    assert superfluous(*jobs("a1"), *jobs("old", pipeline="old")) == {"old"}


def test_the_jobs_of_a_delete_workflow_do_not_pile_up() -> None:
    found = jobs("z1", "z2", "z3", pipeline="z", action=DELETE)

    assert superfluous(*found) == {"z1"}


def test_a_pipeline_of_the_same_name_in_another_workflow_counts_for_itself() -> None:
    found = jobs("a1", "a2"), jobs("d1", pipeline="a", action=DELETE)

    assert superfluous(*found[0], *found[1]) == {"d1"}
