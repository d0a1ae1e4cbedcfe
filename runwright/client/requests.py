"""What starts a run, for whichever Temporal client is to do it."""

import os
import secrets
from collections.abc import Mapping
from typing import Final, Literal

from runwright.models.base import Message
from runwright.models.story_run import StartStoryRun, workflow_id
from runwright.settings import Settings

_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
"""As in the names that Kubernetes generates: no word comes of them."""


class StartRequest(Message):
    """What to ask Temporal for; search attributes are left to the workflow."""

    workflow_id: str
    workflow_type: Literal["StoryRun"] = "StoryRun"
    task_queue: str
    input: StartStoryRun
    """Its only argument, as JSON."""


def start_request(start: StartStoryRun, environ: Mapping[str, str] = os.environ) -> StartRequest:
    """Return the request that starts the run where the environment says.

    Raises:
        InvalidSettingsError: a RUNWRIGHT_ variable cannot be read.
    """
    settings = Settings.from_environ(environ)
    return StartRequest(
        workflow_id=workflow_id(start.namespace, start.name, start.uid),
        task_queue=settings.task_queue,
        input=start.model_copy(
            update={
                "cluster": settings.cluster,
                "defaults": start.defaults or settings.step_defaults,
            }
        ),
    )


def made_up_suffix() -> str:
    """Return what makes a generated name unique, as Kubernetes makes it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(5))
