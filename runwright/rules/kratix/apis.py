"""The definition of a Promise's API, as the API server is to have it.

Source: Kratix, status of a resource request.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runwright.models.kratix import Promise, ResourceRequestStatus
from runwright.models.kratix.keys import PROMISE_NAME
from runwright.models.objects import Manifest
from runwright.rules.crds.structure import FREE, structural_schema
from runwright.rules.kubernetes.fields import field

LONGEST_NAME: Final = 63
"""Characters of the name of a request: it is the value of a label."""
_COLUMNS: Final = (
    {"name": "message", "type": "string", "jsonPath": ".status.message"},
    {
        "name": "status",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Reconciled")].message',
    },
)


def version_of(versions: Iterable[Mapping[str, Any]]) -> str:
    """Return the version of an API in which its objects are looked after; empty: none is served.

    A version that is stored and not served is passed over for one that is.
    """
    served = [one for one in versions if one.get("served", True)]
    chosen = next((one for one in served if one.get("storage")), next(iter(served), None))
    return "" if chosen is None else str(chosen.get("name", ""))


def offered(promise: Promise) -> tuple[str, str]:
    """Return the kind of the requests for a Promise and its API version; or nothing.

    Source: Kratix, Promise status.
    """
    if promise.spec.api is None:
        return "", ""
    api = promise.spec.api.spec
    version = version_of(api.versions)
    return api.names.kind, f"{api.group}/{version}" if version else ""


def served_api(api: Mapping[str, Any], promise: str) -> Manifest:
    """Return the CustomResourceDefinition of the requests for a Promise.

    It is the author's, with the status that Kratix shows beside what the author and the pipelines
    have in it, columns where there are none, and names that fit into a label.
    """
    served: Manifest = copy.deepcopy(dict(api))
    metadata = served["metadata"]
    metadata["labels"] = {**(metadata.get("labels") or {}), PROMISE_NAME: promise}
    served["spec"]["versions"] = [_version(one) for one in served["spec"].get("versions", ())]
    return served


def _version(version: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = field(version, "schema", "openAPIV3Schema") or {}
    fields: dict[str, Any] = schema.get("properties") or {}
    completed: dict[str, Any] = {
        **schema,
        "type": "object",
        "properties": {
            **fields,
            "metadata": {"type": "object", "properties": {"name": _name()}},
            "status": _status(fields.get("status") or {}),
        },
    }
    return {
        **version,
        "schema": {"openAPIV3Schema": completed},
        "subresources": {**(version.get("subresources") or {}), "status": {}},
        "additionalPrinterColumns": version.get("additionalPrinterColumns")
        or [dict(column) for column in _COLUMNS],
    }


def _name() -> dict[str, Any]:
    return {"type": "string", "maxLength": LONGEST_NAME}


def _status(author: Mapping[str, Any]) -> dict[str, Any]:
    own = structural_schema(ResourceRequestStatus)
    return {
        **author,
        "type": "object",
        FREE: True,
        "properties": {**(author.get("properties") or {}), **own["properties"]},
    }
