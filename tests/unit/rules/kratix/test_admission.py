"""What a Promise is refused for, and what its author is only warned of."""

from typing import Any

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import Promise, WorkflowAction, WorkflowType
from runwright.rules.kratix.admission import promise_problems, promise_warnings
from runwright.rules.kratix.pipelines import pipelines_of
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_pipelines import PIPELINE
from tests.unit.models.test_kratix_promises import PROMISE
from tests.unit.rules.kratix.documents import (
    API,
    Fields,
    pipeline_manifest,
    promise,
    promise_manifest,
    workflows,
)

INTERVAL = "kratix.io/reconciliation-interval"


def problems(manifest: Fields, before: Promise | None = None) -> list[str]:
    """Return the problems of a Promise as a person reads them."""
    return [str(one) for one in promise_problems(manifest, before)]


def test_a_promise_that_uses_everything_rightly_is_accepted() -> None:
    path = ("spec", "workflows", "resource", "configure", 0)

    assert problems(changed(PROMISE, path, PIPELINE)) == []


def test_a_promise_without_an_api_or_a_workflow_is_accepted() -> None:
    assert problems({"metadata": {"name": "network"}, "spec": {}}) == []


CONFIGURE = "spec.workflows.resource.configure"


@pytest.mark.parametrize(
    ("pipelines", "expected"),
    [
        pytest.param(
            [{**pipeline_manifest(), "kind": "Task"}],
            f'{CONFIGURE}[0].kind: must be "Pipeline", not "Task"',
            id="wrong-kind",
        ),
        pytest.param(
            [{**pipeline_manifest(), "apiVersion": "tekton.dev/v1"}],
            f"{CONFIGURE}[0].apiVersion: must be "
            '"platform.kratix.io/v1alpha1", not "tekton.dev/v1"',
            id="wrong-api-version",
        ),
        pytest.param(
            [pipeline_manifest(jobOptions={"activeDeadlineSeconds": 5})],
            f"{CONFIGURE}[0].spec.jobOptions.activeDeadlineSeconds: there is no such field",
            id="unknown-field",
        ),
        pytest.param(
            [pipeline_manifest("a"), pipeline_manifest("b"), pipeline_manifest("a")],
            f'{CONFIGURE}[2].metadata.name: "a" is {CONFIGURE}[0] already',
            id="duplicate-name",
        ),
        pytest.param(
            [pipeline_manifest("p" * 33)],
            f"{CONFIGURE}[0].metadata.name: "
            "PROMISE-resource-configure-PIPELINE must have at most 60 characters, has 61",
            id="long-id",
        ),
        pytest.param(
            [pipeline_manifest(labels={"a/b/c": "x"})],
            f'{CONFIGURE}[0].metadata.labels["a/b/c"]: '
            "the key of a label must be as NAME or as DOMAIN/NAME",
            id="label-key",
        ),
        pytest.param(
            [pipeline_manifest(labels={"team": "not this"})],
            f"{CONFIGURE}[0].metadata.labels.team: must be at most 63 letters, digits, hyphens,"
            ' underscores and dots, with a letter or digit at both ends, not "not this"',
            id="label-value",
        ),
        pytest.param(["build"], f'{CONFIGURE}[0]: must be an object, not "build"', id="no-object"),
    ],
)
def test_a_pipeline_that_could_not_run_is_refused(pipelines: list[Any], expected: str) -> None:
    """K44."""
    assert problems(promise_manifest(**workflows(*pipelines))) == [expected]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("10m", None),
        ("1d", '"1d" is not a duration such as "30s", "5m" or "1h30m"'),
        ("0s", 'must be longer than nothing, is "0s"'),
    ],
)
def test_a_limit_of_a_pipeline_can_be_kept(limit: str, expected: str | None) -> None:
    """Such a pipeline would fail before it starts."""
    limited = pipeline_manifest(annotations={"runwright.dev/timeout": limit})
    path = f'{CONFIGURE}[0].metadata.annotations["runwright.dev/timeout"]'

    found = problems(promise_manifest(**workflows(limited)))

    assert found == ([f"{path}: {expected}"] if expected else [])


@pytest.mark.parametrize("type_", list(WorkflowType))
@pytest.mark.parametrize("action", list(WorkflowAction))
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{}", []),
        ("users: [ada, grace]\nrequired: 2", []),
        ("groups: [owners]\nrequired: 3", []),
        ("users: [ada", [": line 2, column 1: "]),
        ("user: [ada]", ['.user: there is no such field (did you mean "users"?)']),
        (
            "ondeadline: fail\nrequired: two",
            [
                ".required: must be a whole number, not ",
                '.ondeadline: there is no such field (did you mean "onDeadline"?)',
            ],
        ),
        ("deadline: 1d", ['.deadline: "1d" is not a duration']),
        ("", [": is empty"]),
        ("{}\n---\nusers: [ada]", [": must be one document"]),
        (
            "users: [ada, ada]\nrequired: 2",
            [".required: asks for 2 approvals, but no more than 1 may give one"],
        ),
    ],
)
def test_a_policy_of_who_may_let_a_pipeline_go_on_can_be_kept(
    type_: str, action: str, policy: str, expected: list[str]
) -> None:
    """Else it would hold each request, and its author would not hear of it."""
    guarded = pipeline_manifest(annotations={"runwright.dev/approval": policy})
    where = f'spec.workflows.{type_}.{action}[0].metadata.annotations["runwright.dev/approval"]'

    found = problems(promise_manifest(**workflows(guarded, type_=type_, action=action)))

    assert len(found) == len(expected)
    for one, wanted in zip(found, expected, strict=True):
        assert one.startswith(f"{where}{wanted}")


@pytest.mark.parametrize("type_", list(WorkflowType))
@pytest.mark.parametrize("action", list(WorkflowAction))
def test_an_annotation_that_looks_like_ours_and_is_none_is_refused(type_: str, action: str) -> None:
    """Who misspells that of the policy would let anybody decide."""
    given = {"runwright.dev/aproval": "users: [ada]", "example.org/aproval": "fine"}
    misspelt = pipeline_manifest(annotations=given)
    where = f'spec.workflows.{type_}.{action}[0].metadata.annotations["runwright.dev/aproval"]'

    found = problems(promise_manifest(**workflows(misspelt, type_=type_, action=action)))

    hint = '(did you mean "runwright.dev/approval"?)'
    assert found == [f"{where}: there is no such annotation {hint}"]


def test_an_id_may_have_60_characters() -> None:
    """K44."""
    assert problems(promise_manifest(**workflows(pipeline_manifest("p" * 32)))) == []


def test_one_name_may_be_in_two_workflows() -> None:
    both = {"configure": [pipeline_manifest()], "delete": [pipeline_manifest()]}

    assert problems(promise_manifest(workflows={"promise": both, "resource": both})) == []


def test_every_problem_is_told_at_once() -> None:
    """Of the Promise and of each of its pipelines, once each."""
    found = problems(
        {
            "metadata": {"name": "database", "annotations": {INTERVAL: "often"}},
            "spec": {
                "api": changed(API, ("spec", "scope"), "Cluster"),
                "requiredPromises": [{"version": "v1"}],
                "workflows": {
                    "config": {"reconciliationInterval": "1s"},
                    "promise": {"delete": [{"kind": "Pipeline", "metadata": 7}]},
                    "resource": {"configure": [pipeline_manifest(volume=[])]},
                },
            },
        }
    )

    assert [one.partition(": ")[0] for one in found] == [
        "spec.requiredPromises[0].name",
        "spec.workflows.promise.delete[0].apiVersion",
        "spec.workflows.promise.delete[0].metadata",
        "spec.workflows.resource.configure[0].spec.volume",
        "spec.workflows.config.reconciliationInterval",
        f'metadata.annotations["{INTERVAL}"]',
        "spec.api.spec.scope",
    ]


@pytest.mark.parametrize(("interval", "accepted"), [("1m", True), ("60s", True), ("59s", False)])
def test_an_interval_is_at_least_a_minute(interval: str, *, accepted: bool) -> None:
    """K27: in the spec and in the annotation."""
    in_spec = {"workflows": {"config": {"reconciliationInterval": interval}}}

    assert (problems(promise_manifest(**in_spec)) == []) is accepted
    assert (problems(promise_manifest(annotations={INTERVAL: interval})) == []) is accepted


def test_an_annotation_that_was_there_before_is_not_judged_again() -> None:
    """Or nobody could change anything else of a Promise that was taken long ago."""
    old = promise(annotations={INTERVAL: "1s"})

    assert problems(promise_manifest(annotations={INTERVAL: "1s"}), old) == []
    assert len(problems(promise_manifest(annotations={INTERVAL: "2s"}), old)) == 1


@pytest.mark.parametrize(
    ("path", "value", "refused"),
    [
        (("metadata", "name"), "stores.example.org", "spec.api.metadata.name"),
        (("apiVersion",), "apiextensions.k8s.io/v2", "spec.api.apiVersion"),
        (("kind",), "Definition", "spec.api.kind"),
        (("spec", "names", "shortNames"), ["db"], "spec.api.spec.names"),
    ],
)
def test_what_an_api_is_called_cannot_be_changed(
    path: tuple[str, ...], value: object, refused: str
) -> None:
    manifest = promise_manifest(api=changed(API, path, value))

    assert problems(manifest, promise()) == [f"{refused}: cannot be changed"]


def test_an_api_cannot_be_removed_but_may_get_versions() -> None:
    more = changed(API, ("spec", "versions"), [*API["spec"]["versions"], {"name": "v2"}])

    assert problems(promise_manifest(api=None), promise()) == ["spec.api: cannot be removed"]
    assert problems(promise_manifest(api=more), promise()) == []


def test_an_author_is_warned_of_what_is_missing_or_never_run() -> None:
    manifest = promise_manifest(
        **workflows(pipeline_manifest("a"), pipeline_manifest("b"), action="delete"),
        requiredPromises=[
            {"name": "network"},
            {"name": "storage", "version": "v2"},
            {"name": "dns", "version": "v1"},
        ],
    )

    found = promise_warnings(manifest, installed={"storage": "v1", "dns": "v1"})

    assert [str(one) for one in found] == [
        "spec.workflows.resource.delete[1]: is never run: a delete workflow has one pipeline",
        'spec.requiredPromises[0]: the Promise "network" is not installed',
        'spec.requiredPromises[1]: "storage v2" is required, "v1" is installed',
    ]


def test_the_pipelines_of_a_workflow_are_read_in_their_order() -> None:
    spec = promise(**workflows(pipeline_manifest("b"), pipeline_manifest("a"))).spec

    read = pipelines_of(spec, WorkflowType.RESOURCE, WorkflowAction.CONFIGURE)

    assert [one.name for one in read] == ["b", "a"]
    assert pipelines_of(spec, WorkflowType.PROMISE, WorkflowAction.CONFIGURE) == ()


def test_only_the_first_pipeline_of_a_delete_workflow_is_run() -> None:
    """K53."""
    given = workflows(pipeline_manifest("b"), pipeline_manifest("a"), action="delete")

    read = pipelines_of(promise(**given).spec, WorkflowType.RESOURCE, WorkflowAction.DELETE)

    assert [one.name for one in read] == ["b"]


def test_pipelines_that_cannot_be_read_are_all_told() -> None:
    given = workflows(pipeline_manifest("a", when=1), pipeline_manifest("b", until=2))

    with pytest.raises(InvalidManifestError, match=r"\[0\]\.spec\.when.*\n.*\[1\]\.spec\.until"):
        pipelines_of(promise(**given).spec, WorkflowType.RESOURCE, WorkflowAction.CONFIGURE)
