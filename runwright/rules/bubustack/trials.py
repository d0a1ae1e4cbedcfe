"""What would keep a run of a Story from being started, where nobody asks for one yet."""

from collections.abc import Iterator
from typing import Final

from runwright.errors import Problem
from runwright.models.bubustack import Story, StoryReference, StoryRun, StoryRunSpec
from runwright.models.metadata import ObjectMeta
from runwright.models.tasks import Backend
from runwright.rules.bubustack.admission import unsupported_problems
from runwright.rules.bubustack.starting import Wanted, not_understood, snapshot
from runwright.rules.manifests import Bundle
from runwright.rules.manifests.resolution import Resolved, resolved

_RUN: Final = "trial"
"""What a run is called of which nobody has said the name."""
_THERE_IS_NONE: Final = "there is no "


def trial_of(story: Story) -> StoryRun:
    """Return a run of a Story, without inputs."""
    metadata = ObjectMeta(name=story.metadata.name, namespace=story.metadata.namespace)
    return StoryRun(
        metadata=metadata, spec=StoryRunSpec(story_ref=StoryReference(name=metadata.name))
    )


def trial_problems(bundle: Bundle, story: Story, backend: Backend) -> Iterator[Problem]:
    """Yield what would keep every run of a Story from being started with these manifests.

    That is what contradicts itself in them. What they lack may be found where they are applied;
    what only a worker without a cluster cannot do keeps nobody from running it in one.
    """
    yield from _of_parts(story, resolved(bundle, trial_of(story), Backend.KUBERNETES).problems)
    start = snapshot(bundle, Wanted(trial_of(story), story, []), "")
    if start is None:
        return
    elsewhere = unsupported_problems(story) if backend is Backend.LOCAL else ()
    known = {(problem.path, problem.message) for problem in elsewhere}
    trial = start.model_copy(update={"backend": backend, "name": _RUN})
    for problem in not_understood(bundle, trial):
        is_own = problem.object == f"Story/{story.metadata.name}"
        if is_own and (problem.path, problem.message) not in known:
            yield problem


def trial_warnings(bundle: Bundle, story: Story, backend: Backend) -> Iterator[Problem]:
    """Yield what the Story lacks in these manifests, and may find where they are applied."""
    found: Resolved = resolved(bundle, trial_of(story), backend)
    yield from _of_parts(story, [*found.problems, *map(among_files, found.absent)])


def among_files(absent: Problem) -> Problem:
    """Return that something is not in the manifests, wherever else it may be."""
    rest = absent.message.removeprefix(_THERE_IS_NONE)
    return absent._replace(message=f"among the files {_THERE_IS_NONE}{rest}")


def _of_parts(story: Story, problems: list[Problem]) -> Iterator[Problem]:
    """Yield the problems but for those of the run, which nobody asked for."""
    trial = f"StoryRun/{story.metadata.name}"
    return (problem for problem in problems if problem.object != trial)
