"""The conditions of Kratix's kinds, and the reasons they have.

Source: Kratix, conditions.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """What a condition is about."""

    CONFIGURE_WORKFLOW_COMPLETED = "ConfigureWorkflowCompleted"
    DELETE_WORKFLOW_COMPLETED = "DeleteWorkflowCompleted"
    WORKS_SUCCEEDED = "WorksSucceeded"
    RECONCILED = "Reconciled"
    PROMISE_AVAILABLE = "PromiseAvailable"
    """Of a request: whether its Promise can fulfil it."""
    AVAILABLE = "Available"
    """Of a Promise: whether it can fulfil requests."""
    REQUIREMENTS_FULFILLED = "RequirementsFulfilled"
    UPGRADE_SUCCEEDED = "UpgradeSucceeded"
    """Of a ResourceBinding: whether its request took the version that it is bound to."""


class Reason(StrEnum):
    """Why a condition is as it is."""

    PIPELINES_IN_PROGRESS = "PipelinesInProgress"
    PIPELINES_EXECUTED_SUCCESSFULLY = "PipelinesExecutedSuccessfully"
    CONFIGURE_WORKFLOW_FAILED = "ConfigureWorkflowFailed"
    DELETE_WORKFLOW_FAILED = "DeleteWorkflowFailed"
    DELETE_WORKFLOW_SUSPENDED = "DeleteWorkflowSuspended"
    WORKS_PENDING = "WorksPending"
    WORKS_FAILING = "WorksFailing"
    WORKS_MISPLACED = "WorksMisplaced"
    WORKS_SUCCEEDED = "WorksSucceeded"
    WORKFLOW_PENDING = "WorkflowPending"
    WORKFLOW_SUSPENDED = "WorkflowSuspended"
    PAUSED_RECONCILIATION = "PausedReconciliation"
    UNPAUSED = "Unpaused"
    RECONCILED = "Reconciled"
    PROMISE_AVAILABLE = "PromiseAvailable"
    PROMISE_UNAVAILABLE = "PromiseUnavailable"
    PROMISE_REQUIREMENTS_NOT_INSTALLED = "PromiseRequirementsNotInstalled"
    REQUIREMENTS_INSTALLED = "RequirementsInstalled"
    REQUIREMENTS_NOT_INSTALLED = "RequirementsNotInstalled"
    REQUIREMENTS_NOT_AVAILABLE = "RequirementsNotAvailable"
    UPGRADE_IN_PROGRESS = "UpgradeInProgress"
    UPGRADE_COMPLETE = "UpgradeComplete"
    UPGRADE_FAILED = "UpgradeFailed"
