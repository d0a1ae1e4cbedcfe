"""The pipelines of a Promise, read as strictly as upstream reads them."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.kratix import Pipeline, PromiseSpec, WorkflowAction, WorkflowType
from runwright.rules.kubernetes.fields import field
from runwright.rules.shapes import is_list, is_object
from runwright.rules.translation import problems_in

WORKFLOWS: Final = tuple(product(WorkflowType, WorkflowAction))
"""The four lists of pipelines that a Promise may have."""


class Placed(NamedTuple):
    """A pipeline as it was written, the list it is in, and its path."""

    manifest: Any
    type: WorkflowType
    action: WorkflowAction
    path: str


def placed_pipelines(manifest: Any) -> Iterator[Placed]:
    """Yield the pipelines of a Promise, whatever is wrong with it or with them."""
    for type_, action in WORKFLOWS:
        keys = ("spec", "workflows", type_.value, action.value)
        found = field(manifest, *keys)
        for index, pipeline in enumerate(found if is_list(found) else ()):
            yield Placed(pipeline, type_, action, f"{'.'.join(keys)}[{index}]")


def pipeline_problems(placed: Placed) -> list[Problem]:
    """Return why a pipeline cannot be read, each with its path in the Promise.

    Source: Kratix, decoding of pipelines, which knows every field or refuses the Promise.
    """
    try:
        _read(placed)
    except ValidationError as error:
        return problems_in(error, placed.path)
    return []


def pipelines_of(
    spec: PromiseSpec, type_: WorkflowType, action: WorkflowAction
) -> tuple[Pipeline, ...]:
    """Return the pipelines of one workflow, in the order in which they run.

    Of a delete workflow that is at most the first.

    Raises:
        InvalidManifestError: some cannot be read; it has every problem.

    Source: Kratix, `spec.workflows`.
    """
    manifest = {"spec": spec.model_dump(mode="json", exclude_unset=True)}
    placed = [
        one for one in placed_pipelines(manifest) if (one.type, one.action) == (type_, action)
    ]
    if problems := [problem for one in placed for problem in pipeline_problems(one)]:
        raise InvalidManifestError(problems)
    pipelines = tuple(map(_read, placed))
    return pipelines if action is WorkflowAction.CONFIGURE else pipelines[:1]


def _read(placed: Placed) -> Pipeline:
    return Pipeline.model_validate(_without_nulls(placed.manifest), by_alias=True, by_name=False)


def _without_nulls(value: Any) -> Any:
    """Return the value without the fields that are null: for Go they are not there."""
    if is_object(value):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if is_list(value) else value
