"""Requests among manifests, judged by the Promises beside them, as far as files can tell."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from runwright.errors import Problem
from runwright.rules.kratix.apis import LONGEST_NAME
from runwright.rules.kubernetes.fields import entries, field, text
from runwright.rules.schemas import violations
from runwright.rules.schemas.structure import mapped
from runwright.rules.shapes import is_object
from runwright.rules.wording import listed, quoted, written


class Offer(NamedTuple):
    """What a Promise offers: the kind of its requests, and their schemas."""

    kind: str
    schemas: Mapping[str, Any]
    """By `apiVersion`, of those that are served."""


def offer_of(promise: Mapping[str, Any]) -> Offer | None:
    """Return what a Promise offers, as far as it can be read; None: nothing that is served."""
    api = field(promise, "spec", "api")
    group = text(api, "spec", "group")
    schemas: dict[str, Any] = {
        f"{group}/{text(version, 'name')}": field(version, "schema", "openAPIV3Schema") or {}
        for version in entries(api, "spec", "versions")
        if version.get("served", True)
    }
    kind = text(api, "spec", "names", "kind")
    return Offer(kind, schemas) if kind and schemas else None


def offers_for(manifest: object, offers: Iterable[Offer]) -> list[Offer]:
    """Return those under which something may be a request."""
    kind = field(manifest, "kind")
    return [one for one in offers if one.kind == kind]


def problems_of_request(manifest: Mapping[str, Any], offers: Iterable[Offer]) -> Iterator[Problem]:
    """Yield every reason for which the API server would refuse a request for one of these offers.

    What its rules in CEL would say is not among them, nor what it drops for being unknown.
    """
    schemas = {version: schema for one in offers for version, schema in one.schemas.items()}
    version = manifest.get("apiVersion")
    if not isinstance(version, str) or version not in schemas:
        kind = text(manifest, "kind")
        yield Problem(
            "apiVersion", f"must be {_either(schemas)} for the kind {kind}, not {written(version)}"
        )
    else:
        yield from violations(_draft_7(schemas[version]), dict(manifest))
    yield from _problems_of_name(manifest)


def _problems_of_name(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    name = field(manifest, "metadata", "name")
    if not name:
        yield Problem("metadata.name", "is required")
    elif not isinstance(name, str):
        yield Problem("metadata.name", f"must be a text, not {written(name)}")
    elif len(name) > LONGEST_NAME:
        yield Problem("metadata.name", f"must have at most {LONGEST_NAME} characters")


def _either(versions: Iterable[str]) -> str:
    return listed([quoted(one) for one in versions], "or")


def _draft_7(schema: Any) -> Any:
    """Return what a schema of Kubernetes means in the words of draft 7."""
    if not is_object(schema):
        return schema
    meant = mapped(schema, _draft_7)
    if meant.get("x-kubernetes-int-or-string") is True:
        meant = {key: value for key, value in meant.items() if key not in {"anyOf", "allOf"}}
        meant["type"] = ["integer", "string"]
    if meant.get("nullable") is True and "type" in meant:
        types = meant["type"]
        meant["type"] = [*(types if isinstance(types, list) else [types]), "null"]
        if "enum" in meant:
            meant["enum"] = [*meant["enum"], None]
    return meant
