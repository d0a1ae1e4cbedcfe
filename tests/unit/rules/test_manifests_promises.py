"""Promises among the manifests that a person wrote."""

import json

import pytest

from runwright.errors import InvalidManifestError
from runwright.rules.manifests import Source, read_manifests
from tests.unit.rules.kratix.documents import promise_manifest
from tests.unit.rules.test_manifests import STORY


def promise_of(**fields: object) -> str:
    """Return a Promise with one pipeline, as text; `fields` win."""
    return json.dumps({**promise_manifest("db"), **fields})


def test_a_promise_is_judged_where_it_may_be_among_the_manifests() -> None:
    sources = [Source("a.yaml", STORY), Source("b.yaml", promise_of())]

    bundle = read_manifests(sources, promises=True)

    assert bundle.files == {
        ("Story", "default", "release"): "a.yaml",
        ("Promise", "", "db"): "b.yaml",
    }


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"apiVersion": "v1"}, 'apiVersion: must be "platform.kratix.io/v1alpha1" for the kind'),
        ({"metadata": {}}, "metadata.name: is required"),
        ({"metadata": 3}, "metadata: must be an object, not 3"),
        ({"spec": []}, "spec: must be an object"),
    ],
    ids=["version", "no name", "metadata", "spec"],
)
def test_what_is_wrong_with_a_promise_is_told(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidManifestError) as refused:
        read_manifests([Source("db.yaml", promise_of(**fields))], promises=True)

    (problem,) = refused.value.problems
    assert problem.file == "db.yaml"
    assert str(problem._replace(file="", object="")).startswith(said)


def test_a_promise_twice_is_an_error() -> None:
    sources = [Source("a.yaml", promise_of()), Source("b.yaml", promise_of())]

    with pytest.raises(InvalidManifestError, match=r"already a Promise of this name, in a\.yaml"):
        read_manifests(sources, promises=True)


def test_a_promise_is_nothing_that_can_be_started() -> None:
    with pytest.raises(InvalidManifestError, match='"Promise" is not understood; understood are'):
        read_manifests([Source("db.yaml", promise_of())])


REQUEST = {
    "apiVersion": "example.org/v1",
    "kind": "Database",
    "metadata": {"name": "orders"},
    "spec": {"size": "small"},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "string", "enum": ["small", "large"]},
                "port": {
                    "x-kubernetes-int-or-string": True,
                    "anyOf": [{"type": "integer"}, {"type": "string"}],
                },
                "owner": {"type": "string", "nullable": True},
                "tier": {"type": "string", "enum": ["a"], "nullable": True},
            },
        }
    },
}


def offering(schema: object = SCHEMA) -> Source:
    """Return a Promise whose requests have that schema."""
    manifest = promise_manifest("db")
    manifest["spec"]["api"]["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": schema}
    return Source("db.yaml", json.dumps(manifest))


def asking(**fields: object) -> Source:
    """Return a request; `fields` win."""
    return Source("request.yaml", json.dumps({**REQUEST, **fields}))


@pytest.mark.parametrize(
    "spec",
    [
        {"size": "small"},
        {"size": "small", "port": 1, "owner": None, "tier": None},
        {"size": "large", "port": "http", "owner": "ada", "tier": "a", "unknown": True},
    ],
)
def test_a_request_is_judged_by_the_promise_beside_it(spec: dict[str, object]) -> None:
    """Whichever of them comes first."""
    bundle = read_manifests([asking(spec=spec), offering()], home="shop", promises=True)

    assert bundle.files[("Database", "shop", "orders")] == "request.yaml"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"spec": {"size": "huge"}}, ['spec.size: must be "small" or "large", not "huge"']),
        ({"spec": {"size": "small", "port": 1.5}}, ["spec.port: must be"]),
        ({"spec": {}, "metadata": {}}, ["spec.size: is required", "metadata.name: is required"]),
        ({"apiVersion": "example.org/v2"}, ['apiVersion: must be "example.org/v1" for the kind']),
        ({"metadata": {"name": "x" * 64}}, ["metadata.name: must have at most 63 characters"]),
        ({"metadata": {"name": 3}}, ["metadata.name: must be a text, not 3"]),
        ({"kind": "Databse"}, ['kind: "Databse" is not understood']),
    ],
)
def test_what_is_wrong_with_a_request_is_told(fields: dict[str, object], said: list[str]) -> None:
    with pytest.raises(InvalidManifestError) as refused:
        read_manifests([offering(), asking(**fields)], promises=True)

    found = [str(one._replace(file="", object="")) for one in refused.value.problems]
    assert len(found) == len(said)
    assert all(one.startswith(words) for one, words in zip(found, said, strict=True)), found
    assert {one.file for one in refused.value.problems} == {"request.yaml"}


def test_a_request_without_its_promise_is_told_what_is_missing() -> None:
    with pytest.raises(InvalidManifestError, match="and a request beside its Promise"):
        read_manifests([asking()], promises=True)


def test_a_request_twice_is_an_error() -> None:
    with pytest.raises(InvalidManifestError, match="already a Database of this name"):
        read_manifests([offering(), asking(), asking()], promises=True)
