"""Runs whose objects are as large as the store of an API server lets them be."""

from typing import Any

import pytest

from tests.cluster.runs import Stage

KIB = 1024


async def ended(stage: Stage, inputs: dict[str, int], **metadata: Any) -> dict[str, Any]:
    """Return the status of a run that succeeded; its inputs are of so many KiB."""
    await stage.story(
        "release",
        {"name": "check", "type": "condition"},
        output={"page": "{{ inputs.page }}"},
    )
    given = {name: "x" * size * KIB for name, size in inputs.items()}
    spec = {"storyRef": {"name": "release"}, "inputs": given}
    known = {"name": "web-1", "namespace": stage.namespace, **metadata}
    await stage.create("runs.bubustack.io/v1alpha1", "StoryRun", known, spec)
    async with stage.served():
        run = await stage.until_phase("web-1", "Succeeded")
        state = await stage.state(run)
    assert state.output == {"page": given["page"]}
    status: dict[str, Any] = run["status"]
    return status


async def test_an_output_that_fits_beside_the_inputs_is_shown(stage: Stage) -> None:
    status = await ended(stage, {"page": 400, "rest": 600})

    assert len(status["output"]["page"]) == 400 * KIB


@pytest.mark.parametrize(
    "annotations", [{}, {"someones": "x" * 200 * KIB}], ids=["by us", "by the cluster"]
)
async def test_a_run_ends_whose_output_has_no_room_beside_its_inputs(
    annotations: dict[str, str], stage: Stage
) -> None:
    """Whether it was known beforehand, or an annotation of somebody's took the room."""
    page = 460 if annotations else 500

    status = await ended(stage, {"page": page, "rest": 1020 - page}, annotations=annotations)

    assert "output" not in status
    assert status["message"].endswith("The output is too large to be shown here.")
    assert status["finishedAt"]
