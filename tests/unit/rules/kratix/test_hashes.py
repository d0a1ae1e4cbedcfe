"""What a workflow counts as having been run for."""

import hashlib
from typing import Any

import pytest

from runwright.rules.kratix.hashes import request_hash, spec_hash
from tests.unit.models.golden import changed
from tests.unit.rules.kratix.documents import promise_manifest


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        pytest.param({"b": [1, True, None], "a": "x"}, '{"a":"x","b":[1,true,null]}', id="sorted"),
        pytest.param({"a": "<&>"}, r'{"a":"\u003c\u0026\u003e"}', id="escaped-for-html"),
        pytest.param({"a": "é\u2028"}, r'{"a":"é\u2028"}', id="unicode"),
        pytest.param({"a": 1.0, "b": 1e21, "c": 1e-7}, '{"a":1,"b":1e+21,"c":1e-7}', id="floats"),
        pytest.param({}, "{}", id="empty"),
    ],
)
def test_a_hash_is_of_the_spec_as_go_writes_it(spec: object, text: str) -> None:
    assert spec_hash({"spec": spec}) == _md5(text)


def test_an_object_without_a_spec_has_a_hash() -> None:
    assert spec_hash({"kind": "Database"}) == _md5("null")


def test_a_spec_that_nests_deeper_than_templates_may_has_a_hash() -> None:
    """Whoever writes such a request must not end the watch on all of them."""
    deep: list[Any] = []
    for _ in range(180):
        deep = [deep]

    assert spec_hash({"spec": {"a": deep}}) != spec_hash({"spec": {"a": [deep]}})


def test_nothing_but_the_spec_counts() -> None:
    """A label or an annotation starts no run by itself."""
    manifest = promise_manifest()

    assert spec_hash(changed(manifest, ("metadata", "labels"), {"a": "b"})) == spec_hash(manifest)


def test_the_hash_of_a_request_is_also_of_its_promise() -> None:
    """Any change of the Promise's spec runs every request for it anew. K39."""
    promise, request = promise_manifest(), {"spec": {"size": "small"}}
    other = changed(promise, ("spec", "destinationSelectors"), [])

    assert request_hash(promise, request) == _md5(f"{spec_hash(promise)}-{spec_hash(request)}")
    assert request_hash(other, request) != request_hash(promise, request)
