"""Promises and requests as the parents of workflows."""

from typing import Any

import pytest

from runwright.models.kratix import Promise, ResourceRequest
from runwright.rules.kratix.parents import (
    can_fulfil,
    promise_parent,
    request_parent,
)
from tests.unit.rules.kratix.documents import promise, promise_manifest
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST

MANIFEST: dict[str, Any] = {
    "apiVersion": "example.org/v1",
    "kind": "Database",
    "metadata": {
        "name": "orders",
        "namespace": "shop",
        "uid": "r-1",
        "generation": 3,
        "labels": {"kratix.io/paused": "true"},
    },
    "spec": {"size": "small"},
}


def _offered(*conditions: tuple[str, str]) -> Promise:
    said = [{"type": type_, "status": status} for type_, status in conditions]
    return Promise.model_validate({**promise_manifest(), "status": {"conditions": said}})


def test_a_promise_is_the_parent_of_its_own_workflows() -> None:
    assert promise_parent(promise()) == PROMISE
    assert PROMISE.home == "kratix-platform-system"


def test_a_request_is_one_by_the_api_of_its_promise() -> None:
    """K40: its pipelines run in its namespace, or where the Promise wants them."""
    request = ResourceRequest.model_validate(MANIFEST)
    apart = promise(workflows={"config": {"pipelineNamespace": "pipelines"}})

    assert request_parent("database", promise().spec, request) == REQUEST
    assert request_parent("database", apart.spec, request) == APART
    assert (REQUEST.home, APART.home) == ("shop", "pipelines")


@pytest.mark.parametrize(
    ("conditions", "able"),
    [
        ([], True),
        ([("Available", "True"), ("RequirementsFulfilled", "True")], True),
        ([("Available", "False")], False),
        ([("Available", "True"), ("RequirementsFulfilled", "False")], False),
        ([("Other", "False"), ("Available", "Unknown")], True),
    ],
    ids=["silent", "available", "unavailable", "requirements", "unknown"],
)
def test_a_promise_can_fulfil_unless_it_says_otherwise(
    conditions: list[tuple[str, str]], *, able: bool
) -> None:
    """K38."""
    assert can_fulfil(_offered(*conditions)) is able
