"""The testbed as tests and commands see it."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Final

from testbed import asking, binaries, control_plane, kubeconfigs, layout, node
from testbed.commands import run, search_path
from testbed.components import Component
from testbed.errors import UnavailableError
from testbed.images import archive, contents
from testbed.locking import locked
from testbed.waiting import until

_READY_WITHIN: Final = 90.0
_A_DAY: Final = "24h"


class Reach(StrEnum):
    """How much of a cluster there is."""

    NODE = "node"
    """Ours, with a node that runs pods."""
    CONTROL_PLANE = "control plane"
    """Ours, without a node: objects are kept and controllers act, and no pod ever starts."""
    GIVEN = "given"
    """Somebody's, by KUBECONFIG: its parts and its images are not ours."""


@dataclass(frozen=True)
class Testbed:
    """A cluster that answers."""

    __test__: ClassVar = False

    reach: Reach
    kubeconfig: Path
    """The admin's."""
    shortfall: str = ""
    """Why there is no node, where there is none."""

    @property
    def address(self) -> str:
        """Return where our API server listens; pods reach the machine there too."""
        return _address(self.reach)

    @property
    def audit_log(self) -> Path | None:
        """Return the API server's audit events, one JSON object a line; None if it is not ours."""
        return None if self.reach is Reach.GIVEN else layout.audit_log()

    @property
    def components(self) -> Mapping[str, Component]:
        """Return our parts by name, in the order of their start; none if the cluster is given."""
        return components(self.reach)

    def kubectl(self, *words: str, text: str = "") -> str:
        """Return what the admin's kubectl printed; `text` is its input.

        Raises:
            CommandError: it ended with an error.
        """
        state = layout.state_folder()
        cached = () if self.reach is Reach.GIVEN else (f"--cache-dir={state / 'kubectl'}",)
        return run(
            *_kubectl(self.reach), f"--kubeconfig={self.kubeconfig}", *cached, *words, text=text
        )

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Create objects, or change them to what the manifests say.

        Raises:
            CommandError: one was refused.
        """
        listed = {"apiVersion": "v1", "kind": "List", "items": manifests}
        self.kubectl("apply", "--filename=-", text=json.dumps(listed))

    def account_kubeconfig(self, namespace: str, name: str) -> Path:
        """Return a new kubeconfig of a ServiceAccount; its token lives for a day.

        Raises:
            UnavailableError: the cluster is not ours.
            CommandError: there is no such ServiceAccount.
        """
        if self.reach is Reach.GIVEN:
            message = "kubeconfigs of ServiceAccounts are made for our own API server only"
            raise UnavailableError(message)
        token = self.kubectl(
            *("create", "token", name, f"--namespace={namespace}", f"--duration={_A_DAY}")
        )
        return kubeconfigs.for_token(f"{namespace}.{name}", self.address, token.strip())

    def load_runwright(self) -> str:
        """Bring the checkout's image to the node as it is now; return its reference.

        Raises:
            UnavailableError: there is no node of ours.
        """
        self._need_node()
        load(contents.runwright())
        return contents.RUNWRIGHT

    def load_pipeline_adapter(self) -> str:
        """Bring the checkout's adapter of pipelines to the node; return its reference.

        Raises:
            UnavailableError: there is no node of ours.
        """
        self._need_node()
        load(contents.pipeline_adapter())
        return contents.PIPELINE_ADAPTER

    def compact(self) -> int:
        """Make etcd forget all revisions but the newest, and return that one."""
        newest = int(asking.etcd("/v3/kv/range", {"key": "AA=="})["header"]["revision"])
        asking.etcd("/v3/kv/compaction", {"revision": str(newest), "physical": True})
        return newest

    def wait(self) -> None:
        """Wait until the API server answers and pods can be started.

        Raises:
            UnavailableError: that does not come to pass.
        """
        if self.reach is Reach.GIVEN:
            return
        until(self._is_ready, _READY_WITHIN, f"the {self.reach} being ready")

    def _need_node(self) -> None:
        if self.reach is not Reach.NODE:
            message = f"images need a node of ours: {self.shortfall or 'the cluster is given'}"
            raise UnavailableError(message)

    def _is_ready(self) -> bool:
        # The controllers make it, and no pod is admitted without it.
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        if asking.api_server(self.address, account) is None:
            return False
        return self.reach is not Reach.NODE or self._node_is_ready()

    def _node_is_ready(self) -> bool:
        found = asking.api_server(self.address, f"/api/v1/nodes/{layout.NODE}")
        if found is None or found["spec"].get("taints"):
            return False
        conditions = {it["type"]: it["status"] for it in found["status"].get("conditions", ())}
        return conditions.get("Ready") == "True"


def components(reach: Reach) -> dict[str, Component]:
    """Return our parts by name, in the order of their start."""
    if reach is Reach.GIVEN:
        return {}
    parts = control_plane.components(_address(reach))
    return parts | node.components() if reach is Reach.NODE else parts


def load(image: archive.Image) -> None:
    """Bring an image to our node, unless it is there; a node that runs takes it at once."""
    note = layout.state_folder() / "images.json"
    layers = [layer.name for layer in image.layers]
    with locked(layout.state_folder()):  # tests of several checkouts may bring theirs
        loaded = json.loads(note.read_text()) if note.exists() else {}
        if loaded.get(image.reference) == layers:
            return
        with tempfile.TemporaryDirectory(dir=layout.state_folder()) as folder:
            file = Path(folder, "image.tar")
            archive.write(image, file)
            node.containerd("image", "import", file)
        note.write_text(json.dumps(loaded | {image.reference: layers}))


def given() -> Testbed | None:
    """Return the cluster of KUBECONFIG, unless that is our own."""
    named = os.environ.get("KUBECONFIG")
    if not named or Path(named) == layout.kubeconfig():
        return None
    return Testbed(Reach.GIVEN, Path(named))


def _address(reach: Reach) -> str:
    return layout.HOST_ADDRESS if reach is Reach.NODE else layout.LOOPBACK


def _kubectl(reach: Reach) -> tuple[str | Path, ...]:
    installed = shutil.which("kubectl", path=search_path()) if reach is Reach.GIVEN else None
    return (installed,) if installed else (binaries.kubernetes(), "kubectl")
