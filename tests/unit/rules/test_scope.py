"""What the templates of a run see of its steps, and what they are told of those they do not see."""

import pytest

from runwright.models.bubustack import Phase
from runwright.models.story_run import Section, StepProgress
from runwright.rules.bubustack.scope import lacking, not_yet, scope_of


def over(name: str, phase: Phase = Phase.SUCCEEDED, **fields: object) -> StepProgress:
    """Return a step that an Engram did, as it ended."""
    given = {"name": name, "section": Section.MAIN, "type": "engram", "phase": phase, **fields}
    return StepProgress.model_validate(given)


STEPS = {
    one.name: one
    for one in (
        over("fetch", output={"tag": "v1"}),
        over("linux", output={"of": "the story"}),
        over("build", type="parallel"),
        over("build/linux", output={"url": "l"}),
        over("build/mac", output={"url": "m"}),
        over("courier", Phase.SKIPPED),
        over("try-it", Phase.FAILED, allow_failure=True, output={"half": True}),
        over("sure", type="gate"),
    )
}


def seen(step: str = "") -> dict[str, object]:
    """Return the outputs that a step sees, by their names without underscores."""
    steps: dict[str, dict[str, object]] = scope_of({}, STEPS, step)["steps"]
    return {name: one["output"] for name, one in steps.items() if "_" not in name}


def test_a_step_sees_outputs_of_successes_and_branches_through_their_block() -> None:
    assert seen("use") == {
        "fetch": {"tag": "v1"},
        "courier": {},
        "sure": {},
        "linux": {"of": "the story"},
        "build": {"linux": {"url": "l"}, "mac": {"url": "m"}},
    }


def test_a_branch_sees_its_siblings_before_steps_of_the_same_name() -> None:
    assert seen("build/mac")["linux"] == {"url": "l"}


def test_the_output_of_a_run_sees_branches_after_steps_of_the_same_name() -> None:
    assert (seen()["linux"], seen()["mac"]) == ({"of": "the story"}, {"url": "m"})


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ steps.fetch.output.tag }}", ""),
        ("{{ steps.ghost.output.tag }}", ""),
        ("{{ steps.courier.output.by }}", "step courier (Skipped) put nothing out"),
        ("{{ steps.try_it.output.half }}", "step try-it (Failed) put nothing out"),
        ("{{ steps.sure.output.by }}", "step sure (Succeeded) put nothing out"),
    ],
    ids=["put out", "unknown", "skipped", "failed", "a gate"],
)
def test_who_misses_an_output_is_told_what_became_of_its_step(template: str, told: str) -> None:
    """`steps has no "courier"` reads as a mistake in the name, which it is not."""
    assert lacking({"with": template}, STEPS) == told


def test_a_branch_is_told_of_its_siblings() -> None:
    steps = {**STEPS, "build/mac": over("build/mac", Phase.SKIPPED)}

    said = lacking("{{ steps.mac.output.url }}", steps, "build/linux")

    assert said == "step mac (Skipped) put nothing out"


def test_what_is_not_over_has_no_output_yet() -> None:
    steps = {**STEPS, "fetch": over("fetch", Phase.RUNNING), "mac": over("mac", Phase.PENDING)}

    assert not_yet("{{ steps.fetch.output.tag }}", steps) == "step fetch has no output yet"
    assert not_yet("{{ steps.linux.output.of }}{{ steps.ghost.output.x }}", steps) == ""
