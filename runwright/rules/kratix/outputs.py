"""What the steps of a pipeline left in its metadata folder.

Source: Kratix, outputs; suspend and retry.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.durations import parse_duration
from runwright.models.kratix import PipelineApproval, WorkflowControl
from runwright.models.metadata import Condition
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.gates import never_enough
from runwright.rules.kratix.approvals import POLICY_FIELDS
from runwright.rules.shapes import is_object
from runwright.rules.translation import problems_in
from runwright.rules.wording import listed, quoted, suggestion, written

CONTROL_FILE: Final = "workflow-control.yaml"
STATUS_FILE: Final = "status.yaml"
SELECTORS_FILE: Final = "destination-selectors.yaml"
_APPROVAL: Final = "approval"
_FIELDS: Final = ("suspend", "message", "retryAfter", _APPROVAL)
RESERVED: Final = "kratix"
"""The field of a status that is Kratix's own."""
_CONDITIONS: Final = TypeAdapter(tuple[Condition, ...])


def workflow_control(text: str) -> WorkflowControl:
    """Return what a pipeline asks for; nothing where the text is empty.

    A delay counts whatever `suspend` says. Upstream passes over fields that it does not know, and
    so do we; but not over what looks like `approval`, for then anybody could decide.

    Raises:
        InvalidManifestError: it is no object, or a field of it is not what it must be.

    Source: Kratix, workflow-control.yaml.
    """
    given = _object(text, CONTROL_FILE)
    for name in _unknown(given):
        if hint := suggestion(name.lower(), [_APPROVAL]):
            raise _wrong(CONTROL_FILE, name, f"there is no such field{hint}")
    suspend, message = given.get("suspend") or False, given.get("message") or ""
    if not isinstance(suspend, bool):
        raise _wrong(CONTROL_FILE, "suspend", f"must be true or false, not {written(suspend)}")
    if not isinstance(message, str):
        raise _wrong(CONTROL_FILE, "message", f"must be text, not {written(message)}")
    return WorkflowControl(
        suspend=suspend,
        message=message,
        retry_after=_delay(given.get("retryAfter")),
        approval=_approval(given.get(_APPROVAL)),
    )


def passed_over(text: str) -> str:
    """Return which fields of a pipeline's wish were passed over; empty: none.

    Raises:
        InvalidManifestError: it is no object.
    """
    unknown = [
        f"{quoted(name)}{suggestion(name, _FIELDS)}"
        for name in _unknown(_object(text, CONTROL_FILE))
    ]
    return f"{CONTROL_FILE}: nobody reads {listed(unknown)}" if unknown else ""


def _unknown(given: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in given if name not in _FIELDS]


def _approval(given: Any) -> PipelineApproval | None:
    if given is None:
        return None
    try:
        approval = PipelineApproval.model_validate(given)
    except ValidationError as error:
        problems = problems_in(error, _APPROVAL, known=POLICY_FIELDS)
        found = [one._replace(file=CONTROL_FILE) for one in problems]
        raise InvalidManifestError(found) from error
    if why := never_enough(approval):
        raise _wrong(CONTROL_FILE, f"{_APPROVAL}.required", why)
    return approval


def _delay(given: Any) -> timedelta | None:
    if given is None or given == "":
        return None
    try:
        return parse_duration(str(given))
    except ValueError as error:
        raise _wrong(CONTROL_FILE, "retryAfter", str(error)) from error


def pipeline_status(text: str) -> dict[str, Any]:
    """Return the fields that a pipeline adds to the status of its parent.

    Raises:
        InvalidManifestError: it is no object, or writes what is Kratix's own.

    Source: Kratix, status.yaml.
    """
    given = _object(text, STATUS_FILE)
    if RESERVED in given:
        raise _wrong(STATUS_FILE, RESERVED, "is not for pipelines to write")
    try:
        _CONDITIONS.validate_python(given.get("conditions", ()))
    except ValidationError as error:
        problems = problems_in(error, "conditions")
        raise InvalidManifestError([one._replace(file=STATUS_FILE) for one in problems]) from error
    return given


def merged_status(before: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Return a status with what a pipeline adds.

    A field replaces the one of its name as a whole, a list too; only conditions are told apart by
    their type. Nothing is removed by being left out.

    Source: Kratix, status writer.
    """
    merged = {**before, **added}
    if "conditions" in added:
        known = {one["type"]: one for one in before.get("conditions") or ()}
        new = {one["type"]: one for one in added["conditions"]}
        merged["conditions"] = list((known | new).values())
    return merged


def _object(text: str, file: str) -> dict[str, Any]:
    documents = list(read_documents(text))
    problems = [one for document in documents for one in document.problems]
    if problems:
        raise InvalidManifestError([one._replace(file=file) for one in problems])
    value: Any = documents[0].value if documents else {}
    if not is_object(value):
        raise _wrong(file, "", f"must be an object, not {written(value)}")
    return dict(value)


def _wrong(file: str, path: str, message: str) -> InvalidManifestError:
    return InvalidManifestError([Problem(path, message, file=file)])
