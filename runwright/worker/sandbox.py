"""The sandbox of workflows, without what it does for nothing.

It shares our modules with all runs. The SDK would load the module of a workflow anew for each of
them, and inspect every method of every class that it is made of; ours keep nothing there that a
result depends on. Of what the sandbox restricts, `open`, `input`, `breakpoint` and imports in the
middle of a run fail in shared modules, too; of the rest (clock, random numbers, environment) it
restricts modules that it loads itself, and the linter all that workflows execute (`banned-api` in
`pyproject.toml`).

For each payload the SDK compiles and runs a piece of code in the sandbox of its workflow, to learn
which context a converter with contexts would get. Ours has none and stores nothing outside, so all
of that is for nothing (`python -m benchmarks wide` shows what it costs beside the SDK's own).

A run that takes two seconds for a turn, as all may on a busy machine, the SDK takes for stuck: it
interrupts it and clears it away, to begin anew. It means to wait for the interrupted thread and
does not (its wait is on a future that the expired timeout has cancelled). Two threads in one event
loop leave tasks that nothing wakes any more, and the run stays where it is until its worker ends.
So they take turns here.
"""

import threading
from typing import Any, Final

from temporalio.converter import StorageDriverStoreContext, StorageDriverWorkflowInfo
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import Info

_SHARED: Final = ("runwright", "workflows", "activities", "jsonschema", "referencing", "rpds")
"""Modules without side effects, loaded once for all runs."""


class _Sandboxed(WorkflowInstance):
    """A workflow in its sandbox: one thread at a time, and nobody asks for contexts of payloads."""

    def __init__(self, sandboxed: WorkflowInstance) -> None:
        self._sandboxed = sandboxed
        self._turn = threading.Lock()
        info = sandboxed.get_info()
        self._store = StorageDriverStoreContext(
            target=StorageDriverWorkflowInfo(
                id=info.workflow_id,
                run_id=info.run_id,
                type=info.workflow_type,
                namespace=info.namespace,
            )
        )

    def activate(self, act: Any) -> Any:
        """Do what there is to do, once a thread that is still at it has left."""
        with self._turn:
            return self._sandboxed.activate(act)

    def get_serialization_context(self, command_info: Any) -> None:
        """Return none: the converter would make nothing of one."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:  # noqa: ARG002
        """Return where the workflow itself would store payloads; nothing is stored outside."""
        return self._store

    def get_info(self) -> Info:
        return self._sandboxed.get_info()

    def get_thread_id(self) -> int | None:
        return self._sandboxed.get_thread_id()


class WorkflowSandbox(SandboxedWorkflowRunner):
    """Runs workflows in the SDK's sandbox."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Return a workflow in a sandbox of its own."""
        return _Sandboxed(super().create_instance(det))


WORKFLOW_RUNNER: Final = WorkflowSandbox(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(*_SHARED)
)
