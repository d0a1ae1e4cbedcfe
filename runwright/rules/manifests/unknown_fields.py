"""Fields that no model knows: most of them are misspelt."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from runwright.errors import Problem
from runwright.models.bubustack import Step, StepType
from runwright.models.metadata import ObjectMeta
from runwright.rules import annotations as annotation_rules
from runwright.rules.bubustack.branches import STEPS
from runwright.rules.bubustack.commands import COMMAND, LOCAL_COMMAND
from runwright.rules.bubustack.tasks import MANIFEST_FOLDER
from runwright.rules.shapes import is_list, is_object
from runwright.rules.wording import child, suggestion

_WRITTEN_BY_THE_API_SERVER: Final = frozenset(
    {"deletionGracePeriodSeconds", "managedFields", "selfLink"}
)

_OF_TEMPLATES: Final = frozenset({COMMAND, LOCAL_COMMAND, MANIFEST_FOLDER})


def unknown_fields(annotation: Any, value: Any, path: str = "") -> Iterator[Problem]:
    """Yield the fields of a document that its model does not know, except in free objects."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if is_object(value):
            yield from _in_model(annotation, value, path)
    elif origin in {Union, types.UnionType, Annotated}:
        for option in arguments:
            yield from unknown_fields(option, value, path)
    elif origin in {tuple, dict}:
        entry_type = arguments[0] if origin is tuple else arguments[1]
        for key, entry in _entries(value):
            yield from unknown_fields(entry_type, entry, child(path, key))


def unknown_annotations(annotations: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the annotations of an EngramTemplate that look like ours and that nobody reads."""
    return annotation_rules.unknown_annotations(annotations, _OF_TEMPLATES)


def _entries(value: Any) -> list[tuple[str | int, Any]]:
    if is_object(value):
        return list(value.items())
    return list(enumerate(value)) if is_list(value) else []


def _in_model(model: type[BaseModel], value: Mapping[str, Any], path: str) -> Iterator[Problem]:
    known = {_wire_name(name, field): field for name, field in model.model_fields.items()}
    silent = _WRITTEN_BY_THE_API_SERVER if issubclass(model, ObjectMeta) else ()
    for name, entry in value.items():
        where = child(path, name)
        if name in known:
            yield from unknown_fields(known[name].annotation, entry, where)
        elif name not in silent:
            yield Problem(where, f"there is no such field{suggestion(name, known)}")
    if model is Step and value.get("type") == StepType.PARALLEL:
        yield from _in_branches(value.get("with"), child(path, "with"))


def _in_branches(arguments: Any, path: str) -> Iterator[Problem]:
    """Yield those of the branches of a parallel step: they are steps within a free object."""
    branches = arguments.get(STEPS) if is_object(arguments) else None
    yield from unknown_fields(tuple[Step, ...], branches, child(path, STEPS))


def _wire_name(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else name
