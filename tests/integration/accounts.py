"""The ServiceAccount that the tasks of a run act as, and what is said where it is not there."""

from runwright.models.story_run import StartStoryRun
from runwright.models.tasks import TaskKey, TaskNote
from runwright.rules.kubernetes.advice import of_refusal
from runwright.rules.kubernetes.diagnosis import said


def account_of(start: StartStoryRun) -> tuple[str, str]:
    """Return namespace and name of the account of a run."""
    return start.namespace, f"{start.name}-engram-runner"


def without(account: str, key: TaskKey) -> TaskNote:
    """Return what a run is told whose task cannot start without that account."""
    answer = (
        f'pods "{key.name}-" is forbidden: error looking up service account '
        f'{key.namespace}/{account}: serviceaccount "{account}" not found'
    )
    return TaskNote(key=key, diagnosis=said(of_refusal(answer), answer))
