"""The labels, annotations and finalizers by which Kratix and its users talk to each other.

Every label that is a switch is on with the value `true` and off with any other.

Source: Kratix, labels, annotations and finalizers.
"""

from typing import Final

ON: Final = "true"

PROMISE_NAME: Final = "kratix.io/promise-name"
PROMISE_VERSION: Final = "kratix.io/promise-version"
LATEST_REVISION: Final = "kratix.io/latest-revision"

MANUAL_RECONCILIATION: Final = "kratix.io/manual-reconciliation"
"""Run all pipelines anew."""
RUN_FROM_START: Final = "internal.workflows.kratix.io/run-from-start"
"""Run all pipelines anew once what runs is over."""
RECONCILE_RESOURCES: Final = "kratix.io/reconcile-resources"
"""On a Promise: run the pipelines of every request for it anew."""
PAUSED: Final = "kratix.io/paused"
WORKFLOW_SUSPENDED: Final = "kratix.io/workflow-suspended"
"""No further pipeline starts until it is removed."""

WORKFLOW_TYPE: Final = "kratix.io/workflow-type"
WORKFLOW_ACTION: Final = "kratix.io/workflow-action"
PIPELINE_NAME: Final = "kratix.io/pipeline-name"
PIPELINE_NAMESPACE: Final = "kratix.io/pipeline-namespace"
RESOURCE_NAME: Final = "kratix.io/resource-name"
RESOURCE_NAMESPACE: Final = "kratix.io/resource-namespace"
WORK_TYPE: Final = "kratix.io/work-type"
HASH: Final = "kratix.io/hash"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
KRATIX: Final = "Kratix"
"""The value of that label on the Jobs of pipelines."""

LAST_UPDATED_AT: Final = "kratix.io/last-updated-at"
"""When the Work with the dependencies of a Promise was written."""
TIMEOUT: Final = "runwright.dev/timeout"
"""The annotation of a pipeline that says how long its Job may take: ours."""
GATHERED: Final = "runwright.dev/requests"
"""The label of ClusterRoles that add to what the worker may do with requests: ours."""
RECONCILIATION_INTERVAL: Final = "kratix.io/reconciliation-interval"
"""The annotation that wins over the interval in a Promise's spec."""
JOB_RESOURCE_NAMESPACE: Final = "kratix.io/job-resource-namespace"
JOB_RESOURCE_NAME: Final = "kratix.io/job-resource-name"
JOB_RESOURCE_KIND: Final = "kratix.io/job-resource-kind"
JOB_RESOURCE_API_VERSION: Final = "kratix.io/job-resource-api-version"

DELETE_WORKFLOWS: Final = "kratix.io/delete-workflows"
WORK_CLEANUP: Final = "kratix.io/work-cleanup"
WORKFLOWS_CLEANUP: Final = "kratix.io/workflows-cleanup"
RESOURCE_BINDING_CLEANUP: Final = "kratix.io/resource-binding-cleanup"
RESOURCE_REQUEST_CLEANUP: Final = "kratix.io/resource-request-cleanup"
DYNAMIC_CONTROLLER_CLEANUP: Final = "kratix.io/dynamic-controller-dependant-resources-cleanup"
API_CRD_CLEANUP: Final = "kratix.io/api-crd-cleanup"
DEPENDENCIES_CLEANUP: Final = "kratix.io/dependencies-cleanup"
REVISION_CLEANUP: Final = "kratix.io/revision-cleanup"
