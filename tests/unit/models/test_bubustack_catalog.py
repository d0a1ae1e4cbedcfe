"""EngramTemplate as a cluster or a file sends it."""

from typing import Any

import pytest
from pydantic import ValidationError

from runwright.models.bubustack import EngramTemplate, catalog
from tests.unit.models.golden import changed, dumped, fields_left_out

TEMPLATE: dict[str, Any] = {
    "apiVersion": "catalog.bubustack.io/v1alpha1",
    "kind": "EngramTemplate",
    "metadata": {"name": "http.client"},
    "spec": {
        "version": "1.0.0",
        "supportedModes": ["job", "deployment", "statefulset"],
        "description": "asks a server",
        "image": "registry.example/http-client:1.0.0",
        "configSchema": {"type": "object"},
        "inputSchema": {"type": "object", "properties": {"url": {"type": "string"}}},
        "outputSchema": {"type": "object"},
        "declaredOutputKeys": ["rows"],
        "secretSchema": {
            "token": {
                "required": True,
                "description": "for the server",
                "mountType": "both",
                "envPrefix": "HTTP_",
                "mountPath": "/etc/secrets/token",
                "expectedKeys": ["value"],
            }
        },
        "execution": {
            "images": {"pullPolicy": "Always"},
            "resources": {
                "recommendedCpuRequest": "100m",
                "recommendedCpuLimit": "500m",
                "recommendedMemoryRequest": "64Mi",
                "recommendedMemoryLimit": "256Mi",
                "minCpuRequest": "50m",
                "minMemoryRequest": "32Mi",
            },
            "security": {
                "requiresNonRoot": True,
                "requiresReadOnlyRoot": True,
                "requiresNoPrivilegeEscalation": True,
                "recommendedRunAsUser": 1000,
            },
            "job": {
                "recommendedBackoffLimit": 0,
                "recommendedTtlSecondsAfterFinished": 600,
                "recommendedRestartPolicy": "Never",
            },
            "retry": {
                "recommendedMaxRetries": 4,
                "recommendedBackoff": "constant",
                "recommendedBaseDelay": "3s",
                "recommendedMaxDelay": "1m0s",
            },
            "timeout": "2m0s",
            "service": {
                "ports": [{"port": 80, "targetPort": 8080, "name": "http", "protocol": "TCP"}]
            },
            "probes": {
                "liveness": {"httpGet": {"path": "/live", "port": "http"}},
                "readiness": {"exec": {"command": ["true"]}},
                "startup": {"tcpSocket": {"port": 8080}},
            },
            "storage": {"timeoutSeconds": 30},
            "rbac": {"rules": [{"verbs": ["get"], "resources": ["configmaps"]}]},
        },
    },
    "status": {
        "observedGeneration": 1,
        "conditions": [{"type": "Ready", "status": "True"}],
        "usageCount": 2,
        "validationStatus": "valid",
        "validationErrors": ["none that counts"],
    },
}


def test_every_field_is_read_and_written_under_its_wire_name() -> None:
    template = EngramTemplate.model_validate(TEMPLATE)

    assert dumped(template) == TEMPLATE
    assert fields_left_out(catalog, template) == set()


def test_fields_of_a_newer_version_are_tolerated() -> None:
    newer = changed(TEMPLATE, ("spec", "deliveryPolicy"), {"dedupe": {"mode": "key"}})

    assert dumped(EngramTemplate.model_validate(newer)) == TEMPLATE


EXECUTION = ("spec", "execution")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "ImpulseTemplate"),
        (("spec", "version"), None),
        (("spec", "supportedModes"), []),
        (("spec", "supportedModes"), ["job"] * 4),
        (("spec", "supportedModes", 0), "cronjob"),
        (("spec", "image"), "x" * 513),
        (("spec", "configSchema"), True),
        (("spec", "secretSchema", "token", "mountType"), "volume"),
        (("spec", "secretSchema", "token", "required"), "yes"),
        ((*EXECUTION, "resources", "recommendedCpuRequest"), 1),
        ((*EXECUTION, "job", "recommendedBackoffLimit"), "0"),
        ((*EXECUTION, "retry", "recommendedMaxRetries"), "4"),
        ((*EXECUTION, "retry", "recommendedBackoff"), "fibonacci"),
        ((*EXECUTION, "retry", "recommendedBaseDelay"), 3),
        ((*EXECUTION, "timeout"), "120"),
        ((*EXECUTION, "service", "ports", 0, "port"), "http"),
        ((*EXECUTION, "service", "ports", 0, "targetPort"), None),
        ((*EXECUTION, "probes", "liveness"), "/live"),
        (("status", "validationStatus"), "Valid"),
    ],
)
def test_a_template_out_of_bounds_is_refused_at_its_path(
    path: tuple[str | int, ...], value: object
) -> None:
    with pytest.raises(ValidationError, match="1 validation error") as refused:
        EngramTemplate.model_validate(changed(TEMPLATE, path, value))

    assert refused.value.errors()[0]["loc"] == path
