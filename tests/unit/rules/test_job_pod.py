"""The pod that does a step's work."""

from typing import Any

import pytest

from runwright.rules.bubustack.jobs.pod import pod_of
from runwright.rules.bubustack.jobs.resources import resources_of, wrong_resources
from tests.unit.rules.works import Fields, work

SCRATCH = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a path in the container


def container(pod: Fields) -> Fields:
    """Return the pod's only container."""
    (only,) = pod["containers"]
    found: Fields = only
    return found


def test_a_pod_is_as_closed_as_an_engram_can_be() -> None:
    pod = pod_of(work())

    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container(pod)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == (
        "release-1-engram-runner",
        True,
    )
    assert pod["terminationGracePeriodSeconds"] == 30


def test_the_container_is_the_templates_image() -> None:
    found = container(pod_of(work()))

    assert (found["name"], found["image"]) == ("engram", "worker:1")
    assert (found["imagePullPolicy"], found["terminationMessagePolicy"]) == ("IfNotPresent", "File")
    assert "command" not in found
    assert "envFrom" not in found


def test_a_program_may_write_to_tmp_although_its_root_is_read_only() -> None:
    closed = pod_of(work())
    open_ = pod_of(work({"execution": {"security": {"readOnlyRootFilesystem": False}}}))

    assert closed["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    assert container(closed)["volumeMounts"] == [SCRATCH]
    assert "volumes" not in open_
    assert "volumeMounts" not in container(open_)


def test_the_container_learns_of_its_pod_from_the_cluster() -> None:
    fields = {
        one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"]
        for one in container(pod_of(work()))["env"]
    }

    assert fields == {
        "BUBU_POD_NAME": "metadata.name",
        "BUBU_POD_NAMESPACE": "metadata.namespace",
        "BUBU_SERVICE_ACCOUNT_NAME": "spec.serviceAccountName",
    }


SECURITIES = [
    ("step", lambda **said: ({"execution": {"security": said}}, {})),
    ("engram's overrides", lambda **said: ({}, {"worker": {"overrides": {"security": said}}})),
    (
        "engram's policy",
        lambda **said: ({}, {"worker": {"executionPolicy": {"security": said}}}),
    ),
    ("story", lambda **said: ({}, {"spec": {"policy": {"execution": {"security": said}}}})),
]


@pytest.mark.parametrize(
    "level", [one for _, one in SECURITIES], ids=[name for name, _ in SECURITIES]
)
def test_each_level_may_open_the_security_context(level: Any) -> None:
    step, fields = level(runAsUser=7, allowPrivilegeEscalation=True, runAsNonRoot=False)

    pod = pod_of(work(step, **fields))

    assert pod["securityContext"]["runAsUser"] == 7
    assert pod["securityContext"]["runAsNonRoot"] is False
    assert container(pod)["securityContext"]["allowPrivilegeEscalation"] is True


def test_the_nearest_level_wins_field_by_field() -> None:
    one = work(
        {"execution": {"security": {"runAsUser": 1}}},
        worker={"overrides": {"security": {"runAsUser": 2, "allowPrivilegeEscalation": True}}},
        spec={"policy": {"execution": {"security": {"allowPrivilegeEscalation": False}}}},
    )

    pod = pod_of(one)

    assert pod["securityContext"]["runAsUser"] == 1
    assert container(pod)["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_template_recommends_a_user_and_opens_nothing() -> None:
    security = {"requiresNonRoot": False, "recommendedRunAsUser": 65532}

    pod = pod_of(work(image={"execution": {"security": security}}))

    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_who_allows_root_and_names_no_user_gets_the_images() -> None:
    pod = pod_of(work({"execution": {"security": {"runAsNonRoot": False}}}))

    assert "runAsUser" not in pod["securityContext"]


@pytest.mark.parametrize(
    ("step", "fields", "account"),
    [
        ({}, {}, "release-1-engram-runner"),
        ({}, {"spec": {"policy": {"execution": {"serviceAccountName": "s"}}}}, "s"),
        ({}, {"worker": {"executionPolicy": {"serviceAccountName": "p"}}}, "p"),
        ({}, {"worker": {"overrides": {"serviceAccountName": "o"}}}, "o"),
        (
            {},
            {
                "worker": {"overrides": {"serviceAccountName": "o"}},
                "spec": {"policy": {"execution": {"serviceAccountName": "s"}}},
            },
            "s",
        ),
        (
            {"execution": {"serviceAccountName": "x"}},
            {"spec": {"policy": {"execution": {"serviceAccountName": "s"}}}},
            "x",
        ),
    ],
    ids=["the run's own", "story", "engram's policy", "engram's overrides", "both", "step"],
)
def test_a_pod_has_the_rights_of_the_nearest_account(
    step: Fields, fields: Fields, account: str
) -> None:
    assert pod_of(work(step, **fields))["serviceAccountName"] == account


def test_the_token_may_be_left_out() -> None:
    step = {"execution": {"automountServiceAccountToken": False}}

    assert pod_of(work(step))["automountServiceAccountToken"] is False


def test_the_nearest_says_when_the_image_is_pulled() -> None:
    image = {"execution": {"images": {"pullPolicy": "Always"}}}

    by_template = pod_of(work(image=image))
    by_step = pod_of(work({"execution": {"imagePullPolicy": "Never"}}, image=image))

    assert container(by_template)["imagePullPolicy"] == "Always"
    assert container(by_step)["imagePullPolicy"] == "Never"


def test_a_placement_is_put_together_of_the_nearest_parts() -> None:
    toleration = {"key": "gpu", "operator": "Exists"}
    one = work(
        {"execution": {"placement": {"nodeSelector": {"disk": "ssd"}}}},
        worker={"executionPolicy": {"placement": {"tolerations": [toleration]}}},
        spec={"policy": {"execution": {"placement": {"nodeSelector": {"zone": "a"}}}}},
    )

    pod = pod_of(one)

    assert pod["nodeSelector"] == {"disk": "ssd"}
    assert pod["tolerations"] == [toleration]
    assert "affinity" not in pod


def resources(*, engram: Fields | None = None, story: Fields | None = None, **advice: str) -> Any:
    """Return `(cpu request, cpu limit)`, with resources on these levels."""
    found = resources_of(
        work(
            worker={"executionPolicy": {"resources": engram or {}}},
            spec={"policy": {"execution": {"resources": story or {}}}},
            image={"execution": {"resources": advice}},
        )
    )
    return found["requests"]["cpu"], found["limits"]["cpu"]


def test_a_container_has_limits_although_nobody_sets_them() -> None:
    assert resources_of(work()) == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "500m", "memory": "512Mi"},
    }


def test_the_nearest_amount_counts() -> None:
    assert resources(recommendedCpuRequest="50m") == ("50m", "500m")
    assert resources(recommendedCpuRequest="50m", story={"cpuRequest": "60m"}) == ("60m", "500m")
    assert resources(engram={"cpuLimit": "4"}, story={"cpuLimit": "2"}) == ("100m", "2")


@pytest.mark.parametrize(
    ("fields", "pair"),
    [
        pytest.param({"story": {"cpuRequest": "2"}}, ("2", "2"), id="a request above the default"),
        pytest.param({"story": {"cpuLimit": "50m"}}, ("50m", "50m"), id="a limit below it"),
        pytest.param(
            {"engram": {"cpuRequest": "2"}, "story": {"cpuLimit": "1"}},
            ("1", "1"),
            id="nearer limit",
        ),
        pytest.param(
            {"engram": {"cpuLimit": "1"}, "story": {"cpuRequest": "2"}},
            ("2", "2"),
            id="nearer request",
        ),
        pytest.param({"minCpuRequest": "250m"}, ("250m", "500m"), id="a template's minimum"),
        pytest.param({"minCpuRequest": "1"}, ("1", "1"), id="a minimum above the limit"),
        pytest.param(
            {"minCpuRequest": "10m", "story": {"cpuRequest": "20m"}}, ("20m", "500m"), id="above it"
        ),
    ],
)
def test_no_request_is_above_its_limit(fields: Any, pair: tuple[str, str]) -> None:
    """An API server takes no such pair, and most often the limit is a default."""
    assert resources(**fields) == pair


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"cpuRequest": "lots"}, 'cpu request "lots" is no quantity such as "100m" or "128Mi"'),
        ({"memoryLimit": "-1Gi"}, 'memory limit "-1Gi" is no quantity such as "100m" or "128Mi"'),
        (
            {"memoryRequest": "2Gi", "memoryLimit": "1Gi"},
            "the memory request 2Gi is above the limit 1Gi",
        ),
    ],
)
def test_what_is_no_amount_is_told(said: Fields, fault: str) -> None:
    one = work(spec={"policy": {"execution": {"resources": said}}})

    assert list(wrong_resources(one)) == [fault]
    assert list(wrong_resources(work())) == []
