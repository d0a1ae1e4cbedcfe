"""What an answer of the API server means: an object, an absence, or one of our errors."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from adapters.kubernetes.depth import read_json
from runwright.errors import ClusterUnavailableError, ConflictError, RefusedError, RunwrightError
from runwright.models.objects import Manifest
from runwright.rules.kubernetes.advice import ROOM_LATER
from runwright.rules.shapes import is_object
from runwright.rules.wording import excerpt

_FOR_NOW: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,  # an expired token: whoever issues it brings a new one
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_TOO_LARGE: Final = re.compile(r"request is too large|send message larger than max")
"""What the store of an API server says of an object for which it has no room, now or later."""
_TERMINATING: Final = "is being terminated"
_STATUS: Final = ": HTTP "
_JUDGES: Final = (*ROOM_LATER, "denied the request", "failed calling webhook", "denied request")
_JUDGED: Final = re.compile(rf": HTTP \d+ .*({'|'.join(_JUDGES)})", re.S)
"""What quotas, webhooks and policies say, or an API server that cannot ask a webhook."""
_LONGEST_MESSAGE: Final = 256
_GROUPS: Final = re.compile(r" \(groups=\[[^\]]*\]\)")
"""Of who asked, in a message on rights: long, and before the right that is lacking."""


class Answer:
    """One answer of the API server, read to its end.

    One that `was_away` lately forbids everything until it has read who may do what.
    """

    def __init__(self, attempt: str, status: int, body: bytes, *, was_away: bool = False) -> None:
        self.status = status
        self._attempt = attempt
        self._body = body
        self._was_away = was_away

    @property
    def is_good(self) -> bool:
        """Whether what was asked for was done, or is there."""
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def is_absence(self) -> bool:
        """Whether it says that this one object is not there, which is no error.

        The absence of a kind is another 404. Whoever creates does not ask: there it is the
        namespace that is absent.
        """
        if self.status != HTTPStatus.NOT_FOUND:
            return False
        said = self.parsed().get("details")
        return is_object(said) and bool(said.get("name"))

    def parsed(self) -> dict[str, Any]:
        """Return the object; empty when the body is none."""
        try:
            content: Any = read_json(self._body)
        except ValueError:
            return {}
        return dict(content) if is_object(content) else {}

    def object(self) -> dict[str, Any]:
        """Return the object, or the list of objects, that was asked for.

        Raises:
            ClusterUnavailableError: there is none in a good answer: it is that of a proxy.
            RunwrightError: the answer is not good.
        """
        if not self.is_good:
            raise self.error()
        found = self.parsed()
        if "kind" not in found:
            said = excerpt(self.text(), _LONGEST_MESSAGE)
            message = f"{self._attempt}{_STATUS}{self.status} without an object: {said}"
            raise ClusterUnavailableError(message)
        return found

    def text(self) -> str:
        """Return the body as text."""
        return self._body.decode(errors="replace")

    def error(self) -> RunwrightError:
        """Return what to raise for an answer that is not good."""
        said = self.parsed()
        text = _GROUPS.sub("", str(said.get("message") or self.text()))
        message = f"{self._attempt}{_STATUS}{self.status} {excerpt(text, _LONGEST_MESSAGE)}"
        if self.status == HTTPStatus.CONFLICT:
            return ConflictError(message)
        is_coming_up = self._was_away and self.status == HTTPStatus.FORBIDDEN
        if is_for_now(self.status, said) or (is_coming_up and _TERMINATING not in text):
            return ClusterUnavailableError(message)
        return RefusedError(message)


class Change(NamedTuple):
    """One event of a watch."""

    type: str
    """ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""
    object: Manifest


def change_of(line: bytes) -> Change:
    """Return what a line of a watch tells.

    Raises:
        ValueError: it tells nothing of an object: it is that of a proxy.
    """
    event: Any = read_json(line)
    if not (is_object(event) and is_object(event.get("object"))):
        message = f"no change: {excerpt(line.decode(errors='replace'), _LONGEST_MESSAGE)}"
        raise ValueError(message)
    return Change(str(event.get("type", "")), dict(event["object"]))


def is_for_now(status: int, said: Mapping[str, Any]) -> bool:
    """Return whether the same request may be granted later.

    A quota frees up, a webhook that cannot be called comes back. What RBAC forbids, what a
    namespace that goes away refuses, what is invalid or too large will be refused again.
    """
    message = str(said.get("message", ""))
    if status in _FOR_NOW:
        return True
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return not _TOO_LARGE.search(message)
    return status == HTTPStatus.FORBIDDEN and any(words in message for words in ROOM_LATER)


def is_terminating(error: RunwrightError) -> bool:
    """Return whether the object was refused because its namespace is being deleted."""
    return isinstance(error, RefusedError) and _TERMINATING in str(error)


def is_unknown_kind(error: RunwrightError) -> bool:
    """Return whether the API server has no such kind of objects, or not in that version."""
    return _has_status(error, HTTPStatus.NOT_FOUND)


def is_forbidden(error: RunwrightError) -> bool:
    """Return whether whoever asked lacks the right, or a policy was against it."""
    return _has_status(error, HTTPStatus.FORBIDDEN)


def is_invalid(error: RunwrightError) -> bool:
    """Return whether the object itself was refused, whoever asks."""
    return _has_status(error, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST)


def is_of_object(error: RunwrightError) -> bool:
    """Return whether a quota, or whoever else is asked about each object, refused this one."""
    return bool(_JUDGED.search(str(error)))


def _has_status(error: RunwrightError, *statuses: HTTPStatus) -> bool:
    said = (f"{_STATUS}{status.value} " for status in statuses)
    return isinstance(error, RefusedError) and any(one in str(error) for one in said)
