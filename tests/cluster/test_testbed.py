"""The testbed: a cluster that tests can trust, break and remove."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest

from testbed import asking, cache, starting
from testbed.cluster import Reach, Testbed
from testbed.errors import TestbedError
from testbed.images.contents import BUSYBOX
from testbed.layout import project
from tests.cluster.traces import traces

pytestmark = pytest.mark.alone

_WITHIN: Final = "--timeout=40s"
_WHO_AM_I: Final = """
import json, os, ssl, urllib.request
from runwright.errors import RunwrightError

mounted = "/var/run/secrets/kubernetes.io/serviceaccount/"
review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
request = urllib.request.Request(
    f"https://{os.environ['KUBERNETES_SERVICE_HOST']}"
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    data=json.dumps(review).encode(),
    headers={
        "Authorization": f"Bearer {open(mounted + 'token').read()}",
        "Content-Type": "application/json",
    },
)
trusted = ssl.create_default_context(cafile=mounted + "ca.crt")
print(json.load(urllib.request.urlopen(request, context=trusted))["status"]["userInfo"]["username"])
"""
_RESTRICTED: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}


def _pod_spec(image: str, *command: str, **settings: object) -> dict[str, Any]:
    container = {"name": "main", "image": image, "command": command, **settings}
    return {"restartPolicy": "Never", "containers": [container]}


def _job(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "namespace": namespace},
        "spec": {"template": {"spec": _pod_spec(BUSYBOX, "true")}},
    }


def _pod(namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": "pod", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _config_map(namespace: str, value: str) -> dict[str, Any]:
    metadata = {"name": "kept", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"is": value}}


def _run_of(pod: str, testbed: Testbed, namespace: str) -> str:
    ended = ("--for=jsonpath={.status.phase}=Succeeded", _WITHIN)
    testbed.kubectl("wait", f"--namespace={namespace}", *ended, f"pod/{pod}")
    return testbed.kubectl("logs", f"--namespace={namespace}", pod)


def test_a_job_completes_in_seconds(node: Testbed, namespace: str) -> None:
    node.apply(_job(namespace))
    node.kubectl("wait", f"--namespace={namespace}", "--for=condition=Complete", _WITHIN, "job/job")

    shown = json.loads(node.kubectl("get", f"--namespace={namespace}", "--output=json", "job/job"))
    created = datetime.fromisoformat(shown["metadata"]["creationTimestamp"])
    completed = datetime.fromisoformat(shown["status"]["completionTime"])
    assert completed - created <= timedelta(seconds=60)


def test_a_pod_reaches_the_api_server_as_its_service_account(node: Testbed, namespace: str) -> None:
    """In the image of Runwright, as locked up as a worker would be."""
    image = node.load_runwright()
    command = ("python3", "-c", _WHO_AM_I)
    node.apply(_pod(namespace, _pod_spec(image, *command, securityContext=_RESTRICTED)))

    printed = _run_of("pod", node, namespace)

    assert printed == f"system:serviceaccount:{namespace}:default\n"


def test_runwright_starts_in_its_image(node: Testbed, namespace: str) -> None:
    image = node.load_runwright()
    node.apply(_pod(namespace, _pod_spec(image, "runwright", "--version")))

    assert _run_of("pod", node, namespace) == f"{version('runwright')}\n"


def test_a_kubelet_that_comes_back_starts_what_waited(node: Testbed, namespace: str) -> None:
    kubelet = node.components["kubelet"]
    kubelet.stop()
    is_gone = kubelet.pid is None
    node.apply(_pod(namespace, _pod_spec(BUSYBOX, "echo", "here")))
    kubelet.start()

    assert is_gone
    assert _run_of("pod", node, namespace) == "here\n"


def test_a_part_does_not_hold_on_to_what_its_starter_had_open(own: Testbed, tmp_path: Path) -> None:
    """A lock that a test was run under would not be free until the testbed ends."""
    scheduler = own.components["kube-scheduler"]
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - the library's own
        scheduler.stop()
        scheduler.start()

    held = [one.readlink() for one in Path(f"/proc/{scheduler.pid}/fd").iterdir()]
    assert held
    assert tmp_path / "lock" not in held


def test_a_service_account_has_a_kubeconfig(own: Testbed, namespace: str) -> None:
    kubeconfig = own.account_kubeconfig(namespace, "default")
    account = dataclasses.replace(own, kubeconfig=kubeconfig)

    said = account.kubectl("auth", "whoami", "--output=jsonpath={.status.userInfo.username}")

    assert said == f"system:serviceaccount:{namespace}:default"


def test_what_was_written_outlives_the_api_server(own: Testbed, namespace: str) -> None:
    own.apply(_config_map(namespace, "here"))
    api_server = own.components["kube-apiserver"]
    before = api_server.pid

    api_server.kill()
    api_server.start()
    own.wait()

    read = ("get", f"--namespace={namespace}", "configmap/kept", "--output=jsonpath={.data.is}")
    assert own.kubectl(*read) == "here"
    assert api_server.pid not in {before, None}


def test_compacting_forgets_what_was(own: Testbed, namespace: str) -> None:
    """What makes a watch that comes back late start over, with 410."""
    own.apply(_config_map(namespace, "first"))
    read = ("get", f"--namespace={namespace}", "configmap/kept", "--output=json")
    first = json.loads(own.kubectl(*read))["metadata"]["resourceVersion"]
    own.apply(_config_map(namespace, "second"))

    own.compact()

    with pytest.raises(TestbedError, match="required revision has been compacted"):
        asking.etcd("/v3/kv/range", {"key": "AA==", "revision": first})


def test_every_request_is_in_the_audit_log(own: Testbed, namespace: str) -> None:
    own.apply(_config_map(namespace, "here"))

    assert own.audit_log
    events = [json.loads(line) for line in own.audit_log.read_text().splitlines()]
    made = [
        event
        for event in events
        if event.get("objectRef", {}).get("namespace") == namespace
        and event["objectRef"]["resource"] == "configmaps"
        and event["verb"] == "create"
        and event["user"]["username"] == "admin"
    ]
    assert [(event["level"], event["stage"]) for event in made] == [
        ("Metadata", "ResponseComplete")
    ]


@pytest.fixture
def none_running(own: Testbed, *, found_running: bool) -> Generator[Reach]:
    """Take the testbed away for one test; its reach."""
    if found_running:
        pytest.skip("the testbed ran before these tests did: it is not theirs to end")
    starting.down()
    yield own.reach
    starting.up()


@pytest.mark.ending
def test_up_twice_at_once_gives_one_cluster(none_running: Reach) -> None:
    command = (sys.executable, "-m", "testbed", "up")
    both = [
        subprocess.Popen(command, cwd=project(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = {starter.communicate()[0] for starter in both}

    found = starting.running()
    assert found
    assert said == {f"export KUBECONFIG={found.kubeconfig}\n"}
    assert found.reach is none_running
    servers = [line for line in traces().processes if "--etcd-servers" in line]
    assert len(servers) == 1


@pytest.mark.ending
def test_down_leaves_nothing(none_running: Reach) -> None:
    before = traces()
    testbed = starting.up()
    if none_running is Reach.NODE:
        waiting = _pod_spec(BUSYBOX, "sleep", "1000")
        testbed.apply(_job("default"), _pod("default", waiting))
        testbed.kubectl("wait", "--for=condition=Ready", _WITHIN, "pod/pod")

    starting.down()

    assert traces() == before


@pytest.mark.ending
def test_down_without_a_testbed_does_nothing(none_running: Reach) -> None:  # noqa: ARG001
    starting.down()

    assert starting.running() is None


def test_a_given_cluster_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))

    testbed = starting.up()

    assert testbed == Testbed(Reach.GIVEN, tmp_path / "config")
    assert (dict(testbed.components), testbed.audit_log) == ({}, None)


def test_what_was_interrupted_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A build takes minutes: half a binary under its name would be believed ever after."""
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))

    def half(draft: Path) -> None:
        draft.write_text("half")
        raise KeyboardInterrupt

    def whole(draft: Path) -> None:
        draft.write_text("whole")

    with pytest.raises(KeyboardInterrupt):
        cache.kept("binary", "1", half)

    made = cache.kept("binary", "1", whole)
    assert made.read_text() == "whole"
