"""Who may let a suspended pipeline go on: what its author, or the pipeline itself, demands."""

from typing import Any, Final

from pydantic import ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.gates import Approval
from runwright.models.kratix import Pipeline, PipelineApproval, PipelineProgress, Plan
from runwright.rules import gates
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.shapes import is_object
from runwright.rules.translation import problems_in
from runwright.rules.wording import written

APPROVAL: Final = "runwright.dev/approval"
"""The annotation of a pipeline that has the policy, as JSON or YAML."""
POLICY_FIELDS: Final = (*Approval.model_fields, "deadline", "onDeadline")
"""Those of a policy, as they are written."""


def approval_of(pipeline: Pipeline) -> PipelineApproval | None:
    """Return the policy that the author of a pipeline wrote; None: none.

    Raises:
        InvalidManifestError: it cannot be read. Nobody may be let in by a mistake in it.
    """
    text = pipeline.metadata.annotations.get(APPROVAL)
    if text is None:
        return None
    return _read(text, f'{pipeline.name}.metadata.annotations["{APPROVAL}"]')


def policy_problems(text: str, path: str) -> list[Problem]:
    """Return why a policy is refused that its author wrote; `path` is where it stands.

    That is also one that would be taken for another than was meant, or that nobody could fulfil.
    """
    if not text.strip():
        return [Problem(path, "is empty; a policy by which anybody may decide is {}")]
    if sum(1 for _ in read_documents(text)) > 1:
        return [Problem(path, "must be one document")]
    try:
        why = gates.never_enough(_read(text, path))
    except InvalidManifestError as error:
        return list(error.problems)
    return [Problem(f"{path}.required", why)] if why else []


def _read(text: str, path: str) -> PipelineApproval:
    documents = list(read_documents(text))
    if problems := [one for document in documents for one in document.problems]:
        raise InvalidManifestError([one._replace(path=path) for one in problems])
    value: Any = documents[0].value if documents else {}
    if not is_object(value):
        message = f"must be an object, not {written(value)}"
        raise InvalidManifestError([Problem(path, message)])
    try:
        return PipelineApproval.model_validate(value)
    except ValidationError as error:
        raise InvalidManifestError(problems_in(error, path, known=POLICY_FIELDS)) from error


def problems_of(plan: Plan) -> list[str]:
    """Return what is wrong with what a plan says about who may let its pipelines go on."""
    problems: list[str] = []
    for pipeline in plan.pipelines:
        try:
            approval_of(pipeline)
        except InvalidManifestError as error:
            problems += map(str, error.problems)
    return problems


def approval_for(pipeline: Pipeline, progress: PipelineProgress) -> PipelineApproval | None:
    """Return the policy of a pipeline that is suspended; None: whoever removes the label.

    That of the author wins: the pod must not make less of what its Promise demands.
    """
    return approval_of(pipeline) or progress.approval
