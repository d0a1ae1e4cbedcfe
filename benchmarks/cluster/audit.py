"""What the API server's audit log says of a while: who asked for what, and when."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One request to the API server, answered."""

    user: str
    verb: str
    resource: str
    """As `jobs`, or `pods/status`."""
    namespace: str
    name: str
    received_at: datetime
    answered_at: datetime


class AuditLog:
    """The log from the moment on at which this is made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._begin = file.stat().st_size

    def requests(self, namespace: str) -> list[Request]:
        """Return the requests about a namespace since then, in the order of their arrival."""
        found = [one for one in self._read() if one.namespace == namespace]
        return sorted(found, key=lambda one: one.received_at)

    def requests_of(self, account: str) -> list[Request]:
        """Return the requests since then of whoever is called so, or begins so.

        Those about objects of no namespace are among them.
        """
        found = [one for one in self._read() if one.user.startswith(account)]
        return sorted(found, key=lambda one: one.received_at)

    def _read(self) -> Iterator[Request]:
        with self._file.open("rb") as log:
            log.seek(self._begin)
            for line in log:
                event: dict[str, Any] = json.loads(line)
                if event["stage"] == "ResponseComplete" and "objectRef" in event:
                    yield _request(event)


def _request(event: dict[str, Any]) -> Request:
    about = event["objectRef"]
    part = f"/{about['subresource']}" if about.get("subresource") else ""
    return Request(
        user=event["user"]["username"],
        verb=event["verb"],
        resource=f"{about['resource']}{part}",
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        received_at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
        answered_at=datetime.fromisoformat(event["stageTimestamp"]),
    )


def counted(requests: Iterable[Request], user: str) -> Counter[str]:
    """Return how often a user asked for what, by verb and kind."""
    return Counter(f"{one.verb} {one.resource}" for one in requests if one.user == user)


def gap(
    requests: Iterable[Request], since: Callable[[Request], bool], until: Callable[[Request], bool]
) -> float:
    """Return the milliseconds from the last request of a kind to the first of another after it.

    The first `until` ends the search, and what counts is the last `since` before it.

    Raises:
        ValueError: there is no such pair.
    """
    begun: datetime | None = None
    for one in requests:
        if until(one) and begun is not None:
            return 1000 * (one.received_at - begun).total_seconds()
        if since(one):
            begun = one.answered_at
    message = "the audit log has no such pair of requests"
    raise ValueError(message)
