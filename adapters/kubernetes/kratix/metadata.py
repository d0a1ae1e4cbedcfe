"""What the metadata of an object says, of which anything may be missing."""

from collections.abc import Mapping, Sequence

from runwright.models.objects import Manifest


def labels(manifest: Manifest) -> Mapping[str, str]:
    """Return what an object is labelled with."""
    found: Mapping[str, str] = manifest["metadata"].get("labels") or {}
    return found


def finalizers(manifest: Manifest) -> Sequence[str]:
    """Return what holds an object."""
    found: Sequence[str] = manifest["metadata"].get("finalizers") or ()
    return found


def is_going(manifest: Manifest) -> bool:
    """Return whether an object is being deleted."""
    return bool(manifest["metadata"].get("deletionTimestamp"))


def full_name(manifest: Manifest) -> tuple[str, str]:
    """Return namespace and name; no namespace for an object of the cluster."""
    metadata = manifest["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
