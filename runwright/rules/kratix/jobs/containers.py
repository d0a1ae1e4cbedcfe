"""The containers of a pipeline's pod: ours around those of its author.

Source: Kratix, Job construction.
"""

from collections.abc import Mapping
from typing import Any, Final

from runwright.models.kratix import Container, KratixConfig, Parent, PipelineRun, WorkflowType
from runwright.rules.kubernetes.outcomes import kept_of_each

READER, WORK_WRITER, STATUS_WRITER = "reader", "work-writer", "status-writer"
INPUT, OUTPUT, METADATA = "shared-input", "shared-output", "shared-metadata"
SCHEDULING: Final = "promise-scheduling"
"""The volume with the destination selectors of the Promise."""
ADAPTER: Final = "/bin/pipeline-adapter"
"""The command of our containers; what they do is its argument."""
RESUMED: Final = "RUNWRIGHT_RESUMED"
APPROVED_BY: Final = "RUNWRIGHT_APPROVED_BY"
"""Names, with commas between; empty where nobody said one."""
_FILES: Final = "/work-creator-files"
_LONGEST_MESSAGE: Final = 4000
"""Bytes of a handover that is not kept in a ConfigMap."""
_MAYBE_MORE: Final = 2
"""Containers that the cluster may add: with each, the kubelet keeps less of what one says."""
_SECURITY: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_RESOURCES: Final = {
    "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "128Mi"},
    "limits": {"cpu": "200m", "memory": "256Mi", "ephemeral-storage": "256Mi"},
}
_TRACE: Final = {
    "KRATIX_TRACE_PARENT": "metadata.annotations['kratix.io/trace-parent']",
    "KRATIX_TRACE_STATE": "metadata.annotations['kratix.io/trace-state']",
}
_WHOSE: Final = {
    "RUNWRIGHT_POD_NAME": "metadata.name",
    "RUNWRIGHT_JOB_NAME": "metadata.labels['batch.kubernetes.io/job-name']",
    "RUNWRIGHT_JOB_UID": "metadata.labels['batch.kubernetes.io/controller-uid']",
}
"""What a ConfigMap with a long handover is named after, and goes with."""


def reader(run: PipelineRun, image: str, config: KratixConfig) -> dict[str, Any]:
    """Return the container that fetches the parent for the others."""
    return {
        **_ours(READER, image, config, "reader"),
        "env": variables_of(run),
        "volumeMounts": [_mount(INPUT, "/kratix/input"), _mount(OUTPUT, "/kratix/output")],
    }


def step(run: PipelineRun, container: Container, config: KratixConfig) -> dict[str, Any]:
    """Return one of the author's containers, with what it shares with the others.

    What the pipeline says wins over the platform, and that over Kratix.
    """
    said = container.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    workflows = config.workflows
    defaults = {
        "imagePullPolicy": workflows.default_image_pull_policy,
        "securityContext": workflows.default_container_security_context,
        "resources": resources_of(config),
    }
    return {
        **{key: value for key, value in defaults.items() if value is not None},
        **said,
        "env": [*variables_of(run), *_of_resumption(run), *said.get("env", ())],
        "volumeMounts": [
            {**_mount(INPUT, "/kratix/input"), "readOnly": True},
            _mount(OUTPUT, "/kratix/output"),
            _mount(METADATA, "/kratix/metadata"),
            *said.get("volumeMounts", ()),
        ],
    }


def work_writer(run: PipelineRun, image: str, config: KratixConfig) -> dict[str, Any]:
    """Return the container that packs what the steps put out."""
    return {
        **_ours(WORK_WRITER, image, config, "work-creator", *_arguments(run)),
        "env": _fields(_TRACE),
        "volumeMounts": [
            _mount(OUTPUT, f"{_FILES}/input"),
            _mount(METADATA, f"{_FILES}/metadata"),
            _mount(SCHEDULING, f"{_FILES}/kratix-system"),
        ],
    }


def status_writer(run: PipelineRun, image: str, config: KratixConfig) -> dict[str, Any]:
    """Return the container that hands over what the steps left: the pod's main one.

    Upstream's writes it into the cluster itself.
    """
    is_last = {"name": "IS_LAST_PIPELINE", "value": _written(run.is_last)}
    longest = {"name": "RUNWRIGHT_LONGEST_MESSAGE", "value": str(_longest_message(run))}
    return {
        **_ours(STATUS_WRITER, image, config, "update-status"),
        "env": [is_last, *variables_of(run), longest, *_fields(_WHOSE)],
        "volumeMounts": [_mount(METADATA, f"{_FILES}/metadata")],
    }


def variables_of(run: PipelineRun) -> list[dict[str, str]]:
    """Return the variables that say to a step what it is run for."""
    parent = run.parent
    is_promise = parent.type is WorkflowType.PROMISE
    variables = {
        "KRATIX_WORKFLOW_ACTION": run.action.value,
        "KRATIX_WORKFLOW_TYPE": parent.type.value,
        "KRATIX_PROMISE_NAME": parent.promise,
        "KRATIX_PIPELINE_NAME": run.pipeline.name,
        "KRATIX_OBJECT_KIND": parent.kind,
        "KRATIX_OBJECT_GROUP": parent.group,
        "KRATIX_OBJECT_VERSION": parent.version,
        "KRATIX_OBJECT_NAME": parent.name,
        "KRATIX_OBJECT_NAMESPACE": parent.namespace,
        "KRATIX_CRD_PLURAL": parent.plural,
        "KRATIX_CLUSTER_SCOPED": _written(is_promise),
    }
    return [{"name": name, "value": value} for name, value in variables.items()]


def _of_resumption(run: PipelineRun) -> list[dict[str, str]]:
    """Return what tells a pipeline that had itself suspended that it may go on now, and by whom.

    Upstream tells it nothing: there a pipeline that suspends each of its runs never ends.
    """
    if run.resumption is None:
        return []
    variables = {RESUMED: "true", APPROVED_BY: ",".join(run.resumption.by)}
    # A dollar could begin a reference to another variable; twice it is one dollar.
    return [{"name": name, "value": value.replace("$", "$$")} for name, value in variables.items()]


def resources_of(config: KratixConfig) -> dict[str, Any]:
    """Return the resources of a container that says nothing of them itself."""
    return config.workflows.default_container_resources or dict(_RESOURCES)


def _ours(name: str, image: str, config: KratixConfig, *arguments: str) -> dict[str, Any]:
    policy = config.workflows.default_image_pull_policy
    return {
        "name": name,
        "image": image,
        "command": [ADAPTER],
        "args": list(arguments),
        **({"imagePullPolicy": policy.value} if policy else {}),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": dict(_SECURITY),
        "resources": resources_of(config),
    }


def _longest_message(run: PipelineRun) -> int:
    ours = 3 if run.is_configure else 2
    containers = len(run.pipeline.spec.containers) + ours + _MAYBE_MORE
    return min(_LONGEST_MESSAGE, kept_of_each(containers))


def _fields(paths: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return variables whose values are fields of the pod."""
    return [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in paths.items()
    ]


def _arguments(run: PipelineRun) -> list[str]:
    parent: Parent = run.parent
    flags = {
        "--input-directory": _FILES,
        "--promise-name": parent.promise,
        "--pipeline-name": run.pipeline.name,
        "--namespace": parent.home,
        "--workflow-type": parent.type.value,
    }
    if parent.type is WorkflowType.RESOURCE:
        flags["--resource-name"] = parent.name
    if parent.is_apart:
        flags["--resource-namespace"] = parent.namespace
    return [word for flag in flags.items() for word in flag]


def _mount(volume: str, path: str) -> dict[str, Any]:
    return {"name": volume, "mountPath": path}


def _written(value: bool) -> str:  # noqa: FBT001 - it is what is written
    return "true" if value else "false"
