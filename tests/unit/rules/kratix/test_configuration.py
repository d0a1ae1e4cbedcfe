"""The settings of a platform, as its ConfigMap has them."""

from datetime import timedelta
from typing import Any

import pytest

from runwright.errors import InvalidManifestError
from runwright.models.kratix import BindingStrategy, PullPolicy
from runwright.rules.kratix.configuration import platform_config

TEXT = """
numberOfJobsToKeep: 2
reconciliationInterval: 5m
resourceBindingVersionStrategy: pinned
featureFlags: {dryRun: true}
workflows:
  reconcileAfterFailure: false
  jobOptions: {defaultBackoffLimit: 4, podTTLSecondsAfterFinished: 60}
  defaultContainerResources: {limits: {cpu: 1}}
  defaultImagePullPolicy: Always
  defaultContainerSecurityContext: {runAsUser: 1000}
"""


def config_map(text: str) -> dict[str, Any]:
    """Return the ConfigMap of a platform."""
    return {"kind": "ConfigMap", "metadata": {"name": "kratix"}, "data": {"config": text}}


def test_what_is_not_runwrights_is_passed_over() -> None:
    config = platform_config(config_map(TEXT))

    assert (config.jobs_kept, config.reconciliation_interval) == (2, timedelta(minutes=5))
    assert config.resource_binding_version_strategy is BindingStrategy.PINNED
    workflows = config.workflows
    assert workflows.reconcile_after_failure is False
    assert workflows.job_options.default_backoff_limit == 4
    assert workflows.job_options.pod_ttl_seconds_after_finished == 60
    assert workflows.default_container_resources == {"limits": {"cpu": 1}}
    assert workflows.default_image_pull_policy is PullPolicy.ALWAYS
    assert workflows.default_container_security_context == {"runAsUser": 1000}


@pytest.mark.parametrize("found", [None, config_map(""), config_map("{}")])
def test_without_settings_the_defaults_hold(found: dict[str, Any] | None) -> None:
    config = platform_config(found)

    assert (config.jobs_kept, config.reconciliation_interval) == (5, timedelta(hours=10))
    assert config.workflows.reconcile_after_failure
    assert config.workflows.job_options.default_backoff_limit is None


@pytest.mark.parametrize("number", [0, -1])
def test_fewer_than_one_job_are_not_kept(number: int) -> None:
    assert platform_config(config_map(f"numberOfJobsToKeep: {number}")).jobs_kept == 5


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"metadata": {"name": "kratix"}, "data": {}}, r"data\.config: is required"),
        (config_map("a: ["), r"data\.config: line 2"),
        (config_map("reconciliationInterval: 1d"), r"data\.config\.reconciliationInterval: "),
        (config_map("- a"), r"data\.config: must be an object"),
    ],
    ids=["no-key", "no-yaml", "no-duration", "no-object"],
)
def test_settings_that_cannot_be_read_are_no_defaults(found: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidManifestError, match=why):
        platform_config(found)
