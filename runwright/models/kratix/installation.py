"""What a Promise needs in its cluster before requests for it can be fulfilled."""

from runwright.models.base import Message
from runwright.models.kratix.promises import RequiredBy, RequiredPromiseStatus


class Installed(Message):
    """How far the installation of a Promise is."""

    problems: tuple[str, ...] = ()
    """Everything that is wrong with it, each with its path; none of it can be installed then."""
    required: tuple[RequiredPromiseStatus, ...] = ()
    """The Promises that it requires, as they were found."""
    is_served: bool = True
    """Whether the API server serves its API, or it has none."""
    version: str = ""
    """Of the Promise; `not-set` where its author gave it none."""
    kind: str = ""
    """Of the requests for it; empty without an API."""
    api_version: str = ""
    """The same, in the version that is stored."""


class Requirers(Message):
    """The Promises that require one: all that there are now."""

    promises: tuple[RequiredBy, ...] = ()


class RequestsAsked(Message):
    """How many requests for a Promise there are, all of which were asked to run anew."""

    count: int
