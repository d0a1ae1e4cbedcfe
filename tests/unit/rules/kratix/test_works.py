"""The Work that the steps of a pipeline put out."""

import base64
from datetime import timedelta

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import (
    PromiseScheduling,
    SelectorSource,
    Work,
    WorkflowControl,
    WorkflowType,
)
from runwright.rules.kratix.works import (
    DirectorySelectors,
    Scheduling,
    dependencies_work,
    directory_selectors,
    group_id,
    manifest_of,
    packed,
    puts_out,
    squashed,
    stale_works,
    unpacked,
    unpacked_files,
    work_of,
    workload_groups,
)
from tests.unit.models.golden import changed
from tests.unit.models.test_kratix_works import WORK
from tests.unit.rules.kratix.documents import promise
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST, run_of
from tests.unit.rules.kratix.states import CONFIGURE, DELETE, RESOURCE, at

BAZ = DirectorySelectors("baz", {"zone": "b"})
ROOT = DirectorySelectors(".", {"zone": "a"})
DEV = PromiseScheduling(match_labels={"environment": "dev"})
FILES = {"a.yaml": b"a", "baz/b.yaml": b"b", "qux/c.yaml": b"c"}


def groups(
    files: dict[str, bytes], scheduling: Scheduling, type_: WorkflowType = RESOURCE
) -> dict[str, list[str]]:
    """Return the files of each group."""
    found = workload_groups(type_, files, scheduling)
    return {one.directory: [file.filepath for file in one.workloads] for one in found}


def test_a_directory_of_its_own_is_a_group_of_its_own() -> None:
    """K45: and no file is in two groups."""
    assert groups(FILES, Scheduling(own=(BAZ, ROOT))) == {
        "baz": ["baz/b.yaml"],
        ".": ["a.yaml", "qux/c.yaml"],
    }


def test_only_what_is_in_no_directory_of_its_own_goes_where_the_promise_wants() -> None:
    """K45."""
    scheduling = Scheduling(own=(BAZ, ROOT), promise=(DEV,), promise_workflow=(DEV,))

    found = workload_groups(RESOURCE, FILES, scheduling)

    said = {one.directory: one.destination_selectors for one in found}
    assert [one.source for one in said["baz"]] == [SelectorSource.RESOURCE_WORKFLOW]
    assert [(one.source, one.match_labels) for one in said["."]] == [
        (SelectorSource.RESOURCE_WORKFLOW, {"zone": "a"}),
        (SelectorSource.PROMISE_WORKFLOW, {"environment": "dev"}),
        (SelectorSource.PROMISE, {"environment": "dev"}),
    ]


def test_a_promise_says_where_its_own_files_go_as_its_workflow() -> None:
    found = workload_groups(WorkflowType.PROMISE, {"a": b""}, Scheduling(own=(ROOT,)))

    assert found[0].destination_selectors[0].source is SelectorSource.PROMISE_WORKFLOW


def test_without_other_files_there_is_no_group_of_the_rest() -> None:
    """K45."""
    assert list(groups({"baz/b.yaml": b"b"}, Scheduling(own=(BAZ, ROOT)))) == ["baz"]


def test_a_pipeline_that_puts_nothing_out_has_a_work_without_groups() -> None:
    """So that what it put out before goes."""
    assert groups({}, Scheduling(promise=(DEV,))) == {}


def test_a_directory_that_is_not_there_fails_its_pipeline() -> None:
    with pytest.raises(InvalidManifestError, match='the directory "baz" does not exist'):
        workload_groups(RESOURCE, {"a.yaml": b"a"}, Scheduling(own=(BAZ,)))


def test_of_two_selectors_the_first_says_the_value() -> None:
    one = PromiseScheduling(match_labels={"a": "1", "b": "1"})
    other = PromiseScheduling(match_labels={"a": "2", "c": "2"})

    assert squashed([one, other]) == {"a": "1", "b": "1", "c": "2"}


def test_selectors_are_read_whatever_the_case_of_their_fields() -> None:
    """K45: and a path is the same with a slash behind it."""
    text = "- matchlabels: {zone: a}\n- directory: baz/\n  matchLabels: {zone: b}\n"

    assert directory_selectors(text) == (ROOT, BAZ)
    assert directory_selectors("") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("zone: a", "must be a list"),
        ("- directory: foo", r"\[0\]\.matchLabels: must have at least one label"),
        ("- matchLabels: {}", r"\[0\]\.matchLabels: must have at least one label"),
        (
            "- {directory: foo/bar, matchLabels: {a: b}}",
            r'\[0\]\.directory: "foo/bar" is within another directory',
        ),
        (
            "- {directory: foo/, matchLabels: {a: b}}\n- {directory: foo, matchLabels: {a: b}}",
            r'\[1\]\.directory: "foo" was there before',
        ),
        (
            "- {matchLabels: {a: b}}\n- {matchLabels: {a: b}}",
            r'\[1\]\.directory: "\." was there before',
        ),
    ],
)
def test_selectors_that_say_too_much_or_too_little_fail_their_pipeline(text: str, why: str) -> None:
    """K45."""
    with pytest.raises(InvalidManifestError, match=rf"^destination-selectors\.yaml: {why}"):
        directory_selectors(text)


def test_a_group_has_the_id_that_schedulers_know() -> None:
    """The digest of its directory: what the root has is part of file names in state stores."""
    assert group_id(".") == "5058f1af8388633f609cadb75a75dc9d"


def test_a_file_comes_out_as_it_went_in() -> None:
    content = b"apiVersion: v1\n" * 100

    assert unpacked(packed(content)) == content
    assert packed(content) == packed(content)
    assert len(packed(content)) < len(content)


@pytest.mark.parametrize("content", ["no base64!", "bm8gZ3ppcA==", "H4sI"])
def test_what_is_no_file_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r"gzip|base64|padding|Only base64"):
        unpacked(content)


def test_a_file_that_ends_too_soon_is_refused() -> None:
    whole = base64.b64decode(packed(b"a: 1"))

    with pytest.raises(ValueError, match="ends too soon"):
        unpacked(base64.b64encode(whole[:-4]).decode())


def test_a_few_bytes_that_unpack_to_many_are_refused() -> None:
    """Before they are: a worker must not run out of memory by what a pod hands over."""
    with pytest.raises(ValueError, match=r"together have more than \d+ bytes"):
        unpacked(packed(bytes(100_000)), most=99_999)


def test_every_file_that_cannot_be_read_is_a_problem() -> None:
    files = {"a.yaml": packed(b"a"), "b.yaml": "H4sI", "c.yaml": "no base64!"}

    with pytest.raises(InvalidManifestError, match="gzip") as refused:
        unpacked_files(files)

    assert [one.file for one in refused.value.problems] == ["b.yaml", "c.yaml"]


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "a//b", "./a", "..", ".", "", "a/"])
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    """Where a destination is a repository, it would lead to another one's files."""
    with pytest.raises(InvalidManifestError, match="no path within the folder"):
        unpacked_files({path: packed(b"a")})


@pytest.mark.parametrize("path", ["a", "a/b.yaml", "..a", "a/..b"])
def test_a_path_within_the_folder_is_one(path: str) -> None:
    assert unpacked_files({path: packed(b"a")}) == {path: b"a"}


def test_the_dependencies_of_a_promise_are_a_work_of_their_own() -> None:
    offered = promise(destinationSelectors=[{"matchLabels": {"environment": "dev"}}])

    work = dependencies_work(offered, [{"kind": "A"}, {"kind": "B"}], at(0))

    (group,) = work.spec.workload_groups
    assert work.metadata.labels == {
        "kratix.io/promise-name": "database",
        "kratix.io/work-type": "static-dependency",
    }
    assert [one.filepath for one in group.workloads] == ["static/dependencies.yaml"]
    assert unpacked(group.workloads[0].content) == b"kind: A\n---\nkind: B\n"
    assert [one.source for one in group.destination_selectors] == [SelectorSource.PROMISE]
    assert "kratix.io/last-updated-at" in manifest_of(work)["metadata"]["annotations"]


def test_a_work_says_whose_it_is() -> None:
    work = work_of(run_of(), FILES, Scheduling(), at(1.5))

    assert work.metadata.namespace == "shop"
    assert work.metadata.labels == {
        "kratix.io/promise-name": "database",
        "kratix.io/work-type": "resource",
        "kratix.io/pipeline-name": "instance",
        "kratix.io/resource-name": "orders",
    }
    assert (work.spec.promise_name, work.spec.resource_name) == ("database", "orders")
    assert work.spec.last_execution_timestamp == at(1)


def test_a_work_of_a_promise_is_of_no_request() -> None:
    work = work_of(run_of(PROMISE), {}, Scheduling(), at(1))

    assert work.spec.resource_name is None
    assert work.metadata.namespace == "kratix-platform-system"


def test_a_work_elsewhere_says_where_its_request_is() -> None:
    """K40."""
    work = work_of(run_of(APART), {}, Scheduling(), at(1))

    assert work.metadata.namespace == "pipelines"
    assert work.metadata.labels["kratix.io/resource-namespace"] == "shop"


@pytest.mark.parametrize(
    "control",
    [WorkflowControl(suspend=True), WorkflowControl(retry_after=timedelta(seconds=1))],
    ids=["suspended", "to-be-retried"],
)
def test_a_pipeline_that_wants_to_run_again_puts_nothing_out(control: WorkflowControl) -> None:
    """K30: the Work of its run before stays as it is."""
    assert puts_out(CONFIGURE, WorkflowControl())
    assert not puts_out(CONFIGURE, control)
    assert not puts_out(DELETE, WorkflowControl())


def test_a_second_run_makes_the_same_work_with_its_own_files() -> None:
    """K46."""
    first = work_of(run_of(), FILES, Scheduling(), at(1))
    second = work_of(run_of(number="2"), {"d.yaml": b"d"}, Scheduling(), at(2))

    assert second.metadata == first.metadata
    assert [one.filepath for one in second.spec.workload_groups[0].workloads] == ["d.yaml"]


def _work(name: str, type_: str, pipeline: str) -> Work:
    labels = {"kratix.io/work-type": type_, "kratix.io/pipeline-name": pipeline}
    return Work.model_validate(changed(WORK, ("metadata",), {"name": name, "labels": labels}))


def test_the_works_of_pipelines_that_are_no_more_go() -> None:
    """K48: what no pipeline made stays, and what is of another workflow."""
    works = [
        _work("old", "resource", "old-name"),
        _work("current", "resource", "instance"),
        _work("dependencies", "static-dependency", ""),
        _work("promise", "promise", "old-name"),
    ]

    stale = stale_works(works, REQUEST.type, ["instance"])

    assert [one.metadata.name for one in stale] == ["old"]
