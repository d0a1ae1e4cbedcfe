"""Our kinds on a real API server: what it takes, refuses, keeps and finds."""

import json
import uuid

import pytest

from runwright.models.bubustack import StepRun, StoryRun
from runwright.rules.crds import SERVED, Kind, definition
from testbed.cluster import Testbed
from testbed.errors import CommandError
from tests.cluster.documents import DOCUMENTS, created, dry_run, placed
from tests.unit.models import test_bubustack_catalog as catalog
from tests.unit.models import test_bubustack_runs as runs
from tests.unit.models.golden import changed

pytestmark = pytest.mark.usefixtures("crds")


@pytest.mark.parametrize("kind", Kind)
def test_a_cluster_takes_our_definitions(testbed: Testbed, kind: Kind) -> None:
    """And has no objection to a schema: `NonStructuralSchema` would be one."""
    name = definition(kind)["metadata"]["name"]

    shown = json.loads(testbed.kubectl("get", "crd", name, "--output=json"))
    conditions = {it["type"]: it["status"] for it in shown["status"]["conditions"]}

    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def test_definitions_can_be_applied_by_the_client_too(testbed: Testbed) -> None:
    """It keeps all of a definition in an annotation, and those are of limited size."""
    for kind in Kind:
        text = json.dumps(definition(kind))
        assert "configured" in testbed.kubectl(
            "apply", "--dry-run=server", "--filename=-", text=text
        )


@pytest.mark.parametrize("kind", Kind)
def test_everything_that_can_be_said_is_kept(testbed: Testbed, place: str, kind: Kind) -> None:
    """Nothing is pruned or filled in; null too stays where an object is free."""
    namespaced = place if SERVED[kind].scope == "Namespaced" else ""
    document = placed(DOCUMENTS[kind], namespaced, f"everything-{uuid.uuid4().hex[:8]}")

    try:
        kept = created(testbed, document)
    finally:
        testbed.kubectl("delete", "--ignore-not-found", "--filename=-", text=json.dumps(document))

    assert kept["spec"] == document["spec"]
    assert kept["status"] == document["status"]


@pytest.mark.parametrize(
    ("kind", "model"),
    [(Kind.STORY_RUN, StoryRun), (Kind.STEP_RUN, StepRun)],
    ids=str,
)
def test_a_status_of_ours_is_kept_as_it_is_read(
    testbed: Testbed, place: str, kind: Kind, model: type[StoryRun | StepRun]
) -> None:
    """With fractions of seconds, and what was never set as null."""
    since = "2026-01-02T03:04:05.123456Z"
    one = model.model_validate(changed(DOCUMENTS[kind], ("status", "startedAt"), since))
    written = one.model_dump(mode="json", by_alias=True)
    document = placed(written, place, f"rendered-{kind.lower()}")

    kept = model.model_validate(created(testbed, document))

    assert kept.status == one.status


def test_what_nobody_knows_is_pointed_out(testbed: Testbed, place: str) -> None:
    document = changed(placed(runs.STORY_RUN, place), ("spec", "storyReference"), {})

    with pytest.raises(CommandError, match=r'unknown field "spec\.storyReference"'):
        dry_run(testbed, document)


def test_a_status_of_many_steps_is_taken(testbed: Testbed, namespace: str) -> None:
    """200 steps with messages of half a kilobyte: 100 KB and more."""
    state = {"phase": "Failed", "message": "m" * 512, "startedAt": "2026-01-02T03:04:05Z"}
    states = {f"step-{number}": state for number in range(200)}
    run = placed(changed(runs.STORY_RUN, ("status", "stepStates"), states), namespace)

    kept = created(testbed, run)

    assert kept["status"]["stepStates"] == states


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        (Kind.STORY_RUN, "spec.storyRef.name=nightly"),
        (Kind.STORY_RUN, "status.phase=Failed"),
        (Kind.STEP_RUN, "spec.storyRunRef.name=nightly-1"),
        (Kind.STEP_RUN, "spec.stepId=fetch"),
        (Kind.STEP_RUN, "status.phase=Failed"),
    ],
    ids=str,
)
def test_runs_are_found_by_what_they_are_of_and_where_they_are(
    testbed: Testbed, namespace: str, kind: Kind, selector: str
) -> None:
    created(testbed, placed(DOCUMENTS[kind], namespace, "wanted"))
    other = placed(DOCUMENTS[kind], namespace, "other")
    for path in (
        ("spec", "stepId") if kind is Kind.STEP_RUN else ("spec", "storyRef", "name"),
        ("spec", "storyRunRef", "name") if kind is Kind.STEP_RUN else ("status", "phase"),
        ("status", "phase"),
    ):
        other = changed(other, path, "Running" if "phase" in path else "another")
    created(testbed, other)

    words = (f"--namespace={namespace}", f"--field-selector={selector}", "--output=name")
    found = testbed.kubectl("get", SERVED[kind].plural, *words)

    assert [line.partition("/")[2] for line in found.splitlines()] == ["wanted"]


@pytest.mark.parametrize("kind", [kind for kind in Kind if SERVED[kind].scope == "Namespaced"])
def test_a_kind_is_shown_in_its_columns_by_its_shortest_name(
    testbed: Testbed, namespace: str, kind: Kind
) -> None:
    created(testbed, placed(DOCUMENTS[kind], namespace, "shown"))

    name = SERVED[kind].short or SERVED[kind].plural
    header, row = testbed.kubectl("get", name, f"--namespace={namespace}").splitlines()

    columns = [column.name.upper() for column in SERVED[kind].columns if not column.priority]
    assert header.split() == ["NAME", *columns]
    assert row.split()[0] == "shown"
    assert len(row.split()) == len(header.split())


def test_a_template_is_shown_in_its_columns_by_its_short_name(testbed: Testbed) -> None:
    name = f"shown-{uuid.uuid4().hex[:8]}"
    document = placed(catalog.TEMPLATE, name=name)
    created(testbed, document)

    try:
        header, row = testbed.kubectl("get", "etpl", name).splitlines()
    finally:
        testbed.kubectl("delete", "--filename=-", text=json.dumps(document))

    assert header.split() == ["NAME", "DESCRIPTION", "VERSION", "USAGE", "STATUS", "AGE"]
    assert row.split()[0] == name


def test_runs_are_shown_among_all_of_their_category(testbed: Testbed, namespace: str) -> None:
    for kind in (Kind.STORY_RUN, Kind.STEP_RUN):
        created(testbed, placed(DOCUMENTS[kind], namespace, "shown"))

    found = testbed.kubectl("get", "runs", f"--namespace={namespace}", "--output=name")

    assert found.split() == [
        "steprun.runs.bubustack.io/shown",
        "storyrun.runs.bubustack.io/shown",
    ]
