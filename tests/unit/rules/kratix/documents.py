"""Promises and pipelines for the tests, with what a test does not care about filled in."""

from typing import Any

from runwright.models.kratix import Pipeline, Promise

Fields = dict[str, Any]

API: Fields = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "databases.example.org"},
    "spec": {
        "group": "example.org",
        "names": {"plural": "databases", "kind": "Database"},
        "scope": "Namespaced",
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}


def pipeline_manifest(name: str = "instance", /, **fields: Any) -> Fields:
    """Return a pipeline of one step as its author writes it; `fields` go to metadata or spec."""
    metadata = {key: fields.pop(key) for key in ("labels", "annotations") if key in fields}
    steps = [{"name": "create", "image": "example.org/create:1"}]
    return {
        "apiVersion": "platform.kratix.io/v1alpha1",
        "kind": "Pipeline",
        "metadata": {"name": name, **metadata},
        "spec": {"containers": steps, **fields},
    }


def pipeline(name: str = "instance", /, **fields: Any) -> Pipeline:
    """Return a pipeline of one step."""
    return Pipeline.model_validate(pipeline_manifest(name, **fields))


def promise_manifest(name: str = "database", /, **fields: Any) -> Fields:
    """Return a Promise as its author writes it; `fields` go to metadata or spec."""
    given = {key: fields.pop(key) for key in ("labels", "annotations") if key in fields}
    return {
        "apiVersion": "platform.kratix.io/v1alpha1",
        "kind": "Promise",
        "metadata": {"name": name, "uid": "p-1", "generation": 1, **given},
        "spec": {"api": API, **fields},
    }


def promise(name: str = "database", /, **fields: Any) -> Promise:
    """Return a Promise."""
    return Promise.model_validate(promise_manifest(name, **fields))


def workflows(*pipelines: Fields, type_: str = "resource", action: str = "configure") -> Fields:
    """Return one workflow, as the field of a Promise."""
    return {"workflows": {type_: {action: list(pipelines)}}}
