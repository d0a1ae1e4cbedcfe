"""What somebody asked the API server for, as its audit log tells it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

_FORBIDDEN: Final = "forbid"
_DECISION: Final = "authorization.k8s.io/decision"


class Right(NamedTuple):
    """A verb on a resource, as one rule of a Role may allow it."""

    group: str
    """Empty: the core group."""
    resource: str
    """With its subresource, as `storyruns/status`."""
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}"


_UNDEFINES: Final = Right("apiextensions.k8s.io", "customresourcedefinitions", "delete")
_DEFINES: Final = _UNDEFINES._replace(verb="patch")
_GIVES_BACK: Final = Right("rbac.authorization.k8s.io", "clusterroles", "delete")


class Audited(NamedTuple):
    """One request."""

    right: Right
    """What it needed."""
    path: str
    name: str
    """Of the object; empty: of none, or of many."""
    is_forbidden: bool
    """Whether whoever asked lacked that right; what is refused otherwise is not."""

    @property
    def kind(self) -> str:
        """Return the kind of the object, as its definition is called."""
        return f"{self.right.resource.partition('/')[0]}.{self.right.group}"

    def __str__(self) -> str:
        return f"{self.right}: {self.path}"


class AuditLog:
    """The requests of one user from now on."""

    def __init__(self, log: Path, username: str) -> None:
        self._log = log
        self._username = username
        self._begin = log.stat().st_size

    def requests(self) -> Iterator[Audited]:
        """Yield what was asked so far."""
        sought = f'"username":"{self._username}"'.encode()
        with self._log.open("rb") as log:
            log.seek(self._begin)
            for line in log:
                if sought in line and (event := json.loads(line)).get("objectRef"):
                    yield _audited(event)

    def forbidden(self) -> list[str]:
        """Return the requests for which a right was lacking.

        Not those of a kind whose definition the user itself deleted before, and then its right to
        it: whoever had no answer in time asks once more.
        """
        deleted: set[str] = set()
        given_back: set[str] = set()
        found: list[str] = []
        for one in self.requests():
            if one.right == _UNDEFINES:
                deleted.add(one.name)
            if one.right == _DEFINES:
                deleted.discard(one.name)
                given_back.discard(one.name)
            if one.right == _GIVES_BACK and one.name.startswith("runwright-requests-"):
                given_back |= deleted
            if one.is_forbidden and one.kind not in given_back:
                found.append(str(one))
        return found

    def used(self) -> frozenset[Right]:
        """Return the rights that were needed."""
        return frozenset(one.right for one in self.requests())

    async def until_used(self, right: Right) -> None:
        """Return once that right was needed."""
        while right not in self.used():
            await asyncio.sleep(0.5)


def rights_of(role: dict[str, Any]) -> frozenset[Right]:
    """Return what a Role or a ClusterRole allows, each right by itself."""
    return frozenset(
        Right(group, resource, verb)
        for rule in role.get("rules") or ()
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def _audited(event: dict[str, Any]) -> Audited:
    about = event["objectRef"]
    parts = (about["resource"], about.get("subresource", ""))
    return Audited(
        Right(about.get("apiGroup", ""), "/".join(filter(None, parts)), event["verb"]),
        event["requestURI"],
        about.get("name", ""),
        event["annotations"].get(_DECISION) == _FORBIDDEN,
    )
