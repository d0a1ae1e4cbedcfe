"""Documents that use everything of our kinds, and what an API server makes of them."""

import json
from typing import Any, Final

from runwright.rules.crds import Kind
from testbed.cluster import Testbed
from tests.unit.models import test_bubustack_catalog as catalog
from tests.unit.models import test_bubustack_runs as runs
from tests.unit.models import test_bubustack_stories as stories
from tests.unit.models import test_kratix_promises as promises
from tests.unit.models import test_kratix_requests as requests
from tests.unit.models import test_kratix_works as works
from tests.unit.models.golden import changed

Document = dict[str, Any]

_BATCH: Final = changed(stories.STORY, ("spec", "pattern"), "batch")
STORY: Final = changed(_BATCH, ("spec", "finally", 0, "with"), {"storyRef": {"name": "reporting"}})
DOCUMENTS: Final = {
    Kind.STORY: STORY,
    Kind.ENGRAM: stories.ENGRAM,
    Kind.ENGRAM_TEMPLATE: catalog.TEMPLATE,
    Kind.STORY_RUN: runs.STORY_RUN,
    Kind.STEP_RUN: runs.STEP_RUN,
    Kind.PROMISE: promises.PROMISE,
    Kind.PROMISE_REVISION: promises.REVISION,
    Kind.RESOURCE_BINDING: requests.BINDING,
    Kind.WORK: works.WORK,
}
"""A document of each kind that says everything there is to say."""


def placed(document: Document, namespace: str = "", name: str = "") -> Document:
    """Return the document as one that nobody created yet; with a name of its own or as it has."""
    metadata = {"name": name or document["metadata"]["name"]}
    if namespace:
        metadata["namespace"] = namespace
    return {**document, "metadata": metadata}


def dry_run(testbed: Testbed, document: Document) -> Document:
    """Return what the API server would keep of a new document."""
    words = ("create", "--dry-run=server", "--output=json", "--filename=-")
    kept: Document = json.loads(testbed.kubectl(*words, text=json.dumps(document)))
    return kept


def created(testbed: Testbed, document: Document) -> Document:
    """Create a document, then write its status; return what the API server has then."""
    words = ("--output=json", "--filename=-")
    testbed.kubectl("create", *words, text=json.dumps(document))
    return with_status(testbed, document)


def with_status(testbed: Testbed, document: Document) -> Document:
    """Write the status of a document; return what the API server has then."""
    words = ("replace", "--subresource=status", "--output=json", "--filename=-")
    kept: Document = json.loads(testbed.kubectl(*words, text=json.dumps(document)))
    return kept


def would_become(testbed: Testbed, run: Document, patch: Document, *words: str) -> Document:
    """Return what the API server would make of an object by a merge patch."""
    kind, metadata = run["kind"].lower(), run["metadata"]
    which = (f"--namespace={metadata.get('namespace', 'default')}", f"{kind}/{metadata['name']}")
    how = ("--type=merge", "--dry-run=server", "--output=json", f"--patch={json.dumps(patch)}")
    patched: Document = json.loads(testbed.kubectl("patch", *which, *how, *words))
    return patched
