"""The commands against a real API server: most of them need no worker."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.kubernetes import identity
from adapters.kubernetes.cluster import Cluster
from adapters.kubernetes.evidence import Evidence
from adapters.kubernetes.logs import KeptLogs, TaskLogs
from adapters.kubernetes.manifests import job_of
from adapters.kubernetes.resources import CONFIG_MAPS, JOBS, PODS, STORY_RUNS
from runwright.models.objects import Manifest
from runwright.models.story_run import workflow_id
from runwright.models.tasks import TaskKey
from runwright.rules.kubernetes.pods import last, phase_of
from testbed.cluster import Testbed
from tests.acceptance.conftest import Terminal, terminal_at, until_said
from tests.cluster.jobs import template
from tests.cluster.runs import Stage, gate, retries, step
from tests.contract.backends import claim, key, task

pytestmark = pytest.mark.usefixtures("crds")

STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  inputsSchema: {properties: {tag: {type: string}}}
  steps:
  - {name: build, ref: {name: builder}}
"""
ENGRAM = """
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: builder}
spec: {templateRef: {name: TEMPLATE}}
"""
TEMPLATE = """
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: TEMPLATE}
spec: {version: v1, supportedModes: [job], image: "builder:1"}
"""
RUN = """
apiVersion: runs.bubustack.io/v1alpha1
kind: StoryRun
metadata: {name: web}
spec: {storyRef: {name: release}, inputs: {tag: v1}}
"""


@pytest.fixture
def terminal(testbed: Testbed, namespace: str, temporal: str, tmp_path: Path) -> Terminal:
    """A terminal whose kubectl is in a namespace of its own, and where no worker serves it."""
    config = yaml.safe_load(testbed.kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = namespace
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return terminal_at(
        *(tmp_path, temporal),
        KUBECONFIG=str(file),
        RUNWRIGHT_BACKEND="kubernetes",
        RUNWRIGHT_CLUSTER=namespace,
    )


@pytest.fixture
async def cluster(testbed: Testbed) -> AsyncGenerator[Cluster]:
    ours = Cluster({"KUBECONFIG": str(testbed.kubeconfig)})
    yield ours
    await ours.close()


@pytest.fixture
def manifests(testbed: Testbed, namespace: str) -> Any:
    """All that a run needs, under a template's name that no other test uses."""
    yield "---".join((STORY, ENGRAM, TEMPLATE, RUN)).replace("TEMPLATE", namespace)
    testbed.kubectl("delete", "engramtemplate", namespace, "--ignore-not-found")


async def test_a_start_creates_what_is_not_there(
    terminal: Terminal, manifests: str, namespace: str, cluster: Cluster
) -> None:
    words = ("--input", "tag=3", "--as", "ada", "-o", "json")

    started = await terminal.run("start", "-", *words, typed=manifests)

    assert started.status == 0, started.err
    assert started.err.splitlines() == [
        "created: Story release",
        "created: Engram builder",
        f"created: EngramTemplate {namespace}",
    ]
    found = await cluster.get(STORY_RUNS, namespace, "web")
    assert found is not None
    assert json.loads(started.out) == {
        "namespace": namespace,
        "name": "web",
        "workflowId": workflow_id(namespace, "web", found["metadata"]["uid"]),
    }
    assert found["spec"] == {"storyRef": {"name": "release"}, "inputs": {"tag": "3"}}
    assert found["metadata"]["annotations"]["runwright.dev/author"] == "ada"


async def test_what_is_there_is_used_and_never_changed(terminal: Terminal, manifests: str) -> None:
    await terminal.run("start", "-", typed=manifests)
    other = manifests.replace("builder:1", "builder:2")

    taken = await terminal.run("start", "-", typed=manifests)
    again = await terminal.run("start", "-", "--name", "again", typed=manifests)
    differs = await terminal.run("start", "-", "--name", "differs", typed=other)
    lost = await terminal.run("get", "differs")

    assert (again.status, again.err) == (0, "")
    assert taken.status == 2
    assert taken.err.splitlines()[0].endswith("/web: a run of that name exists")
    assert (differs.status, differs.out) == (2, "")
    assert "which differs in spec.image; `kubectl apply -f" in differs.err
    assert lost.status == 2


async def test_a_dry_run_prints_what_would_be_created_and_creates_nothing(
    terminal: Terminal, manifests: str, namespace: str
) -> None:
    words = ("start", "-", "--dry-run", "--as", "")

    printed = await terminal.run(*words, typed=manifests)
    nameless = await terminal.run(*words, typed=manifests.rpartition("---")[0])

    assert yaml.safe_load(printed.out) == yaml.safe_load(RUN) | {
        "metadata": {"name": "web", "namespace": namespace}
    }
    assert "would be created too: Story release" in printed.err
    assert yaml.safe_load(nameless.out)["metadata"]["generateName"] == "release-"
    assert (await terminal.run("get", "web")).status == 2


async def test_everything_that_is_wrong_is_told_before_anything_is_created(
    terminal: Terminal, manifests: str
) -> None:
    wrong = manifests.replace("tag: v1", "tag: 5").replace("[job]", "[deployment]")

    refused = await terminal.run("start", "-", "--input", "oops", typed=wrong)

    assert refused.status == 2
    assert len(refused.err.splitlines()) == 3
    assert (await terminal.run("explain", "web")).status == 2


async def test_a_run_that_waits_is_shown_and_told_no_more_than_it_can_hear(
    terminal: Terminal, testbed: Testbed, namespace: str
) -> None:
    started = await terminal.run("start", "-", typed=RUN)
    assert 'there is no Story "release"' in started.err
    _write(testbed, namespace, "StoryNotFound", phase="Pending", message="there is no Story")

    shown = await terminal.run("get", "web")
    explained = await terminal.run("explain", f"{namespace}/web")
    history = await terminal.run("history", "web", "-o", "json")
    refused = await terminal.run("approve", "web", "ask")
    cancelled = await terminal.run("cancel", "web", "-o", "json")

    assert (shown.status, shown.out.splitlines()[2]) == (0, "waits: there is no Story")
    assert "has not started. It waits: there is no Story." in " ".join(explained.out.split())
    told = json.loads(history.out)["transitions"]
    assert [one["reason"] for one in told] == ["Created", "StoryNotFound"]
    assert refused.status == 2
    assert "it has not started yet (there is no Story)" in refused.err
    assert json.loads(cancelled.out)["grace"] == "PT0S"
    spec = testbed.kubectl(
        "get", "storyrun", "web", f"--namespace={namespace}", "--output=jsonpath={.spec}"
    )
    assert json.loads(spec)["cancelRequested"] is True


async def test_a_run_is_watched_from_before_its_start_to_its_end(
    terminal: Terminal, testbed: Testbed, namespace: str
) -> None:
    await terminal.run("start", "-", typed=RUN)
    watch = await terminal.begin("watch", "web")
    await until_said(watch.stdout, f"run {namespace}/web: Pending, story release")
    await until_said(watch.stdout, "`RUNWRIGHT_BACKEND=kubernetes runwright worker` starts one")

    over = {"phase": "Failed", "message": "bad", "finishedAt": "2026-03-01T12:00:00Z"}
    _write(testbed, namespace, "InvalidConfiguration", **over)

    assert await until_said(watch.stdout, f"run {namespace}/web: Failed")
    assert await watch.wait() == 1


async def test_what_a_pod_wrote_is_read_while_it_is_there_and_kept_when_it_went(
    node: Testbed, terminal: Terminal, namespace: str, cluster: Cluster
) -> None:
    assert node
    await terminal.run("start", "-", typed=RUN)
    run = await cluster.get(STORY_RUNS, namespace, "web")
    assert run is not None
    one = _key_of(run)
    job = await _job(cluster, one, run)
    logs = TaskLogs(cluster, namespace, one.workflow_id)

    followed = b"".join([chunk async for chunk in await _followed(logs)])
    pod = await _ended_pod(cluster, job)
    there = await terminal.run("logs", "web", "build")
    for _ in range(2):
        await KeptLogs(cluster, "ours").keep(job, pod)
    await _removed(cluster, job)
    kept = await terminal.run("logs", "web", "build", "--try", "1")
    none = await terminal.run("logs", "web", "build", "--try", "2")

    assert followed == b"one\ntwo\n"
    assert (there.status, there.out) == (0, "one\ntwo\n")
    assert (kept.status, kept.out) == (0, "one\ntwo\n")
    assert none.status == 2
    assert "; there is build (try 1)" in none.err
    found = await cluster.get(CONFIG_MAPS, namespace, "web-build-log")
    assert found is not None
    assert found["data"] == {"try-1.1": "one\ntwo\n"}


async def test_a_run_goes_its_way_through_the_commands(
    stage: Stage, terminal: Terminal, namespace: str
) -> None:
    """With a worker: started, failed, looked into, retried with another input, and gone."""
    await stage.engram(
        "work", 'case "$BUBU_STEP_CONFIG" in *bad*) echo no; exit 3;; esac; echo yes'
    )
    build = {**step("build", execution=retries(0)), "with": {"say": "{{ inputs.say }}"}}
    await stage.story("release", build, gate("go", "build"))
    async with stage.served():
        failed = await terminal.run("start", "-", "--wait", "--input", "say=bad", typed=RUN)
        wrote = await terminal.run("logs", "web")
        retried = await terminal.run("retry", "web", "--input", "say=good")
        approved = await terminal.run("approve", "web", "go", "--as", "ada")
        watched = await terminal.run("watch", "web")
        again = await terminal.run("logs", "--follow", "web", "build")
        listed = await terminal.run("list")
        await stage.cluster.delete(STORY_RUNS, (namespace, "web"))
        await stage.until_gone("web")
        shown = await terminal.run("get", "web")

    assert (failed.status, "Failed" in failed.out) == (1, True), failed.err
    assert (wrote.status, wrote.out) == (0, "build | no\n")
    assert retried.status == 0, retried.err
    assert approved.status == 0, approved.err
    assert watched.status == 0, watched.out
    assert (again.status, again.out) == (0, "yes\n")
    assert listed.out.splitlines()[1].split()[:3] == [f"{namespace}/web", "release", "✔"]
    assert shown.status == 0, shown.err
    assert "execution 2" in shown.out.splitlines()[0]


def _write(testbed: Testbed, namespace: str, reason: str, **status: str) -> None:
    """Write a status of the run as intake does: no worker serves it."""
    message, since = status["message"], "2026-03-01T12:00:00Z"
    ready = {"type": "Ready", "status": "False", "reason": reason}
    conditions = [{**ready, "message": message, "lastTransitionTime": since}]
    patch = json.dumps({"status": {**status, "conditions": conditions}})
    how = ("--type=merge", "--subresource=status", f"--patch={patch}")
    testbed.kubectl("patch", "storyrun", "web", f"--namespace={namespace}", *how)


def _key_of(run: Manifest) -> TaskKey:
    namespace, uid = run["metadata"]["namespace"], run["metadata"]["uid"]
    made = key(workflow_id=workflow_id(namespace, "web", uid))
    return made.model_copy(update={"namespace": namespace})


async def _job(cluster: Cluster, one: TaskKey, run: Manifest) -> Manifest:
    """Create the Job of a try that says two things and fails; it belongs to the run."""
    script = "echo one; sleep 1; echo two; exit 1"
    made = task(one).model_copy(update={"job": template("/bin/sh", "-c", script)})
    return await cluster.create(job_of(made, claim("t"), run, "ours"))


async def _followed(logs: TaskLogs) -> Any:
    """Return the log of the only try, followed from when there is one."""
    while not (tries := await logs.tries()):
        await asyncio.sleep(0.05)
    return logs.follow(tries[0])


async def _ended_pod(cluster: Cluster, job: Manifest) -> Manifest:
    while True:
        pod = last(await Evidence(cluster).pods(job))
        if pod is not None and phase_of(pod) == "Failed":
            return pod
        await asyncio.sleep(0.05)


async def _removed(cluster: Cluster, job: Manifest) -> None:
    """Remove the Job and its pods, and return when they are gone."""
    name = job["metadata"]["namespace"], job["metadata"]["name"]
    pods = await Evidence(cluster).pods(job)
    await cluster.delete(JOBS, name)
    await Evidence(cluster).release_with(job, pods)
    for pod in pods:
        place = pod["metadata"]["namespace"], pod["metadata"]["name"]
        await cluster.delete(PODS, place, grace=0)
        await cluster.without_finalizer(PODS, place, identity.EVIDENCE)
    while await Evidence(cluster).pods(job):
        await asyncio.sleep(0.05)
