"""What is wrong with a task in a cluster."""

from datetime import UTC, datetime, timedelta

import pytest

from runwright.models.tasks import Diagnosis
from runwright.rules.kubernetes.diagnosis import diagnose, is_given_up
from tests.unit.rules.cluster_objects import (
    COMPLETE,
    OVERDUE,
    Fields,
    condition,
    ended,
    event,
    job,
    pod,
    running,
    waiting,
)

QUOTA = (
    'Error creating: pods "b-6f" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0'
)
SECURITY = 'Error creating: pods "b-2c" is forbidden: violates PodSecurity "restricted:latest"'
NO_ACCOUNT = (
    'Error creating: pods "b-" is forbidden: error looking up service account ns/ghost: '
    'serviceaccount "ghost" not found'
)
WEBHOOK = 'Error creating: admission webhook "policy.example" denied the request: no team label'
NO_NODE = "0/1 nodes are available: 1 Insufficient cpu."
UNPLACED = condition("PodScheduled", "Unschedulable", NO_NODE, status="False")
GATED = condition("PodScheduled", "SchedulingGated", "gated", status="False")
UNHEARD_OF = [condition("Ready", status="False"), condition("ContainersReady")]
MOUNT = 'MountVolume.SetUp failed for volume "secret-key" : secret "nope" not found'


def diagnosis(pod: Fields | None, *events: Fields) -> Diagnosis:
    """Return what is wrong, which something is."""
    found = diagnose(job(), pod, events)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pod", "events"),
    [
        pytest.param(None, (), id="no pod yet"),
        pytest.param(None, (event("SuccessfulCreate"),), id="a pod was just created"),
        pytest.param(
            None,
            (event("FailedCreate", QUOTA), event("SuccessfulCreate", minute=1)),
            id="there is room again",
        ),
        pytest.param(pod("Pending"), (event("FailedCreate", QUOTA),), id="pending"),
        pytest.param(pod("Pending", waiting("ContainerCreating")), (), id="being made"),
        pytest.param(
            pod("Pending", waiting("ContainerCreating")),
            (event("FailedMount", MOUNT, on_pod=True), event("Pulling", on_pod=True, minute=1)),
            id="mounted at last",
        ),
        pytest.param(
            pod("Running", running()), (event("FailedMount", MOUNT, on_pod=True),), id="running"
        ),
        pytest.param(pod("Succeeded", ended(0)), (), id="succeeded"),
        pytest.param(pod("Running", running(), deleted=True), (), id="ending"),
    ],
)
def test_a_task_that_gets_on_has_nothing_wrong(
    pod: Fields | None, events: tuple[Fields, ...]
) -> None:
    assert diagnose(job(), pod, events) is None


@pytest.mark.parametrize(
    ("answer", "category", "summary"),
    [
        pytest.param(QUOTA, "quota", "quota of the namespace is used up", id="quota"),
        pytest.param(SECURITY, "admission", "the cluster refuses the pod", id="pod security"),
        pytest.param(WEBHOOK, "admission", "the cluster refuses the pod", id="webhook"),
        pytest.param(NO_ACCOUNT, "config", "ServiceAccount does not exist", id="account"),
        pytest.param(
            "Error creating: Internal error occurred: failed calling webhook: timeout",
            "admission",
            "does not create the pod",
            id="webhook away",
        ),
        pytest.param(
            "Error creating: pods is forbidden: unable to create new content in namespace ns "
            "because it is being terminated",
            "admission",
            "namespace is being deleted",
            id="namespace",
        ),
    ],
)
def test_a_job_without_a_pod_says_what_answer_its_controller_gets(
    answer: str, category: str, summary: str
) -> None:
    found = diagnosis(None, event("FailedCreate", answer))

    assert found.category == category
    assert summary in found.summary
    assert found.detail == answer.removeprefix("Error creating: ")


def test_the_latest_answer_counts_in_whatever_order_they_are_read() -> None:
    older, newer = event("FailedCreate", SECURITY), event("FailedCreate", QUOTA, minute=3)

    assert diagnosis(None, newer, older).category == "quota"
    assert diagnosis(None, older, newer).category == "quota"


def test_an_event_of_the_newer_kind_has_its_time_elsewhere() -> None:
    newer = event("FailedCreate", QUOTA)
    newer |= {"lastTimestamp": None, "eventTime": "2026-03-01T12:09:00.037783Z"}

    assert diagnosis(None, newer, event("SuccessfulCreate", minute=5)).category == "quota"


def test_events_about_other_objects_are_not_taken_for_ours() -> None:
    other = event("FailedCreate", QUOTA)
    other["involvedObject"]["name"] = "web-test"

    assert diagnose(job(), None, (other,)) is None


def test_a_suspended_job_lacks_nothing() -> None:
    assert diagnose(job(suspend=True), None, (event("FailedCreate", QUOTA),)) is None
    assert diagnose(job(*COMPLETE), None, (event("FailedCreate", QUOTA),)) is None


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("ErrImagePull", "image-pull"),
        ("ImagePullBackOff", "image-pull"),
        ("ErrImageNeverPull", "image-pull"),
        ("InvalidImageName", "image-pull"),
        ("CreateContainerConfigError", "config"),
        ("CreateContainerError", "command"),
        ("RunContainerError", "command"),
    ],
)
def test_a_container_that_does_not_start_says_why(reason: str, category: str) -> None:
    found = diagnosis(pod("Pending", waiting(reason, "the kubelet's words")))

    assert (found.category, found.detail) == (category, "the kubelet's words")
    assert found.summary
    assert found.resolution


def test_a_container_that_is_run_again_after_a_pause_says_what_it_failed_of() -> None:
    crashed = waiting("CrashLoopBackOff", "back-off 10s restarting failed container", "init-db")
    crashed["lastState"] = ended(3, name="init-db")["state"]

    found = diagnosis(pod("Pending", crashed, waiting("PodInitializing")))

    assert (found.category, found.detail) == ("exit", "container init-db: exit code 3")


def test_an_init_container_that_does_not_start_holds_the_others_up() -> None:
    init = waiting("ImagePullBackOff", "no such host", "init-db")

    assert diagnosis(pod("Pending", init, waiting("PodInitializing"))).category == "image-pull"


@pytest.mark.parametrize(
    ("reason", "category"),
    [("FailedMount", "volume"), ("FailedCreatePodSandBox", "network")],
)
def test_what_the_node_cannot_do_is_told_by_the_pods_latest_event(
    reason: str, category: str
) -> None:
    found = diagnosis(
        pod("Pending", waiting("ContainerCreating")),
        event("Scheduled", on_pod=True),
        event(reason, MOUNT, on_pod=True, minute=1),
    )

    assert (found.category, found.detail) == (category, MOUNT)


@pytest.mark.parametrize("entry", [UNPLACED, GATED], ids=["no node", "gate"])
def test_a_pod_without_a_node_says_why(entry: Fields) -> None:
    found = diagnosis(pod("Pending", conditions=[entry]))

    assert (found.category, found.detail) == ("unschedulable", entry["message"])


@pytest.mark.parametrize(
    ("pod", "events"),
    [
        pytest.param(
            pod("Running", running()),
            (event("NodeNotReady", "Node is not ready", on_pod=True),),
            id="the node's controller says so",
        ),
        pytest.param(
            pod(
                "Running",
                running(),
                deleted=True,
                conditions=[condition("DisruptionTarget", "DeletionByTaintManager", "NoExecute")],
            ),
            (),
            id="the pod was given up",
        ),
        pytest.param(pod("Running", running(), conditions=UNHEARD_OF), (), id="not ready any more"),
    ],
)
def test_a_node_that_nobody_hears_of_is_told(pod: Fields, events: tuple[Fields, ...]) -> None:
    found = diagnosis(pod, *events)

    assert found.category == "node-lost"
    assert found.detail.startswith('node "n1": ')


@pytest.mark.parametrize(
    ("conditions", "spec"),
    [
        pytest.param([condition("Ready"), condition("ContainersReady")], {}, id="ready"),
        pytest.param(
            [condition("Ready", status="False"), condition("ContainersReady", status="False")],
            {},
            id="a container is not",
        ),
        pytest.param(
            UNHEARD_OF, {"readinessGates": [{"conditionType": "x"}]}, id="others have a say"
        ),
    ],
)
def test_a_pod_that_is_not_ready_may_be_heard_of(conditions: list[Fields], spec: Fields) -> None:
    alive = pod("Running", running(), conditions=conditions)

    assert diagnose(job(), {**alive, "spec": alive["spec"] | spec}) is None


def test_a_pod_is_given_up_when_its_node_is_away_and_it_should_be_gone_for_long() -> None:
    away = pod("Running", running(), deleted=True, conditions=UNHEARD_OF)
    resisting = pod("Running", running(), deleted=True)
    wanted = pod("Running", running(), conditions=UNHEARD_OF)
    until = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    late = until + timedelta(minutes=5)

    assert is_given_up(away, late)
    assert not is_given_up(away, late - timedelta(seconds=1))
    assert not is_given_up(resisting, late)
    assert not is_given_up(wanted, late)


def test_a_pod_that_does_not_go_is_told_after_a_while() -> None:
    ending = pod("Running", running(), deleted=True)
    until = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)

    early = diagnose(job(), ending, now=until + timedelta(seconds=59))
    late = diagnose(job(), ending, now=until + timedelta(seconds=60))

    assert early is None
    assert late is not None
    assert late.category == "stuck-terminating"
    assert late.detail == 'it was to be gone by 2026-03-01 12:01:00 UTC; node "n1"'


@pytest.mark.parametrize(
    ("failed", "category", "detail"),
    [
        pytest.param(pod("Failed", ended(3)), "exit", "container engram: exit code 3", id="exit"),
        pytest.param(
            pod("Failed", ended(137)), "killed", "container engram: exit code 137", id="killed"
        ),
        pytest.param(
            pod("Failed", ended(143), deleted=True),
            "killed",
            "container engram: exit code 143",
            id="deleted",
        ),
        pytest.param(
            pod("Failed", ended(137, reason="OOMKilled")),
            "memory",
            "container engram: exit code 137",
            id="memory",
        ),
        pytest.param(
            pod("Failed", ended(128, "no such file", "StartError")),
            "command",
            "container engram: no such file",
            id="start",
        ),
        pytest.param(
            pod("Failed", ended(3, "s3cret"), reason="Evicted", message="low on memory"),
            "evicted",
            "Evicted: low on memory",
            id="evicted",
        ),
    ],
)
def test_a_failure_is_diagnosed_by_who_ended_it(failed: Fields, category: str, detail: str) -> None:
    found = diagnosis(failed)

    assert (found.category, found.detail) == (category, detail)


def test_what_a_task_wrote_is_not_quoted() -> None:
    assert "s3cret" not in diagnosis(pod("Failed", ended(3, "s3cret"))).model_dump_json()


def test_a_deadline_is_explained_by_what_the_pod_waited_for() -> None:
    never_placed = pod("Failed", deleted=True, conditions=[UNPLACED])

    assert (found := diagnose(job(*OVERDUE), never_placed)) is not None
    assert (found.category, found.detail) == ("unschedulable", NO_NODE)


def test_a_deadline_without_a_pod_is_just_that() -> None:
    found = diagnose(job(*OVERDUE), None)

    assert found is not None
    assert found.category == "deadline"


def test_what_a_cluster_says_is_cut() -> None:
    found = diagnosis(pod("Pending", waiting("ErrImagePull", "x" * 5000)))

    assert len(found.detail) == 256
