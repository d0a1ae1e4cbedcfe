"""The steps of a run that Engrams do."""

from collections.abc import Iterator

from runwright.models.story_run import StartStoryRun
from runwright.rules.bubustack.admission.placed import Outline, Placed
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.bubustack.snapshot import engram_of, template_of


def engram_steps(start: StartStoryRun) -> Iterator[tuple[Placed, Work]]:
    """Yield the steps whose Engram and template the run has, of all three lists, in order."""
    for placed in Outline(start.story).steps:
        engram = engram_of(start, placed.step)
        template = template_of(start, engram) if engram else None
        if engram is not None and template is not None:
            yield placed, Work(start, placed.step, engram, template)
