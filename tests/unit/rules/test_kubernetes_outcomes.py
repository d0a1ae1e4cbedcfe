"""How a task in a cluster ended."""

from datetime import UTC, datetime

import pytest

from adapters.kubernetes.trimming import trimmed_job
from runwright.models.tasks import OutcomeReason
from runwright.rules.bubustack.retries import Retries, classify_exit, may_retry
from runwright.rules.kubernetes.outcomes import EVIDENCE, outcome_of
from tests.unit.rules.cluster_objects import (
    COMPLETE,
    EXHAUSTED,
    Fields,
    condition,
    ended,
    job,
    pod,
    running,
    waiting,
)
from tests.unit.rules.task_outcomes import category, outcome, seen

MISSING_COMMAND = (
    "failed to create containerd task: OCI runtime create failed: unable to start container "
    'process: exec: "/nosuch": stat /nosuch: no such file or directory: unknown'
)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(None, id="no pod yet"),
        pytest.param(pod("Pending"), id="pending"),
        pytest.param(pod("Running", running()), id="running"),
        pytest.param(pod("Running", running(), deleted=True), id="ending"),
    ],
)
def test_a_task_that_runs_has_no_outcome(pod: Fields | None) -> None:
    assert seen(pod) is None


def test_a_pod_that_succeeded_is_a_success_before_its_job_says_so() -> None:
    found = outcome(pod("Succeeded", ended(0)))

    assert (found.succeeded, found.reason) == (True, OutcomeReason.COMPLETED)
    assert (found.exit_code, found.output, found.message) == (0, {}, "")
    assert (found.pod, found.diagnosis) == ("web-build-x7k2p", None)
    assert found.started_at == datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC)
    assert found.finished_at == datetime(2026, 3, 1, 12, 0, 9, tzinfo=UTC)


def test_the_termination_message_is_the_output() -> None:
    assert outcome(pod("Succeeded", ended(0, '{"url": "ü"}\n'))).output == {"url": "ü"}


@pytest.mark.parametrize("note", ["done\n", "3", "null", "built 3 pages"])
def test_a_text_for_people_is_the_message_of_a_success(note: str) -> None:
    """An image that knows nothing of us may write there what it will, and has succeeded."""
    found = outcome(pod("Succeeded", ended(0, note)))

    assert (found.succeeded, found.output, found.message) == (True, {}, note.strip())


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ("done\n", "(5 bytes) is not JSON: Expecting value"),
        ("7", "(1 bytes) holds a number, not an object"),
        ('done: {"a": 1}', "(14 bytes) is not JSON: Expecting value"),
    ],
)
def test_what_a_command_of_its_template_writes_must_be_an_output(note: str, fault: str) -> None:
    """As without a cluster: else what fails on a laptop succeeds later, and is lost."""
    container = {"name": "engram", "image": "busybox", "command": ["/bin/sh", "-c", "run"]}
    template = {"metadata": {"finalizers": [EVIDENCE]}, "spec": {"containers": [container]}}

    found = outcome_of(
        trimmed_job(job(*COMPLETE, template=template)),
        pod("Succeeded", ended(0, note)),
        "engram",
        1000,
    )

    assert found is not None
    assert (found.succeeded, found.reason) == (False, OutcomeReason.OUTPUT_INVALID)
    assert fault in found.message


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ('{"a": 1', "(7 bytes) is not JSON: Expecting ',' delimiter"),
        ("[1]", "(3 bytes) holds a list, not an object"),
        ('{"a": NaN}', "(10 bytes) holds NaN, which is no JSON"),
        ('{"a": "\\ud800"}', "holds half of a surrogate pair"),
    ],
)
def test_what_begins_as_an_output_must_be_one(message: str, fault: str) -> None:
    found = outcome(pod("Succeeded", ended(0, message)))

    assert (found.succeeded, found.reason) == (False, OutcomeReason.OUTPUT_INVALID)
    assert (found.exit_code, found.output, category(found)) == (0, None, "output")
    assert fault in found.message


@pytest.mark.parametrize(
    ("message", "inits", "kept"),
    [
        pytest.param("6789" * 1023 + '89"}', 0, 4096, id="the end is kept"),
        pytest.param("\ufffd" + "ü" * 2047 + "}", 0, 4096, id="a character was cut in two"),
        pytest.param("6789" * 614 + "6", 4, 2457, id="many containers share what is kept"),
    ],
)
def test_an_output_that_the_kubelet_cut_is_told_from_a_text(
    message: str, inits: int, kept: int
) -> None:
    """It keeps the last 4,096 bytes, so that an output which was cut does not begin like one."""
    containers = [ended(0, name=f"init-{n}") for n in range(inits)]

    found = outcome(pod("Succeeded", *containers, ended(0, message)), max_output=10_000)

    assert found.reason is OutcomeReason.OUTPUT_INVALID
    assert found.message.endswith(f"is no JSON: of more than {kept} the end is kept")


def test_an_output_may_fill_what_the_kubelet_keeps() -> None:
    message = '{"a":"' + "x" * 4088 + '"}'

    assert outcome(pod("Succeeded", ended(0, message)), max_output=4096).succeeded
    found = outcome(pod("Succeeded", ended(0, message)), max_output=4095)

    assert (found.reason, category(found)) == (OutcomeReason.OUTPUT_TOO_LARGE, "output")
    assert found.message == "the termination message has 4096 bytes, 4095 are allowed"


def test_a_failure_has_the_exit_code() -> None:
    found = outcome(pod("Failed", ended(3)))

    assert (found.succeeded, found.reason) == (False, OutcomeReason.EXITED)
    assert (found.exit_code, found.output, found.message) == (3, None, "exit code 3")
    assert category(found) == "exit"


def test_a_failure_says_what_the_task_left_to_people() -> None:
    assert outcome(pod("Failed", ended(3, "no such host\n"))).message == "exit code 3: no such host"
    assert len(outcome(pod("Failed", ended(3, "x" * 4000))).message) == 2048


def test_the_output_of_a_failure_is_not_quoted() -> None:
    """It may hold what only later steps should see."""
    assert outcome(pod("Failed", ended(3, '{"token": "s3cret"}'))).message == "exit code 3"


@pytest.mark.parametrize(
    ("pod", "code", "message", "kind"),
    [
        pytest.param(
            pod("Failed", ended(137, reason="OOMKilled")),
            137,
            "exit code 137 (OOMKilled)",
            "memory",
            id="out of memory",
        ),
        pytest.param(
            pod("Failed", ended(137), reason="Evicted", message="Usage of volume exceeds 1Mi. "),
            137,
            "exit code 137 (Evicted): Usage of volume exceeds 1Mi.",
            "evicted",
            id="evicted while it ran",
        ),
        pytest.param(
            pod("Failed", reason="Evicted", message="The node was low on resource: memory."),
            None,
            "Evicted: The node was low on resource: memory.",
            "evicted",
            id="evicted before it ran",
        ),
        pytest.param(
            pod("Failed", ended(0), reason="Evicted", message="low on memory"),
            None,
            "Evicted: low on memory",
            "evicted",
            id="evicted, and content with that",
        ),
        pytest.param(
            pod(
                "Failed",
                ended(143),
                conditions=[condition("DisruptionTarget", "PreemptionByScheduler", "preempted")],
            ),
            143,
            "exit code 143 (PreemptionByScheduler): preempted",
            "evicted",
            id="preempted",
        ),
        pytest.param(
            pod("Failed", reason="NodeLost", message="Node n1 is unresponsive"),
            None,
            "NodeLost: Node n1 is unresponsive",
            "node-lost",
            id="node lost",
        ),
        pytest.param(
            pod("Failed", reason="OutOfcpu", message="Node didn't have enough resource: cpu"),
            None,
            "OutOfcpu: Node didn't have enough resource: cpu",
            "unschedulable",
            id="the node has no room after all",
        ),
        pytest.param(
            pod("Failed", ended(137, "could not be located", "ContainerStatusUnknown")),
            None,
            "ContainerStatusUnknown: could not be located",
            "killed",
            id="nobody saw it end: the code is made up",
        ),
        pytest.param(
            pod("Failed", ended(4, name="init-db"), waiting("PodInitializing")),
            4,
            "init container init-db: exit code 4",
            "exit",
            id="init container",
        ),
        pytest.param(
            pod("Failed", ended(0), ended(2, name="proxy")),
            2,
            "container proxy: exit code 2",
            "exit",
            id="another container",
        ),
        pytest.param(
            pod("Failed"), None, "the pod failed and does not say why", "unknown", id="no word"
        ),
    ],
)
def test_a_failure_says_who_had_a_hand_in_it(
    pod: Fields, code: int | None, message: str, kind: str
) -> None:
    found = outcome(pod)

    assert (found.reason, found.exit_code) == (OutcomeReason.EXITED, code)
    assert (found.message, category(found)) == (message, kind)
    assert found.output is None


def test_a_pod_that_was_deleted_on_no_node_is_over() -> None:
    """It stays Pending, and nobody starts it any more: who stops it need not wait."""
    waits = pod("Pending", deleted=True)

    over = outcome({**waits, "spec": {"containers": [{"name": "engram"}]}})

    assert seen(waits) is None
    assert (over.reason, over.exit_code) == (OutcomeReason.EXITED, None)
    assert over.message == "its pod was deleted before it was on a node"


def test_a_pod_that_fails_without_an_exit_code_may_be_tried_again() -> None:
    """Also one whose container took its eviction for an occasion to exit with 0."""
    found = outcome(pod("Failed", ended(0), reason="Evicted"))

    assert may_retry(Retries(), classify_exit(found.exit_code), 0)


def test_a_command_that_does_not_exist_never_started() -> None:
    container = ended(128, MISSING_COMMAND, "StartError")
    container["state"]["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"

    found = outcome(pod("Failed", container))

    assert (found.reason, found.exit_code) == (OutcomeReason.COMMAND_NOT_STARTED, None)
    assert (found.started_at, category(found)) == (None, "command")
    assert found.message == MISSING_COMMAND


def test_other_trouble_of_the_runtime_may_pass() -> None:
    found = outcome(pod("Failed", ended(128, "error mounting /proc", "StartError")))

    assert (found.reason, found.exit_code) == (OutcomeReason.EXITED, 128)
    assert found.message == "exit code 128 (StartError): error mounting /proc"


@pytest.mark.parametrize("conditions", [COMPLETE, EXHAUSTED], ids=["complete", "failed"])
def test_evidence_that_is_gone_is_never_taken_for_a_success(
    conditions: tuple[Fields, ...],
) -> None:
    found = outcome(None, *conditions)

    assert (found.succeeded, found.reason) == (False, OutcomeReason.LOST)
    assert (found.output, found.exit_code, category(found)) == (None, None, "lost")


def test_a_pod_that_says_nothing_of_its_container_is_no_evidence() -> None:
    assert outcome(pod("Succeeded")).reason is OutcomeReason.LOST


def test_a_job_that_held_no_pod_is_believed() -> None:
    """A suspended one, say, that a person completes by its status."""
    done = outcome_of(job(*COMPLETE, finalizers=(), suspend=True), None, "engram", 100)
    failed = outcome_of(job(*EXHAUSTED, finalizers=(), suspend=True), None, "engram", 100)

    assert done is not None
    assert failed is not None
    assert (done.succeeded, done.exit_code, done.output, done.pod) == (True, 0, {}, None)
    assert done.finished_at == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    assert (failed.reason, failed.exit_code) == (OutcomeReason.EXITED, None)
    assert (failed.message.split(":")[0], category(failed)) == ("BackoffLimitExceeded", "lost")


@pytest.mark.parametrize("conditions", [COMPLETE, EXHAUSTED], ids=["complete", "failed"])
def test_a_job_that_is_over_waits_for_what_its_pod_says(conditions: tuple[Fields, ...]) -> None:
    """The two are watched apart: what is seen of the pod may be older."""
    assert seen(pod("Running", running()), *conditions) is None


def test_what_comes_before_the_tasks_container_is_part_of_the_task() -> None:
    """Where its steps are init containers, they are all of its time."""
    early: Fields = {"startedAt": "2026-03-01T12:00:01Z", "finishedAt": "2026-03-01T12:00:02Z"}
    before = ended(0, name="init-a")
    before["state"]["terminated"] |= early

    done = outcome(pod("Succeeded", before, ended(0)))
    failed = outcome(pod("Failed", before, ended(3, name="init-b"), waiting("PodInitializing")))

    for found in (done, failed):
        assert found.started_at == datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
        assert found.finished_at == datetime(2026, 3, 1, 12, 0, 9, tzinfo=UTC)


@pytest.mark.parametrize("broken", [{}, {"status": None}, {"status": {"conditions": "x"}}])
def test_objects_without_fields_say_nothing(broken: Fields) -> None:
    assert outcome_of(broken, None, "engram", 100) is None
    assert outcome_of(broken, broken, "engram", 100) is None
