"""The adapter of pipelines as a process, and the account that it asks the API server as."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runwright.models.kratix import Handover
from testbed import certificates
from testbed.cluster import Testbed
from testbed.layout import Port

_NOTHING: Final[Mapping[str, str]] = {}
PACKED: Final = ".runwright-packed.json"
"""Where one of its commands leaves for another what was put out."""


@dataclass(frozen=True)
class Ended:
    """How the process ended."""

    code: int
    out: str
    err: str


class Adapter:
    """The binary, with the folders that a pod would give it."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self.input, self.metadata = folder / "input", folder / "metadata"
        self.account, self.message = folder / "account", folder / "message"
        for made in (self.input, self.metadata, self.account):
            made.mkdir()

    def pack(self) -> Ended:
        """Pack what is in the folders."""
        return self._run("work-creator", f"--input-directory={self.input.parent}")

    @property
    def packed(self) -> Handover:
        """What was packed: a part of a handover."""
        return Handover.model_validate_json((self.metadata / PACKED).read_bytes())

    def hand_over(self, *, longest: int = 4000, environ: Mapping[str, str] = _NOTHING) -> Ended:
        """Hand over what was packed, and what is said."""
        said = {"KRATIX_WORKFLOW_ACTION": "configure", "RUNWRIGHT_LONGEST_MESSAGE": str(longest)}
        return self._run(
            *("update-status", f"--metadata-directory={self.metadata}"),
            *(f"--termination-log={self.message}", f"--account-directory={self.account}"),
            environ={**said, **environ},
        )

    def read(self, environ: Mapping[str, str]) -> Ended:
        """Fetch an object."""
        folders = (f"--input-directory={self.input}", f"--account-directory={self.account}")
        return self._run("reader", *folders, environ=environ)

    @property
    def handed_over(self) -> Handover:
        """What is in the termination message."""
        return Handover.model_validate_json(self.message.read_bytes())

    def _run(self, *words: str, environ: Mapping[str, str] = _NOTHING) -> Ended:
        ended = subprocess.run(
            [self._binary, *words], env=environ, capture_output=True, check=False
        )
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


class AccountFolder:
    """A ServiceAccount of the testbed, as a pod has it."""

    def __init__(self, testbed: Testbed, namespace: str, folder: Path) -> None:
        self.testbed, self.namespace = testbed, namespace
        self.environ = {
            "KUBERNETES_SERVICE_HOST": testbed.address,
            "KUBERNETES_SERVICE_PORT": str(Port.API_SERVER.value),
        }
        token = testbed.kubectl("create", "token", "default", f"--namespace={namespace}")
        (folder / "token").write_text(token)
        (folder / "namespace").write_text(namespace)
        authority = certificates.certificate(certificates.AUTHORITY)
        (folder / "ca.crt").write_bytes(authority.read_bytes())

    def may(self, *verbs: str) -> None:
        """Let the account do that with ConfigMaps, from now on or soon after."""
        self.testbed.kubectl(
            *("create", "role", "pod", f"--namespace={self.namespace}"),
            *(f"--verb={','.join(verbs)}", "--resource=configmaps"),
        )
        self.testbed.kubectl(
            *("create", "rolebinding", "pod", f"--namespace={self.namespace}", "--role=pod"),
            f"--serviceaccount={self.namespace}:default",
        )

    def make(self, name: str, **data: str) -> None:
        """Create a ConfigMap."""
        metadata = {"name": name, "namespace": self.namespace}
        self.testbed.apply(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        )

    def read(self, name: str, kind: str = "configmap") -> dict[str, Any]:
        """Return an object."""
        shown = self.testbed.kubectl(
            *("get", kind, name, f"--namespace={self.namespace}"),
            *("--output=json", "--show-managed-fields"),
        )
        found: dict[str, Any] = json.loads(shown)
        return found

    def job(self) -> str:
        """Create a Job that never has a pod; return its uid."""
        self.testbed.apply(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "job", "namespace": self.namespace},
                "spec": {
                    "suspend": True,
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "containers": [{"name": "none", "image": "none"}],
                        }
                    },
                },
            }
        )
        return str(self.read("job", "job")["metadata"]["uid"])
