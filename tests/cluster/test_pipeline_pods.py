"""The pods of pipelines: what they hand over, how they fail, and what their steps cannot forge."""

import hashlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import yaml

from adapters.kubernetes import identity
from adapters.kubernetes.resources import JOBS
from runwright.models.kratix import Handover
from runwright.models.tasks import OutcomeReason
from testbed.cluster import Testbed
from tests.cluster.pipelines import DELETE, PipelinePods, Ran, of_steps, steps
from tests.unit.rules.kratix.documents import pipeline

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - where it is
_ONE_TRY = {"jobOptions": {"backoffLimit": 0}, "restartPolicy": "Never"}


@pytest.fixture
async def pods(node: Testbed, namespace: str) -> AsyncGenerator[PipelinePods]:
    """A namespace in which pipelines run."""
    ours = PipelinePods(node, namespace)
    await ours.make_parent()
    async with ours.observed():
        yield ours


def _is_released(ran: Ran) -> bool:
    return not any(map(identity.has_evidence, (ran.job, *ran.pods)))


async def test_what_the_steps_leave_is_handed_over(pods: PipelinePods) -> None:
    """K39: read by one step, put out by the other."""
    one = of_steps(
        "cp /kratix/input/object.yaml /kratix/output/seen.yaml; umask 077; echo 1 >/tmp/mine",
        "mkdir /kratix/output/more; echo 'a: 1' >/kratix/output/more/a.yaml;"
        " echo 'message: made' >/kratix/metadata/status.yaml;"
        " echo '[{matchLabels: {a: b}}]' >/kratix/metadata/destination-selectors.yaml",
    )

    ran = await pods.run(one)

    files, handover = await pods.files(ran), await pods.handover(ran)
    seen = yaml.safe_load(files.pop("seen.yaml"))
    assert files == {"more/a.yaml": "a: 1\n"}
    assert (seen["kind"], seen["metadata"]["uid"]) == ("ConfigMap", pods.parent.uid)
    assert seen["data"] == {"size": "3"}
    assert handover.status == "message: made\n"
    assert handover.selectors == "[{matchLabels: {a: b}}]\n"
    assert handover.control == ""
    assert _is_released(ran)


async def test_a_pipeline_that_wants_to_run_again_hands_no_files_over(pods: PipelinePods) -> None:
    """K30: so that an output which nobody takes cannot be too large, either."""
    one = of_steps(
        "head -c 3000000 /dev/urandom >/kratix/output/large",
        "echo 'suspend: true' >/kratix/metadata/workflow-control.yaml",
    )

    ran = await pods.run(one)

    assert ran.handover == Handover(control="suspend: true\n")


async def test_a_handover_of_files_is_kept_with_its_job(pods: PipelinePods) -> None:
    ran = await pods.run(of_steps("head -c 100000 /dev/urandom | base64 >/kratix/output/long"))

    found, text = await pods.stored(ran)
    handover = Handover.model_validate_json(text)
    said = ran.handover.stored
    assert said is not None
    assert said.digest == hashlib.sha256(text.encode()).hexdigest()
    assert list(handover.files) == ["long"]
    (owner,) = found["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Job", ran.job["metadata"]["uid"])
    assert found["immutable"]


@pytest.mark.parametrize(("size", "is_kept"), [(945, False), (946, True)], ids=["fits", "too long"])
async def test_the_kubelet_keeps_a_handover_as_long_as_may_be(
    pods: PipelinePods, size: int, *, is_kept: bool
) -> None:
    """Of many containers each has only so much: 12 KiB are for all, and two may be added."""
    text = "a" * (size - len('{"status":""}'))
    one = of_steps(f"printf {text} >/kratix/metadata/status.yaml", *["true"] * 7)

    ran = await pods.run(one)

    assert (ran.handover.stored is not None) is is_kept
    assert ran.handover.status == ("" if is_kept else text)


@pytest.mark.parametrize(
    ("policy", "limit", "left"),
    [
        pytest.param("OnFailure", 1, 0, id="restarted in its pod, which its Job deletes"),
        pytest.param("Never", 1, 2, id="another pod"),
        pytest.param("Never", 0, 1, id="never again"),
    ],
)
async def test_a_failed_step_says_which_it_was_and_how_it_ended(
    pods: PipelinePods, policy: str, limit: int, left: int
) -> None:
    """Also where its Job kills the next run of it, which has begun by then."""
    options = {"jobOptions": {"backoffLimit": limit}, "restartPolicy": policy}
    one = of_steps("true", "sleep 2; exit 3", "true", **options)

    ran = await pods.run(one)

    outcome = ran.outcome
    assert (outcome.reason, outcome.exit_code) == (OutcomeReason.EXITED, 3)
    assert outcome.message == "init container step-2: exit code 3"
    assert outcome.diagnosis
    assert (outcome.diagnosis.category, outcome.diagnosis.detail) == (
        "exit",
        "container step-2: exit code 3",
    )
    assert outcome.started_at
    assert outcome.finished_at
    assert outcome.finished_at > outcome.started_at
    assert (len(ran.pods), _is_released(ran)) == (left, True)


@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize("takes", [0, 3])
async def test_what_a_failed_step_wrote_outlives_the_pod_that_its_job_deletes(
    pods: PipelinePods, limit: int, takes: int
) -> None:
    """Each run of the step removes the log of the one before, and its Job all of them."""
    one = of_steps(
        "true",
        f"echo planning; sleep {takes}; echo no such size; exit 7",
        restartPolicy="OnFailure",
        jobOptions={"backoffLimit": limit},
    )

    ran = await pods.run(one)

    assert (ran.outcome.exit_code, ran.pods) == (7, [])
    assert await pods.kept_log(ran) == "planning\nno such size\n"


async def test_the_log_of_a_step_that_succeeded_in_the_end_is_not_kept(
    pods: PipelinePods,
) -> None:
    """What it wrote before it failed is kept until then."""
    first = "[ -e /kratix/metadata/once ] || { touch /kratix/metadata/once; exit 3; }"

    ran = await pods.run(of_steps(first, restartPolicy="OnFailure"))

    assert ran.outcome.succeeded
    assert await pods.kept_log(ran) is None


async def test_a_pod_that_takes_the_place_of_a_failed_one_is_waited_for(
    pods: PipelinePods, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    mounted = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
    first = "[ -e /shared/once ] || { touch /shared/once; exit 3; }; echo >/kratix/output/done"
    one = pipeline(
        containers=steps(first, **mounted),
        volumes=[{"name": "shared", "hostPath": {"path": str(tmp_path)}}],
        restartPolicy="Never",
        jobOptions={"backoffLimit": 1},
    )

    ran = await pods.run(one)

    assert list(await pods.files(ran)) == ["done"]
    assert (len(ran.pods), _is_released(ran)) == (2, True)


async def test_a_job_that_was_suspended_and_resumed_has_succeeded(pods: PipelinePods) -> None:
    """K62: as a queue of Jobs does it. That it is not suspended any more says nothing else."""
    task, claim = await pods.start(of_steps("sleep 5", restartPolicy="Never"))
    await pods.until_running(task, "step-1")
    name = (task.key.namespace, task.key.name)
    await pods.cluster.patch(JOBS, name, {"spec": {"suspend": True}})
    await pods.cluster.patch(JOBS, name, {"spec": {"suspend": False}})

    ran = await pods.ended(task, claim)

    assert ran.outcome.succeeded


async def test_a_pipeline_with_tries_left_is_stopped_for_good(pods: PipelinePods) -> None:
    task, claim = await pods.start(of_steps("sleep 1000", restartPolicy="Never"))
    await pods.until_running(task, "step-1")

    outcome = await pods.runner.stop(task.key, task.grace)

    assert outcome
    assert outcome.reason is OutcomeReason.STOPPED
    ran = await pods.ended(task, claim)
    assert {pod["metadata"]["name"] for pod in ran.pods} <= {ran.outcome.pod}
    assert (ran.job["spec"]["suspend"], _is_released(ran)) == (True, True)


async def test_a_pod_whose_object_is_gone_says_so(pods: PipelinePods) -> None:
    pods.parent = pods.parent.model_copy(update={"name": "gone", "uid": ""})

    ran = await pods.run(of_steps("true", **_ONE_TRY))

    assert ran.outcome.exit_code == 1
    assert ran.outcome.message.startswith(
        f"init container reader: exit code 1: get configmaps {pods.namespace}/gone: HTTP 404 "
    )


async def test_a_delete_pipeline_puts_nothing_out_whatever_its_steps_plant(
    pods: PipelinePods,
) -> None:
    packed = '{"files": {"a": "b"}, "selectors": "c"}'
    one = of_steps(
        f"echo '{packed}' >/kratix/metadata/.runwright-packed.json;"
        " echo a >/kratix/output/a; echo 'message: gone' >/kratix/metadata/status.yaml"
    )

    ran = await pods.run(one, DELETE)

    assert ran.handover == Handover(status="message: gone\n")


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param("echo '{}' >$packed; chmod 600 $packed", id="file"),
        pytest.param("ln -s /kratix/metadata/other $packed", id="link"),
        pytest.param("mkfifo $packed", id="pipe"),
    ],
)
async def test_what_steps_plant_in_place_of_the_output_is_replaced(
    pods: PipelinePods, plant: str
) -> None:
    script = f"packed=/kratix/metadata/.runwright-packed.json; {plant}; echo a >/kratix/output/a"

    ran = await pods.run(of_steps(script))

    assert await pods.files(ran) == {"a": "a\n"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param(
            "mkdir -p /kratix/metadata/.runwright-packed.json/in",
            "init container work-writer: exit code 1: remove .runwright-packed.json, which a step",
            id="a folder of its own",
        ),
        pytest.param(
            "ln -s /etc/passwd /kratix/output/a",
            "init container work-writer: exit code 1: read a: path escapes from parent",
            id="a link out of the output",
        ),
        pytest.param(
            f"ln -s {_TOKEN} /kratix/metadata/status.yaml",
            "exit code 1: read status.yaml: path escapes from parent",
            id="a link to the token",
        ),
        pytest.param(
            "umask 077; echo a >/kratix/output/a",
            "init container work-writer: exit code 1: read a: permission denied: it is user 0's"
            " with mode -rw-------, and this container is user 65532; let the step",
            id="a file of root's alone",
        ),
        pytest.param(
            "umask 077; mkdir /kratix/output/b; echo a >/kratix/output/b/a",
            "init container work-writer: exit code 1: read b",
            id="a folder of root's alone",
        ),
        pytest.param(
            "umask 077; echo 'message: a' >/kratix/metadata/status.yaml",
            "exit code 1: read status.yaml: permission denied: it is user 0's",
            id="a text of root's alone",
        ),
        pytest.param(
            "head -c 1000000 /dev/urandom >/kratix/output/large",
            "init container work-writer: exit code 1: pack large: with it the output has more than",
            id="too much",
        ),
    ],
)
async def test_what_cannot_be_handed_over_fails_the_pipeline_and_says_why(
    pods: PipelinePods, script: str, said: str
) -> None:
    ran = await pods.run(of_steps(script, **_ONE_TRY))

    assert not ran.outcome.succeeded
    assert ran.outcome.message.startswith(said)
