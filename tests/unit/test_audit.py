"""What the tests of a cluster take for a right that was lacking."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cluster.audit import AuditLog

_CRD: Final = ("apiextensions.k8s.io", "customresourcedefinitions", "databases.example.org")
_ROLE: Final = ("rbac.authorization.k8s.io", "clusterroles", "runwright-requests-database")
_REQUEST: Final = ("example.org", "databases", "orders")
_DELETES, _GIVES_BACK = ("delete", *_CRD), ("delete", *_ROLE)
_DEFINES, _ASKS = ("patch", *_CRD), ("get", *_REQUEST)


def event(verb: str, group: str, resource: str, name: str) -> dict[str, Any]:
    """Return what the log has of a request; those for requests are forbidden."""
    decision = "forbid" if group == "example.org" else "allow"
    return {
        "user": {"username": "worker"},
        "verb": verb,
        "objectRef": {"apiGroup": group, "resource": resource, "name": name},
        "requestURI": f"/{resource}/{name}",
        "annotations": {"authorization.k8s.io/decision": decision},
    }


@pytest.mark.parametrize(
    ("asked", "forbidden"),
    [
        pytest.param([_ASKS], 1, id="never had it"),
        pytest.param([_DELETES, _ASKS], 1, id="the right was not given back"),
        pytest.param([_GIVES_BACK, _DELETES, _ASKS], 1, id="it was given back too early"),
        pytest.param([_DELETES, _GIVES_BACK, _ASKS], 0, id="given back after its kind"),
        pytest.param([_DELETES, _GIVES_BACK, _DEFINES, _ASKS], 1, id="its kind was made anew"),
    ],
)
def test_only_what_is_asked_of_a_kind_that_is_gone_is_excused(
    tmp_path: Path, asked: list[tuple[str, str, str, str]], forbidden: int
) -> None:
    log = tmp_path / "audit.log"
    log.touch()
    audited = AuditLog(log, "worker")
    lines = [json.dumps(event(*one), separators=(",", ":")) for one in asked]
    log.write_text("".join(f"{line}\n" for line in lines))

    assert len(audited.forbidden()) == forbidden
