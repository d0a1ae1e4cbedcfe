"""How BubuStack's steps are executed, retried, cached and stored."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.bubustack import ExecutionOverrides, ExecutionPolicy, RetryPolicy, policies
from tests.unit.models.golden import changed, dumped, fields_left_out

RETRY = {
    "maxRetries": 5,
    "delay": "2s",
    "maxDelay": "1m0s",
    "jitter": 10,
    "backoff": "linear",
}
STORAGE = {
    "s3": {
        "bucket": "outputs",
        "region": "eu-central-1",
        "endpoint": "https://minio.data.svc:9000",
        "usePathStyle": True,
        "authentication": {
            "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"},
            "secretRef": {"name": "s3"},
        },
    },
    "file": {
        "path": "/var/outputs",
        "volumeClaimName": "outputs",
        "emptyDir": {"sizeLimit": "1Gi"},
    },
    "timeoutSeconds": 60,
}
CACHE = {
    "enabled": False,
    "key": "{{ inputs.url }}",
    "salt": "v2",
    "mode": "readWrite",
    "ttlSeconds": 600,
}
PLACEMENT = {
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 30}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
}
OVERRIDES: dict[str, Any] = {
    "timeout": "5m0s",
    "retry": RETRY,
    "debug": True,
    "security": {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsUser": 1000,
        "requiredSecrets": ["token"],
    },
    "placement": PLACEMENT,
    "imagePullPolicy": "IfNotPresent",
    "maxInlineSize": 0,
    "serviceAccountName": "runner",
    "automountServiceAccountToken": False,
    "probes": {"disableLiveness": True, "disableReadiness": False, "disableStartup": True},
    "storage": STORAGE,
    "cache": CACHE,
    "rbac": {
        "rules": [
            {
                "verbs": ["get"],
                "apiGroups": [""],
                "resources": ["configmaps"],
                "resourceNames": ["settings"],
                "nonResourceURLs": ["/healthz"],
            }
        ]
    },
}
POLICY: dict[str, Any] = {
    "resources": {
        "cpuRequest": "100m",
        "cpuLimit": "1",
        "memoryRequest": "128Mi",
        "memoryLimit": "512Mi",
    },
    "security": {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsUser": 1000,
    },
    "placement": PLACEMENT,
    "job": {
        "backoffLimit": 0,
        "ttlSecondsAfterFinished": 3600,
        "storyRunRetentionSeconds": -1,
        "restartPolicy": "Never",
    },
    "retry": RETRY,
    "timeout": "30m0s",
    "maxRecursionDepth": 32,
    "serviceAccountName": "runner",
    "storage": STORAGE,
    "cache": CACHE,
    "realtime": {"ttlSecondsAfterFinished": -1},
}


def test_overrides_and_policies_read_and_write_all_they_have() -> None:
    overrides = ExecutionOverrides.model_validate(OVERRIDES)
    policy = ExecutionPolicy.model_validate(POLICY)

    assert (dumped(overrides), dumped(policy)) == (OVERRIDES, POLICY)
    assert fields_left_out(policies, overrides, policy) == set()


def test_what_nobody_said_has_no_value() -> None:
    """A default here would hide that the step left it to its Story, its Engram or the template."""
    assert set(RetryPolicy().model_dump().values()) == {None}
    assert set(ExecutionOverrides().model_dump().values()) == {None}
    assert set(ExecutionPolicy().model_dump().values()) == {None}


def test_a_policy_of_a_newer_cluster_is_read_for_what_is_known() -> None:
    policy = RetryPolicy.model_validate({"maxRetries": 1, "budget": {"perHour": 3}})

    assert dumped(policy) == {"maxRetries": 1}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("timeout",), 300),
        (("timeout",), "300"),
        (("retry", "maxRetries"), -1),
        (("retry", "maxRetries"), 11),
        (("retry", "maxRetries"), "3"),
        (("retry", "maxRetries"), True),
        (("retry", "delay"), 1),
        (("retry", "maxDelay"), "soon"),
        (("retry", "jitter"), 101),
        (("retry", "jitter"), -1),
        (("retry", "backoff"), "Exponential"),
        (("debug",), "true"),
        (("security", "runAsUser"), "root"),
        (("security", "requiredSecrets"), "token"),
        (("placement", "tolerations"), {}),
        (("maxInlineSize",), 1.5),
        (("serviceAccountName",), "a.b"),
        (("serviceAccountName",), "x" * 254),
        (("storage", "s3", "bucket"), None),
        (("storage", "s3", "authentication"), None),
        (("storage", "timeoutSeconds"), "60"),
        (("cache", "mode"), "write-through"),
        (("cache", "ttlSeconds"), 2**31),
        (("rbac", "rules", 0, "verbs"), None),
    ],
)
def test_overrides_out_of_bounds_are_refused_at_their_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        ExecutionOverrides.model_validate(changed(OVERRIDES, path, value))

    assert refused.value.errors()[0]["loc"] == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("resources", "cpuRequest"), 1),
        (("job", "backoffLimit"), "0"),
        (("job", "storyRunRetentionSeconds"), -(2**31) - 1),
        (("maxRecursionDepth",), 0),
        (("realtime", "ttlSecondsAfterFinished"), "0"),
    ],
)
def test_a_policy_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        ExecutionPolicy.model_validate(changed(POLICY, path, value))

    assert refused.value.errors()[0]["loc"] == path
