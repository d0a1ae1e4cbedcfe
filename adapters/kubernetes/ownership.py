"""Whose an object is that was found in the place of one that is wanted."""

from enum import Enum, auto
from typing import NamedTuple

from runwright.models.objects import Manifest


class Kinship(Enum):
    """How an object that has a name stands to the one that is to have it."""

    SAME = auto()
    """It has the same owner."""
    EARLIER = auto()
    """It is that of an earlier owner of the same name, and goes with that one."""
    NONE = auto()
    """It is somebody else's, or nobody's."""


class Owner(NamedTuple):
    """An object that others belong to."""

    api_version: str
    kind: str
    name: str
    uid: str


def kinship(there: Manifest, wanted: Manifest) -> Kinship:
    """Return how an object stands to one of its name whose owner is the first that it names.

    Of two owners of one kind, name and namespace one is gone: a name is had by one at a time.
    """
    owner, *_ = owners_of(wanted)
    owners = owners_of(there)
    if owner in owners:
        return Kinship.SAME
    if any(one[:-1] == owner[:-1] for one in owners):
        return Kinship.EARLIER
    return Kinship.NONE


def owners_of(manifest: Manifest) -> list[Owner]:
    """Return the owners of an object."""
    references = manifest["metadata"].get("ownerReferences") or ()
    return [Owner(one["apiVersion"], one["kind"], one["name"], one["uid"]) for one in references]
