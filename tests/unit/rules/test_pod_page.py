"""The page on clusters names each variable that a pod finds, and no other."""

import re
from datetime import UTC, datetime
from typing import Final

from adapters.kubernetes.manifests import job_of
from runwright.models.tasks import Claim
from runwright.rules.bubustack.tasks import TryOf, task_of, worker_of
from tests.acceptance.pages import CLUSTER, tables_of
from tests.unit.rules.works import cluster_run

_NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def named() -> list[str]:
    """Return the variables that the page names, in its order."""
    _, _, rest = CLUSTER.read_text().partition("### What a pod finds")
    return [name for row in tables_of(rest)[0] for name in re.findall(r"`(\w+)`", row[0])]


def test_the_page_has_each_variable_of_a_pod() -> None:
    start = cluster_run()
    (step,) = start.story.spec.steps
    attempt = TryOf(step, 1, _NOW, "storyrun/default/release-1/7f3a", "0199")
    task = task_of(start, attempt, worker_of(start, step), {})

    job = job_of(task, Claim.unread(task.key), None, "laptop")

    (container,) = job["spec"]["template"]["spec"]["containers"]
    found = [entry["name"] for entry in container["env"]]
    assert sorted(named()) == sorted(found)
