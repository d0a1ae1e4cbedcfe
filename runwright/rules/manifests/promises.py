"""Promises among manifests: what is wrong with them, as far as files can tell."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from runwright.errors import Problem
from runwright.models.kratix import Promise
from runwright.rules.kratix.admission import promise_problems
from runwright.rules.kratix.admission.pipelines import idle_pipelines
from runwright.rules.kratix.pipelines import placed_pipelines
from runwright.rules.shapes import is_object
from runwright.rules.wording import written

PROMISE: Final = "Promise"
API_VERSION: Final = str(Promise.model_fields["api_version"].default)


def problems_of(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every reason for which a Promise would not be installed."""
    if (version := manifest.get("apiVersion")) != API_VERSION:
        message = f'must be "{API_VERSION}" for the kind {PROMISE}, not {written(version)}'
        yield Problem("apiVersion", message)
    yield from promise_problems({**manifest, "apiVersion": API_VERSION})
    metadata = manifest.get("metadata")
    if is_object(metadata) and not metadata.get("name"):
        yield Problem("metadata.name", "is required")


def doubts_about(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is odd about a Promise.

    Whether those that it requires are installed, their cluster knows.
    """
    yield from idle_pipelines(placed_pipelines(manifest))
