"""What says on a StoryRun that it is a step of another run, which starts it."""

from collections.abc import Mapping
from typing import Final

from pydantic import Field, ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.base import Message
from runwright.rules.wording import quoted

ANNOTATION: Final = "runwright.dev/parent"
"""The annotation of a StoryRun with its Parent, as JSON: intake does not start such a one."""
_PATH: Final = f"metadata.annotations[{ANNOTATION}]"


class Parent(Message):
    """Which execution of which run made a StoryRun, for which of its steps."""

    workflow_id: str = Field(min_length=1, max_length=512)
    execution: str = Field(default="", max_length=64)
    """Temporal's id of that execution."""
    activation: int = Field(default=1, ge=1)
    step: str = Field(max_length=256)
    """A branch with its block before it."""

    @property
    def annotation(self) -> dict[str, str]:
        """Return what says so on the object."""
        return {ANNOTATION: self.model_dump_json(by_alias=True)}


def parent_of(annotations: Mapping[str, str]) -> Parent | None:
    """Return what made a StoryRun; None for one that is no step of another run.

    Raises:
        InvalidManifestError: the annotation that says so cannot be read.
    """
    text = annotations.get(ANNOTATION)
    if not text:
        return None
    try:
        return Parent.model_validate_json(text)
    except ValidationError as error:
        message = f"says which run started this one, and cannot be read: {quoted(text[:64])}"
        raise InvalidManifestError([Problem(_PATH, message)]) from error
