"""Which namespace is meant where none is named."""

from pathlib import Path

import pytest

from adapters.kubernetes.context import current_namespace

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: theirs
contexts:
- {name: ours, context: {cluster: c, namespace: blue}}
- {name: theirs, context: {cluster: c, namespace: green}}
- {name: bare, context: {cluster: c}}
"""
NO_POD = Path("/nonexistent/namespace")


def named(folder: Path, *texts: str) -> str:
    files = [folder / f"config-{number}" for number, _ in enumerate(texts)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    return current_namespace({"KUBECONFIG": ":".join(map(str, files))}, NO_POD)


def test_it_is_that_of_the_current_context(tmp_path: Path) -> None:
    assert named(tmp_path, KUBECONFIG) == "green"
    assert (
        named(tmp_path, KUBECONFIG.replace("current-context: theirs", "current-context: bare"))
        == ""
    )


def test_of_several_files_the_first_says_which_context_and_any_what_it_is(tmp_path: Path) -> None:
    assert named(tmp_path, "current-context: ours", KUBECONFIG) == "blue"


@pytest.mark.parametrize(
    "text",
    ["", "current-context: gone", "[1, 2", "- 1", KUBECONFIG.replace("green", "No/Name")],
    ids=["empty", "no such context", "no YAML", "no object", "no name"],
)
def test_what_cannot_be_read_names_nothing(text: str, tmp_path: Path) -> None:
    """Whoever connects says what is wrong with it."""
    assert named(tmp_path, text) == ""


def test_without_a_variable_it_is_the_file_that_kubectl_reads(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(KUBECONFIG)

    assert current_namespace({"HOME": str(tmp_path)}, NO_POD) == "green"


def test_in_a_pod_it_is_that_of_the_pod(tmp_path: Path) -> None:
    file = tmp_path / "namespace"
    file.write_text("green\n")

    assert current_namespace({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, file) == "green"
    assert current_namespace({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, NO_POD) == ""
