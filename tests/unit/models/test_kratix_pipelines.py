"""Pipelines, in which nothing may be unknown."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.kratix import Pipeline, RestartPolicy, pipelines, pods
from tests.unit.models.golden import changed, dumped, fields_left_out

_ITEMS = [{"key": "config", "path": "app.yaml", "mode": 288}]
_RARE = (
    *("projected", "ephemeral", "downwardAPI", "awsElasticBlockStore", "azureDisk", "azureFile"),
    *("cephfs", "cinder", "fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo"),
    *("glusterfs", "iscsi", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd"),
    *("scaleIO", "storageos", "vsphereVolume"),
)
_SECURITY: dict[str, Any] = {
    "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
    "privileged": False,
    "seLinuxOptions": {"user": "u", "role": "r", "type": "t", "level": "s0"},
    "windowsOptions": {
        "gmsaCredentialSpecName": "n",
        "gmsaCredentialSpec": "s",
        "runAsUserName": "u",
        "hostProcess": False,
    },
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "procMount": "Default",
    "seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"},
    "appArmorProfile": {"type": "RuntimeDefault"},
}
_ENV: list[dict[str, Any]] = [
    {"name": "REGION", "value": "eu"},
    {"name": "NODE", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"}}},
    {
        "name": "CPU",
        "valueFrom": {
            "resourceFieldRef": {"containerName": "a", "resource": "limits.cpu", "divisor": "1m"}
        },
    },
    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    {
        "name": "C",
        "valueFrom": {
            "fileKeyRef": {"volumeName": "v", "path": "p", "key": "k", "optional": False}
        },
    },
]
PIPELINE: dict[str, Any] = {
    "apiVersion": "platform.kratix.io/v1alpha1",
    "kind": "Pipeline",
    "metadata": {
        "name": "instance",
        "namespace": "default",
        "labels": {"team": "data"},
        "annotations": {"note": "x"},
    },
    "spec": {
        "containers": [
            {
                "name": "create",
                "image": "example.org/create:1",
                "command": ["create"],
                "args": ["--all"],
                "env": _ENV,
                "envFrom": [
                    {"prefix": "P_", "configMapRef": {"name": "c", "optional": True}},
                    {"secretRef": {"name": "s"}},
                ],
                "volumeMounts": [
                    {
                        "name": "cache",
                        "mountPath": "/cache",
                        "subPath": "a",
                        "subPathExpr": "$(A)",
                        "readOnly": True,
                        "recursiveReadOnly": "Disabled",
                        "mountPropagation": "None",
                    }
                ],
                "imagePullPolicy": "Always",
                "securityContext": _SECURITY,
                "resources": {
                    "requests": {"cpu": "100m", "memory": 128},
                    "limits": {"cpu": 0.5},
                    "claims": [{"name": "gpu", "request": "one"}],
                },
            }
        ],
        "volumes": [
            {
                "name": "a",
                "configMap": {
                    "name": "c",
                    "items": _ITEMS,
                    "defaultMode": 420,
                    "optional": True,
                },
            },
            {
                "name": "b",
                "secret": {
                    "secretName": "s",
                    "items": _ITEMS,
                    "defaultMode": 420,
                    "optional": True,
                },
            },
            {"name": "cache", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "c", "readOnly": True}},
            {"name": "e", "hostPath": {"path": "/srv", "type": "Directory"}},
            {"name": "f", "nfs": {"server": "n", "path": "/", "readOnly": True}},
            {"name": "g", "image": {"reference": "example.org/i:1", "pullPolicy": "Always"}},
            {
                "name": "h",
                "csi": {
                    "driver": "d",
                    "readOnly": True,
                    "fsType": "ext4",
                    "volumeAttributes": {"a": "b"},
                    "nodePublishSecretRef": {"name": "s"},
                },
            },
            *({"name": f"rare-{number}", kind: {"a": 1}} for number, kind in enumerate(_RARE)),
        ],
        "imagePullSecrets": [{"name": "registry"}],
        "nodeSelector": {"zone": "a"},
        "tolerations": [
            {
                "key": "gpu",
                "operator": "Equal",
                "value": "yes",
                "effect": "NoExecute",
                "tolerationSeconds": 60,
            }
        ],
        "restartPolicy": "Never",
        "jobOptions": {"backoffLimit": 0},
        "rbac": {
            "serviceAccount": "builder",
            "permissions": [
                {
                    "verbs": ["get"],
                    "apiGroups": [""],
                    "resources": ["secrets"],
                    "resourceNames": ["one"],
                    "nonResourceURLs": ["/healthz"],
                    "resourceNamespace": "*",
                }
            ],
        },
    },
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    pipeline = Pipeline.model_validate(PIPELINE)

    assert dumped(pipeline) == PIPELINE
    left_out = fields_left_out(pipelines, pipeline) | fields_left_out(pods, pipeline)
    assert {one for one in left_out if not one.startswith("PipelineMetadata.")} == set()


def test_the_smallest_pipeline_has_a_name() -> None:
    """And steps that fail are tried again, as long as the Job allows."""
    document = {key: PIPELINE[key] for key in ("apiVersion", "kind")}
    pipeline = Pipeline.model_validate({**document, "metadata": {"name": "only"}})

    assert pipeline.name == "only"
    assert pipeline.spec.restart_policy is RestartPolicy.ON_FAILURE
    assert pipeline.spec.containers == ()


@pytest.mark.parametrize(
    "path",
    [
        ("when",),
        ("metadata", "label"),
        ("spec", "affinity"),
        ("spec", "containers", 0, "lifecycle"),
        ("spec", "containers", 0, "env", 0, "val"),
        ("spec", "containers", 0, "env", 1, "valueFrom", "nodeRef"),
        ("spec", "containers", 0, "securityContext", "fsGroup"),
        ("spec", "volumes", 0, "configmap"),
        ("spec", "volumes", 2, "emptyDir", "size"),
        ("spec", "tolerations", 0, "seconds"),
        ("spec", "jobOptions", "activeDeadlineSeconds"),
        ("spec", "rbac", "permissions", 0, "namespace"),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_a_field_that_nobody_knows_is_refused_wherever_it_is(path: tuple[str | int, ...]) -> None:
    """Upstream decodes the same way: a misspelt field must not be a silent default."""
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Pipeline.model_validate(changed(PIPELINE, path, "x"))

    assert refused.value.errors()[0]["loc"] == path
    assert refused.value.errors()[0]["type"] == "extra_forbidden"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "Task"),
        (("apiVersion",), "tekton.dev/v1"),
        (("metadata", "name"), ""),
        (("spec", "restartPolicy"), "Always"),
        (("spec", "jobOptions", "backoffLimit"), -1),
        (("spec", "containers", 0, "imagePullPolicy"), "Sometimes"),
        (("spec", "containers", 0, "command"), "create"),
        (("spec", "volumes", 0, "name"), None),
    ],
)
def test_a_pipeline_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        Pipeline.model_validate(changed(PIPELINE, path, value))

    assert refused.value.errors()[0]["loc"] == path
