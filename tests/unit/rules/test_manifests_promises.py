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
