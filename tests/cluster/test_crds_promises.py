"""Which Promises an API server takes by our definitions, and which changes of them."""

import json
import re
import uuid
from collections.abc import Generator
from typing import Any

import pytest

from runwright.rules.kratix.apis import served_api
from testbed.cluster import Testbed
from testbed.errors import CommandError
from tests.cluster.documents import Document, created, dry_run, placed, would_become
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_promises import API, PIPELINE, PROMISE

pytestmark = pytest.mark.usefixtures("crds")


def _promise(name: str = "database", **spec: Any) -> Document:
    return {**placed(PROMISE, name=name), "spec": spec, "status": {}}


def _workflows(*pipelines: Document, workflow: str = "resource", action: str = "configure") -> Any:
    return {workflow: {action: list(pipelines)}}


def _called(name: str, **labels: str) -> Document:
    return {**PIPELINE, "metadata": {"name": name, "labels": labels}}


def test_nothing_is_filled_in(testbed: Testbed) -> None:
    """What a Promise does not say is decided where it is read."""
    spec: Document = {"workflows": {"resource": {"configure": [_called("one")]}}}

    kept = dry_run(testbed, _promise(**spec))

    assert kept["spec"] == spec


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"api": API}, id="only-an-api"),
        pytest.param(
            {"workflows": {"config": {"reconciliationInterval": "1m"}}}, id="shortest-interval"
        ),
        pytest.param(
            {"workflows": {"config": {"reconciliationInterval": "1h0.5m3000ms"}}},
            id="interval-as-go-reads-it",
        ),
        pytest.param({"workflows": _workflows(_called("p" * 32))}, id="longest-id"),
        pytest.param(
            {"workflows": {"resource": {"configure": [PIPELINE], "delete": [PIPELINE]}}},
            id="one-name-in-two-workflows",
        ),
        pytest.param(
            {"workflows": _workflows(PIPELINE, _called("two"), action="delete")},
            id="more-deletes-than-are-run",
        ),
        pytest.param(
            {"workflows": _workflows(_called("one", **{"example.org/team": "a_b.C-1", "x": ""}))},
            id="labels",
        ),
        pytest.param(
            {"workflows": _workflows(*(_called(f"pipeline-{n:03}") for n in range(100)))},
            id="as-many-pipelines-as-there-may-be",
        ),
    ],
)
def test_a_promise_that_can_be_kept_is_taken(testbed: Testbed, spec: Document) -> None:
    kept = dry_run(testbed, _promise(**spec))

    assert kept["spec"] == spec


def test_a_field_of_a_pipeline_that_nobody_knows_is_kept(testbed: Testbed) -> None:
    """So that it can be reported: dropped, it would never do what its author wanted."""
    strange = {**PIPELINE, "when": "always", "spec": {"containers": [], "affinity": {}}}

    kept = dry_run(testbed, _promise(workflows=_workflows(strange)))

    assert kept["spec"]["workflows"]["resource"]["configure"] == [strange]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param(
            {"workflows": _workflows({**PIPELINE, "kind": "Task"})},
            r'configure\[0\]\.kind: Unsupported value: "Task"',
            id="other-kind",
        ),
        pytest.param(
            {"workflows": _workflows({**PIPELINE, "apiVersion": "tekton.dev/v1"})},
            r'configure\[0\]\.apiVersion: Unsupported value: "tekton\.dev/v1"',
            id="other-version",
        ),
        pytest.param(
            {"workflows": _workflows({**PIPELINE, "metadata": {}})},
            r"configure\[0\]\.metadata\.name: Required value",
            id="no-name",
        ),
        pytest.param(
            {"workflows": _workflows(_called("one"), _called("two"), _called("one"))},
            r"spec\.workflows\.resource\.configure: .*one is the name of more than one pipeline",
            id="same-name-in-a-workflow",
        ),
        pytest.param(
            {"workflows": _workflows(_called("one"), _called("one"), workflow="promise")},
            r"spec\.workflows\.promise\.configure: .*one is the name of more than one pipeline",
            id="same-name-in-the-promise-workflow",
        ),
        pytest.param(
            {"workflows": _workflows(_called("p" * 33))},
            "PROMISE-resource-configure-PIPELINE must have at most 60 characters",
            id="id-of-resource-configure-too-long",
        ),
        pytest.param(
            {"workflows": _workflows(_called("p" * 36), action="delete")},
            "PROMISE-resource-delete-PIPELINE must have at most 60 characters",
            id="id-of-resource-delete-too-long",
        ),
        pytest.param(
            {"workflows": _workflows(_called("p" * 34), workflow="promise")},
            "PROMISE-promise-configure-PIPELINE must have at most 60 characters",
            id="id-of-promise-configure-too-long",
        ),
        pytest.param(
            {"workflows": _workflows(_called("p" * 37), workflow="promise", action="delete")},
            "PROMISE-promise-delete-PIPELINE must have at most 60 characters",
            id="id-of-promise-delete-too-long",
        ),
        pytest.param(
            {"workflows": _workflows(_called("one", team="not this"))},
            r"metadata\.labels\.team: .*should match",
            id="label-value",
        ),
        pytest.param(
            {"workflows": _workflows(_called("one", **{"a/b/c": "x"}))},
            r"metadata\.labels: .*the key of a label must be as NAME or as DOMAIN/NAME",
            id="label-key",
        ),
        pytest.param(
            {"workflows": {"config": {"reconciliationInterval": "59s"}}},
            r"reconciliationInterval: .*must be at least 1m",
            id="interval-too-short",
        ),
        pytest.param(
            {"workflows": {"config": {"reconciliationInterval": "1d"}}},
            r"reconciliationInterval: .*should match",
            id="interval-in-days",
        ),
        pytest.param(
            {"api": changed(API, ("spec", "scope"), "Cluster")},
            r"spec\.api\.spec\.scope: Unsupported value",
            id="api-of-the-cluster",
        ),
        pytest.param(
            {"api": changed(API, ("kind",), "Deployment")},
            r"spec\.api\.kind: Unsupported value",
            id="api-that-is-none",
        ),
        pytest.param(
            {"api": {key: API[key] for key in ("kind", "metadata", "spec")}},
            r"spec\.api\.apiVersion: Required value",
            id="api-without-version",
        ),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused(
    testbed: Testbed, spec: Document, why: str
) -> None:
    """Kratix K27 and K44, as far as the API server itself can say so."""
    with pytest.raises(CommandError, match=re.compile(why, re.DOTALL)):
        dry_run(testbed, _promise(**spec))


@pytest.fixture(scope="module")
def offered(testbed: Testbed, crds: None) -> Generator[Document]:  # noqa: ARG001
    """A Promise with an API, that is there to be changed."""
    document = _promise(f"offered-{uuid.uuid4().hex[:8]}", api=API)
    created(testbed, document)
    yield document
    testbed.kubectl("delete", "--filename=-", text=json.dumps(document))


@pytest.mark.parametrize(
    ("api", "why"),
    [
        pytest.param(None, "the API cannot be removed", id="removed"),
        pytest.param(
            {"metadata": {"name": "stores.example.org"}},
            "the name of the API cannot be changed",
            id="name",
        ),
        pytest.param(
            {"spec": {"names": {"kind": "Store"}}},
            "the names of the API cannot be changed",
            id="kind",
        ),
        pytest.param(
            {"spec": {"names": {"shortNames": ["store"]}}},
            "the names of the API cannot be changed",
            id="short-name",
        ),
    ],
)
def test_what_an_api_is_called_cannot_be_changed(
    testbed: Testbed, offered: Document, api: Document | None, why: str
) -> None:
    with pytest.raises(CommandError, match=why):
        _changed_promise(testbed, offered, {"api": api})


def test_another_version_of_an_api_is_taken(testbed: Testbed, offered: Document) -> None:
    versions = [*API["spec"]["versions"], {"name": "v2", "served": True, "storage": False}]

    kept = _changed_promise(testbed, offered, {"api": {"spec": {"versions": versions}}})

    assert kept["spec"]["api"]["spec"]["versions"] == versions


def test_the_api_of_a_promise_is_taken_with_its_status(testbed: Testbed) -> None:
    """It is no Promise, but what becomes of one."""
    spec = {"type": "object", "properties": {"size": {"type": "string"}}}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    api = changed(API, ("spec", "versions", 0, "schema"), schema)

    kept = dry_run(testbed, served_api(api, "database"))

    fields = kept["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    assert {"spec", "status"} <= fields.keys()


def _changed_promise(testbed: Testbed, promise: Document, spec: Document) -> Document:
    return would_become(testbed, promise, {"spec": spec})
