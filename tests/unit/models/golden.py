"""What the tests of resource models share: documents that use everything, and changes to them."""

import copy
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from runwright.models.base import WireModel


def dumped(resource: WireModel) -> dict[str, Any]:
    """Return the resource as it goes to a cluster: only what was said, under its wire names."""
    return resource.model_dump(mode="json", by_alias=True, exclude_unset=True)


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Return a copy of the document with `value` at the path."""
    copied = copy.deepcopy(document)
    place: Any = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copied


def fields_left_out(module: ModuleType, *resources: WireModel) -> set[str]:
    """Return which fields of the module's models, as `Step.needs`, none of the resources says."""
    declared = {
        f"{model.__name__}.{field}"
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, WireModel)
        if model.__module__ == module.__name__
        for field in model.model_fields
    }
    return declared - {said for resource in resources for said in _fields_said(resource)}


def _fields_said(value: object) -> Iterator[str]:
    if isinstance(value, WireModel):
        yield from (f"{type(value).__name__}.{field}" for field in value.model_fields_set)
        for _, inner in value:
            yield from _fields_said(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _fields_said(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _fields_said(inner)
