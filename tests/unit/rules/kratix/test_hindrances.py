"""What is said of a pipeline whose Job cannot start."""

import pytest

from runwright.models.kratix import Parent
from runwright.models.tasks import Diagnosis
from runwright.rules.kratix.hindrances import advised, cannot_start
from runwright.rules.kubernetes import advice
from runwright.rules.kubernetes.advice import Advice
from runwright.rules.kubernetes.diagnosis import said
from tests.unit.rules.kratix.runs import PROMISE, REQUEST


@pytest.mark.parametrize("trouble", [advice.IMAGE, advice.IMAGE_NAME, advice.IMAGE_ABSENT])
@pytest.mark.parametrize(
    ("parent", "address"), [(REQUEST, "Database/shop/orders"), (PROMISE, "promise/database")]
)
def test_a_wrong_image_is_mended_in_the_promise(
    trouble: Advice, parent: Parent, address: str
) -> None:
    """A pipeline has no template, and its run keeps the image of its start."""
    found = said(trouble, "no such image")

    told = advised(found, parent)

    assert told.summary == found.summary
    assert "template" not in told.resolution
    assert "correct the pipeline in its Promise" in told.resolution
    assert told.resolution.endswith(f"`runwright cancel {address}` ends it")


def test_what_mends_any_task_mends_a_pipeline() -> None:
    found = said(advice.QUOTA, "exceeded quota")

    assert advised(found, PROMISE) == found


@pytest.mark.parametrize(
    ("found", "is_so"),
    [
        pytest.param(said(advice.IMAGE), True, id="its image cannot be pulled"),
        pytest.param(said(advice.UNSCHEDULABLE), True, id="no node takes it"),
        pytest.param(said(advice.RESTARTED), False, id="it ran, and is run again"),
        pytest.param(said(advice.NODE_LOST), False, id="it may run still"),
        pytest.param(None, False, id="nothing is wrong"),
    ],
)
def test_a_job_makes_way_only_if_nothing_of_it_runs(
    found: Diagnosis | None, *, is_so: bool
) -> None:
    assert cannot_start(found) is is_so
