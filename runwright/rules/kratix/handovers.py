"""What the pod of a pipeline handed over, read."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from runwright.errors import InvalidManifestError, Problem
from runwright.models.kratix import (
    Collected,
    Handover,
    PipelineRun,
    Stored,
    WorkflowControl,
    WorkflowType,
)
from runwright.rules.kratix.outputs import (
    STATUS_FILE,
    passed_over,
    pipeline_status,
    workflow_control,
)
from runwright.rules.kratix.status import OF_A_REQUEST
from runwright.rules.kratix.works import (
    DirectorySelectors,
    directory_selectors,
    puts_out,
    unpacked_files,
)
from runwright.rules.shapes import is_object
from runwright.rules.translation import problems_in
from runwright.rules.wording import listed, quoted

_OF_A_PROMISE: Final = frozenset({"message"})
"""What a pipeline may write into the status of a Promise: the API server knows no other field."""
_NOT_TO_BE_WRITTEN: Final = OF_A_REQUEST - {"message", "conditions"}
"""What it may not into that of a request: Kratix says there itself how the request is."""
_T = TypeVar("_T")


class Left(NamedTuple):
    """What the steps of a pipeline left."""

    collected: Collected
    selectors: tuple[DirectorySelectors, ...] = ()
    files: Mapping[str, bytes] = {}
    """Nothing where they do not become a Work."""


def handover_of(handed_over: Mapping[str, Any]) -> Handover:
    """Return the last word of a pod: one that left nothing says so.

    Raises:
        InvalidManifestError: it is none, as that of a pod without our containers. For a pod that
            left nothing its Work would be emptied, and what runs at its destinations would go.
    """
    if not handed_over:
        message = "the pod handed nothing over"
        raise _unreadable(message)
    try:
        return Handover.model_validate(handed_over)
    except ValidationError as error:
        raise InvalidManifestError(problems_in(error)) from error


def stored_handover(stored: Stored, texts: Mapping[str, str]) -> Handover:
    """Return what a pod stored because it was too long for its last word.

    Raises:
        InvalidManifestError: it is not what the pod said that it stored, or cannot be read.
    """
    for text in texts.values():
        if hashlib.sha256(text.encode()).hexdigest() == stored.digest:
            return _read(text)
    message = f"what is in the ConfigMap {stored.config_map} is not what the pod stored"
    raise _unreadable(message)


def _read(text: str) -> Handover:
    try:
        found: Any = from_json(text)
    except ValueError as error:
        message = f"what the pod stored is no JSON: {error}"
        raise _unreadable(message) from error
    if not is_object(found) or found.get("stored"):
        message = "what the pod stored is no handover"
        raise _unreadable(message)
    return handover_of(found)


def left_by(run: PipelineRun, handover: Handover) -> Left:
    """Return what the steps of a pipeline left; its problem is everything that cannot be read.

    Source: Kratix, outputs.
    """
    problems: list[Problem] = []
    control = _tried(workflow_control, handover.control, problems, WorkflowControl())
    status = _tried(pipeline_status, handover.status, problems, dict[str, Any]())
    selectors: tuple[DirectorySelectors, ...] = ()
    files: Mapping[str, bytes] = {}
    if run.is_configure:
        selectors = _tried(directory_selectors, handover.selectors, problems, ())
    if puts_out(run.action, control):
        files = _tried(unpacked_files, handover.files, problems, files)
    if problems:
        return Left(Collected(problem="\n".join(map(str, problems))))
    collected = _collected(run, control, status)
    warning = "; ".join(filter(None, (passed_over(handover.control), collected.warning)))
    return Left(collected.model_copy(update={"warning": warning}), selectors, files)


def _collected(run: PipelineRun, control: WorkflowControl, status: dict[str, Any]) -> Collected:
    if run.parent.type is WorkflowType.RESOURCE:
        other = sorted(status.keys() & _NOT_TO_BE_WRITTEN)
        why = "not for pipelines to write are"
    else:
        other = sorted(status.keys() - _OF_A_PROMISE)
        why = "a Promise does not show"
    shown = {key: value for key, value in status.items() if key not in other}
    passed = f"{STATUS_FILE}: {why} {listed([*map(quoted, other)])}"
    return Collected(control=control, status=shown, warning=passed if other else "")


def _tried(read: Callable[[Any], _T], given: Any, problems: list[Problem], otherwise: _T) -> _T:
    """Return what is read; where it cannot be, note why."""
    try:
        return read(given)
    except InvalidManifestError as error:
        problems += error.problems
        return otherwise


def _unreadable(message: str) -> InvalidManifestError:
    return InvalidManifestError([Problem("", message)])
