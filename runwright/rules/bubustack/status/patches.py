"""Statuses as JSON, and the patches between them."""

from collections.abc import Mapping
from typing import Any

from runwright.models.base import WireModel
from runwright.rules.shapes import is_object


def merge_patch(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON merge patch from one object to another: lists whole, null for what went.

    A null within a value is lost: a merge patch has no way to write one.
    """
    changed = {
        key: merge_patch(old, value) if is_object(old) and is_object(value) else value
        for key, value in now.items()
        if (old := before.get(key)) != value
    }
    return changed | {key: None for key in before if key not in now}


def shown(status: WireModel) -> dict[str, Any]:
    """Return a status as JSON without what is not there; an output may be an empty object."""
    dumped: dict[str, Any] = status.model_dump(mode="json", exclude_none=True)
    return {
        key: value for key, value in dumped.items() if value not in ("", [], {}) or key == "output"
    }


def names_of(model: type[WireModel]) -> set[str]:
    """Return the names of a model's fields on the wire."""
    return {field.alias or name for name, field in model.model_fields.items()}
