"""The CustomResourceDefinition of a kind, put together from its model and what is said of it."""

from typing import Any

from runwright.models.objects import Manifest
from runwright.rules.crds.kinds import Kind, Served
from runwright.rules.crds.limits import LIMITS
from runwright.rules.crds.served import SERVED
from runwright.rules.crds.structure import Schema, structural_schema
from runwright.rules.crds.validations import VALIDATIONS


def definition(kind: Kind) -> Manifest:
    """Return the CustomResourceDefinition of a kind, as the API server takes it."""
    served = SERVED[kind]
    group, _, version = _api_version(served).partition("/")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{served.plural}.{group}"},
        "spec": {
            "group": group,
            "names": _names(kind, served),
            "scope": served.scope,
            "versions": [_version(kind, served, version)],
        },
    }


def _api_version(served: Served) -> str:
    return str(served.model.model_fields["api_version"].default)


def _names(kind: Kind, served: Served) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "listKind": f"{kind}List",
        "plural": served.plural,
        "singular": kind.lower(),
        **({"shortNames": [served.short]} if served.short else {}),
        "categories": list(served.categories),
    }


def _version(kind: Kind, served: Served, name: str) -> dict[str, Any]:
    columns = [
        {
            "name": column.name,
            "type": column.type,
            "jsonPath": column.path,
            **({"priority": column.priority} if column.priority else {}),
        }
        for column in served.columns
    ]
    version: dict[str, Any] = {
        "name": name,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
    }
    if served.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in served.selectable]
    return version | {"schema": {"openAPIV3Schema": object_schema(kind)}}


def object_schema(kind: Kind) -> Schema:
    """Return the schema of the objects of a kind, with their limits and rules.

    What the API server itself looks after (version, kind, metadata) is only named.
    """
    schema = structural_schema(SERVED[kind].model)
    for field in ("apiVersion", "kind"):
        schema["properties"][field] = {"type": "string"}
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["spec"]
    for path, limits in LIMITS[kind].items():
        part_at(schema, path).update(limits)
    for validation in VALIDATIONS[kind]:
        rules = part_at(schema, validation.at).setdefault("x-kubernetes-validations", [])
        rules.append(validation.as_written())
    return schema


def part_at(schema: Schema, path: str) -> Schema:
    """Return the part of a schema for `spec.steps[].name`; `[]` is each entry of a list.

    Raises:
        KeyError: there is no such part.
    """
    for word in filter(None, path.split(".")):
        schema = schema["properties"][word.removesuffix("[]")]
        if word.endswith("[]"):
            schema = schema["items"]
    return schema
