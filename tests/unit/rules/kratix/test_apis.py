"""The definition of a Promise's API, as the API server is to have it."""

from typing import Any

from runwright.rules.kratix.apis import served_api
from tests.unit.models.golden import changed
from tests.unit.rules.kratix.documents import API

FREE = "x-kubernetes-preserve-unknown-fields"
VERSION = ("spec", "versions", 0)


def version(api: dict[str, Any]) -> dict[str, Any]:
    """Return the first version of the API that is served."""
    first: dict[str, Any] = served_api(api, "database")["spec"]["versions"][0]
    return first


def fields(api: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of each field of its objects."""
    found: dict[str, Any] = version(api)["schema"]["openAPIV3Schema"]["properties"]
    return found


def schema(**properties: Any) -> dict[str, Any]:
    """Return the API with a schema of these fields."""
    given = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    return changed(API, (*VERSION, "schema"), given)


def test_a_request_has_a_status_that_kratix_and_pipelines_can_write() -> None:
    status = fields(API)["status"]

    assert status[FREE]
    assert {"message", "conditions", "observedGeneration", "kratix"} <= status["properties"].keys()
    assert version(API)["subresources"] == {"status": {}}


def test_what_an_author_says_of_the_status_stays() -> None:
    own = {"type": "object", "properties": {"host": {"type": "string"}}}

    status = fields(schema(status=own))["status"]

    assert status["properties"]["host"] == {"type": "string"}
    assert "message" in status["properties"]


def test_the_fields_of_a_request_stay() -> None:
    spec = {"type": "object", "properties": {"size": {"type": "string"}}}

    assert fields(schema(spec=spec))["spec"] == spec


def test_the_name_of_a_request_fits_into_a_label() -> None:
    assert fields(API)["metadata"]["properties"]["name"]["maxLength"] == 63


def test_columns_are_added_where_there_are_none() -> None:
    own = [{"name": "Size", "type": "string", "jsonPath": ".spec.size"}]

    added = version(API)["additionalPrinterColumns"]
    kept = version(changed(API, (*VERSION, "additionalPrinterColumns"), own))

    assert [one["name"] for one in added] == ["message", "status"]
    assert kept["additionalPrinterColumns"] == own


def test_the_promise_is_a_label_and_itself_not_changed() -> None:
    before = changed(API, ("metadata", "labels"), {"team": "data"})

    served = served_api(before, "database")

    assert served["metadata"]["labels"] == {"team": "data", "kratix.io/promise-name": "database"}
    assert before["metadata"]["labels"] == {"team": "data"}
