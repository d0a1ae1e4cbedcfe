"""The containers of a pipeline's pod: ours around those of its author.

Source: Kratix, Job construction.
"""

from typing import Any, Final

from runwright.models.kratix import Container, KratixConfig, Parent, PipelineRun, WorkflowType

READER, WORK_WRITER, STATUS_WRITER = "reader", "work-writer", "status-writer"
INPUT, OUTPUT, METADATA = "shared-input", "shared-output", "shared-metadata"
SCHEDULING: Final = "promise-scheduling"
"""The volume with the destination selectors of the Promise."""
ADAPTER: Final = "/bin/pipeline-adapter"
"""The command of our containers; what they do is its argument."""
_FILES: Final = "/work-creator-files"
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
    "KRATIX_TRACE_PARENT": "kratix.io/trace-parent",
    "KRATIX_TRACE_STATE": "kratix.io/trace-state",
}


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
        "env": [*variables_of(run), *said.get("env", ())],
        "volumeMounts": [
            {**_mount(INPUT, "/kratix/input"), "readOnly": True},
            _mount(OUTPUT, "/kratix/output"),
            _mount(METADATA, "/kratix/metadata"),
            *said.get("volumeMounts", ()),
        ],
    }


def work_writer(run: PipelineRun, image: str, config: KratixConfig) -> dict[str, Any]:
    """Return the container that makes a Work of what the steps put out."""
    return {
        **_ours(WORK_WRITER, image, config, "work-creator", *_arguments(run)),
        "env": [
            {
                "name": name,
                "valueFrom": {"fieldRef": {"fieldPath": f"metadata.annotations['{key}']"}},
            }
            for name, key in _TRACE.items()
        ],
        "volumeMounts": [
            _mount(OUTPUT, f"{_FILES}/input"),
            _mount(METADATA, f"{_FILES}/metadata"),
            _mount(SCHEDULING, f"{_FILES}/kratix-system"),
        ],
    }


def status_writer(run: PipelineRun, image: str, config: KratixConfig) -> dict[str, Any]:
    """Return the container that tells what the steps said of their parent: the pod's main one."""
    is_last = {"name": "IS_LAST_PIPELINE", "value": _written(run.is_last)}
    return {
        **_ours(STATUS_WRITER, image, config, "update-status"),
        "env": [is_last, *variables_of(run)],
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
        "securityContext": dict(_SECURITY),
        "resources": resources_of(config),
    }


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
