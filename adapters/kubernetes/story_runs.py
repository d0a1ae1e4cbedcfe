"""StoryRuns as a watch has them: read, judged and named."""

from pydantic import ValidationError

from adapters.kubernetes.resources import STORY_RUNS
from runwright.models.bubustack import Phase, StoryRun
from runwright.models.objects import Manifest, ObjectKey
from runwright.models.story_run import workflow_id
from runwright.rules.bubustack import intake as rules
from runwright.rules.kubernetes.fields import text
from runwright.rules.translation import problems_in
from runwright.rules.wording import is_within


def read_story_run(manifest: Manifest) -> StoryRun | str:
    """Return the StoryRun, or what is wrong with it.

    A status that people made unreadable is left out but for its phase: the run goes on all the
    same, and its next status puts right what it writes.
    """
    try:
        return StoryRun.model_validate(manifest)
    except ValidationError as error:
        problems = problems_in(error)
    phase = text(manifest, "status", "phase")
    if all(is_within(problem.path, "status") for problem in problems) and phase in {*Phase}:
        return StoryRun.model_validate({**manifest, "status": {"phase": phase}})
    return "; ".join(map(str, problems))


def is_open(manifest: Manifest) -> bool:
    """Return whether a StoryRun was started, is not over and not being deleted."""
    metadata = manifest["metadata"]
    is_started = rules.RUN_ID in (metadata.get("annotations") or {})
    return is_started and not is_over(manifest) and not metadata.get("deletionTimestamp")


def is_over(manifest: Manifest) -> bool:
    """Return whether a StoryRun says that its run has ended."""
    phase = text(manifest, "status", "phase")
    return phase in {*Phase} and Phase(phase).is_terminal


def workflow_of(run: StoryRun | Manifest) -> str:
    """Return the id of a StoryRun's workflow."""
    if isinstance(run, StoryRun):
        return workflow_id(run.metadata.namespace, run.metadata.name, run.metadata.uid)
    metadata = run["metadata"]
    return workflow_id(metadata["namespace"], metadata["name"], metadata["uid"])


def key_of(namespace: str, name: str, uid: str) -> ObjectKey:
    """Return which StoryRun is meant."""
    return ObjectKey(
        api_version=STORY_RUNS.api_version,
        kind=STORY_RUNS.kind,
        namespace=namespace,
        name=name,
        uid=uid,
    )
