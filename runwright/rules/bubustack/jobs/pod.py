"""The pod that does a step's work."""

from typing import Any, Final, NamedTuple

from runwright.rules.bubustack.commands import COMMAND, words_of
from runwright.rules.bubustack.jobs.resources import resources_of
from runwright.rules.bubustack.jobs.secrets import (
    secret_env,
    secret_env_from,
    secret_mounts,
    secret_volumes,
)
from runwright.rules.bubustack.jobs.work import Work, runner_of

CONTAINER: Final = "engram"
PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
GRACE_SECONDS: Final = 30
_USER: Final = 1000
_SCRATCH: Final = {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 - a path in the container
"""Where a program may write although its root is read-only."""
_FROM_POD: Final = {
    "BUBU_POD_NAME": "metadata.name",
    "BUBU_POD_NAMESPACE": "metadata.namespace",
    "BUBU_SERVICE_ACCOUNT_NAME": "spec.serviceAccountName",
}


class Security(NamedTuple):
    """A security context with nothing left open."""

    run_as_non_root: bool
    read_only_root: bool
    privilege_escalation: bool
    run_as_user: int | None
    """None: as the image says."""


def pod_of(work: Work) -> dict[str, Any]:
    """Return the spec of a step's pod.

    Its first container is the Engram's. A restart policy that somebody asks for is not heeded: a
    pod that restarts its container tries the step again behind the back of its retries.

    Source: BubuStack, StepRun as a Job.
    """
    security = security_of(work)
    volumes = secret_volumes(work)
    if security.read_only_root:
        volumes.append({"name": _SCRATCH["name"], "emptyDir": {}})
    return {
        "restartPolicy": "Never",
        "serviceAccountName": service_account_of(work),
        "automountServiceAccountToken": _mounts_token(work),
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": _of_pod(security),
        "containers": [_container(work, security)],
        **({"volumes": volumes} if volumes else {}),
        **_placement(work),
    }


def security_of(work: Work) -> Security:
    """Return the security context, each part as the nearest says that says something.

    The defaults are as strict as any template can require. Who allows root and names no user gets
    the image's.

    Source: BubuStack, ExecutionOverrides and template security.
    """
    non_root = _allowed(work, "run_as_non_root", default=True)
    advice = work.advice.security
    users = [one.security.run_as_user for one in work.levels if one.security]
    users += [advice.recommended_run_as_user if advice else None, _USER if non_root else None]
    return Security(
        run_as_non_root=non_root,
        read_only_root=_allowed(work, "read_only_root_filesystem", default=True),
        privilege_escalation=_allowed(work, "allow_privilege_escalation", default=False),
        run_as_user=next((user for user in users if user is not None), None),
    )


def service_account_of(work: Work) -> str:
    """Return whose rights the pod has: the run's own, unless another one is named."""
    given = [one.service_account_name for one in work.levels]
    return next(filter(None, given), runner_of(work.start))


def pull_policy_of(work: Work) -> str:
    """Return when the image is pulled."""
    images = work.advice.images
    given = [one.image_pull_policy for one in work.overrides]
    given += [images.pull_policy if images else None]
    return next(filter(None, given), "IfNotPresent")


def _allowed(work: Work, name: str, *, default: bool) -> bool:
    given = [getattr(one.security, name) for one in work.levels if one.security]
    return next((bool(one) for one in given if one is not None), default)


def _mounts_token(work: Work) -> bool:
    given = [one.automount_service_account_token for one in work.overrides]
    return next((one for one in given if one is not None), True)


def _of_pod(security: Security) -> dict[str, Any]:
    user = {} if security.run_as_user is None else {"runAsUser": security.run_as_user}
    return {
        "runAsNonRoot": security.run_as_non_root,
        **user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _container(work: Work, security: Security) -> dict[str, Any]:
    env_from, mounts = secret_env_from(work), secret_mounts(work)
    if security.read_only_root:
        mounts.append({**_SCRATCH})
    return {
        "name": CONTAINER,
        "image": work.template.spec.image or "",
        "imagePullPolicy": pull_policy_of(work),
        **_command(work),
        "terminationMessagePolicy": "File",
        "env": [*_from_pod(), *secret_env(work)],
        "resources": resources_of(work),
        "securityContext": {
            "allowPrivilegeEscalation": security.privilege_escalation,
            "readOnlyRootFilesystem": security.read_only_root,
            "capabilities": {"drop": ["ALL"]},
        },
        **({"envFrom": env_from} if env_from else {}),
        **({"volumeMounts": mounts} if mounts else {}),
    }


def _command(work: Work) -> dict[str, Any]:
    """Return the command that the template gives its image, if it does; upstream knows none."""
    annotations = work.template.metadata.annotations
    words = words_of(annotations.get(COMMAND, ""))
    return {"command": list(words)} if words else {}


def _from_pod() -> list[dict[str, Any]]:
    return [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in _FROM_POD.items()
    ]


def _placement(work: Work) -> dict[str, Any]:
    """Return where the pod may run; each of the three parts as the nearest has it, whole."""
    placements = [one.placement for one in work.levels if one.placement]
    found: dict[str, Any] = {}
    for placement in reversed(placements):
        found |= placement.model_dump(mode="json", exclude_none=True)
    return found
