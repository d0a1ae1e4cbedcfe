"""Values that are elsewhere: in a store, a ConfigMap or a Secret."""

from typing import Any, Final

from runwright.rules.shapes import is_object

_STORED: Final = "$bubuStorageRef"
_STORED_FIELDS: Final = frozenset(
    {
        _STORED,
        "$bubuStoragePath",
        "$bubuStorageContentType",
        "$bubuStorageSchema",
        "$bubuStorageSchemaVersion",
    }
)
_KEPT: Final = frozenset({"$bubuConfigMapRef", "$bubuSecretRef"})
_KEPT_FIELDS: Final = frozenset({"name", "key", "namespace", "format"})


def is_reference(value: Any) -> bool:
    """Return whether a JSON value is a reference to another one, and well-formed.

    Source: BubuStack, offload; bobrapet, StoryRun webhook.
    """
    if not is_object(value) or not value:
        return False
    if _STORED in value:
        return value.keys() <= _STORED_FIELDS and all(
            isinstance(one, str) and one for one in value.values()
        )
    return len(value) == 1 and value.keys() <= _KEPT and _is_address(*value.values())


def _is_address(value: Any) -> bool:
    """Return whether something names a key of an object: `name:key`, or an object that says so."""
    if isinstance(value, str):
        name, colon, key = value.rpartition(":")
        return bool(name and colon and key)
    if not is_object(value) or not {"name", "key"} <= value.keys() <= _KEPT_FIELDS:
        return False
    return all(isinstance(one, str) and one for one in value.values())
