"""What every task runner promises, kept by Jobs of a real cluster."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from adapters.kubernetes.cluster import Cluster
from testbed.cluster import Testbed
from tests.cluster.jobs import NAMESPACE, KubernetesBackend
from tests.contract.test_task_runner import *  # noqa: F403 - the same tests, on another backend

pytestmark = pytest.mark.alone  # the contract's tests give all tasks the same names


@pytest.fixture(scope="module", autouse=True)
def _shared_namespace(testbed: Testbed) -> None:
    """The namespace that the contract's tests name; it stays, for others may use it just now."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    testbed.apply(namespace)
    account = (f"--namespace={NAMESPACE}", "serviceaccount/default", "--timeout=30s")
    testbed.kubectl("wait", "--for=create", *account)


@pytest.fixture
async def backend(node: Testbed, tmp_path: Path) -> AsyncGenerator[KubernetesBackend]:
    cluster = Cluster({"KUBECONFIG": str(node.kubeconfig)})
    jobs = KubernetesBackend(cluster, tmp_path)
    async with jobs.observed():
        yield jobs
        await jobs.close()
    await cluster.close()
