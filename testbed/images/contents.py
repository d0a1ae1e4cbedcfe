"""The images: a shell, a Python with Runwright in it, and the adapter of pipelines."""

import importlib.metadata
import platform
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.requirements import Requirement

from testbed import binaries, cache
from testbed.commands import run, search_path
from testbed.images.archive import Image
from testbed.images.layers import LIBRARIES, writing
from testbed.layout import project

BUSYBOX: Final = "testbed.local/busybox:1"
"""A shell and the usual small commands; what it does by default is wait, as a pod's pause."""
RUNWRIGHT: Final = "testbed.local/runwright:1"
"""The shell, this Python, and Runwright with what it depends on; runs as nobody by default."""
PIPELINE_ADAPTER: Final = "runwright/pipeline-adapter:testbed"
"""The containers of a pipeline's pod that are not its author's."""

_REGISTRY: Final = "docker.io"
"""Where a node takes an image to be whose name says nothing of that."""
_ADAPTER_USER: Final = "65532:65532"
_NOBODY: Final = "65534:65534"
_USERS: Final = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
_GROUPS: Final = "root:x:0:\nnogroup:x:65534:\n"
_SEARCHED: Final = "PATH=/usr/local/bin:/bin"
_PYTHON: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PROGRAMS: Final = PurePosixPath("usr/local/bin")
_PACKAGES: Final = PurePosixPath("usr/local/lib/site")
"""Where packages are. Not Python's own folder for them: that differs between distributions."""
_LEFT_OUT: Final = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "site-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
}
_START: Final = """\
#!/usr/local/bin/python3
import sys
from runwright.cli import main

sys.exit(main())
"""


def busybox() -> Image:
    """Return the image of the shell, its layer made if it is not in the cache."""
    forever = ["/bin/sleep", "2147483647"]
    return Image(BUSYBOX, [_shell()], {"Env": [_SEARCHED], "Cmd": forever})


def runwright() -> Image:
    """Return the image of Runwright as it is in the checkout, layers made as far as needed."""
    settings = {
        "User": _NOBODY,
        "Env": [_SEARCHED, f"LD_LIBRARY_PATH=/{LIBRARIES}", f"PYTHONPATH=/{_PACKAGES}"],
        "Entrypoint": ["/usr/local/bin/runwright"],
        "Cmd": ["--help"],
    }
    return Image(RUNWRIGHT, [_shell(), _python(), _dependencies(), _ours()], settings)


def pipeline_adapter() -> Image:
    """Return the image of the adapter as it is in the checkout, built if need be."""
    settings = {"User": _ADAPTER_USER, "Entrypoint": ["/bin/pipeline-adapter"]}
    return Image(f"{_REGISTRY}/{PIPELINE_ADAPTER}", [_adapter()], settings)


def _adapter() -> Path:
    program = binaries.pipeline_adapter()
    key = cache.digest([program])
    return cache.kept("layer-pipeline-adapter", key, partial(_write_adapter, program))


def _write_adapter(program: Path, target: Path) -> None:
    with writing(target) as layer:
        layer.copy(program, PurePosixPath("bin/pipeline-adapter"))


def _shell() -> Path:
    program = Path(shutil.which("busybox", path=search_path()) or "busybox")
    return cache.kept("layer-shell", cache.digest([program]), partial(_write_shell, program))


def _write_shell(program: Path, target: Path) -> None:
    with writing(target) as layer:
        layer.copy(program, PurePosixPath("bin/busybox"))
        layer.libraries_of([program])
        for name in run(program, "--list").split():
            layer.link(PurePosixPath("bin", name), "busybox")
        layer.text(PurePosixPath("etc/passwd"), _USERS)
        layer.text(PurePosixPath("etc/group"), _GROUPS)
        layer.folder(PurePosixPath("tmp"), 0o1777)


def _python() -> Path:
    program = Path(sys.executable).resolve()
    key = cache.digest([str(program), sys.version, *platform.libc_ver()])
    return cache.kept("layer-python", key, partial(_write_python, program))


def _write_python(program: Path, target: Path) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    files = list(_files(library))
    with writing(target) as layer:
        layer.copy(program, _PROGRAMS / _PYTHON)
        for name in ("python3", "python"):
            layer.link(_PROGRAMS / name, _PYTHON)
        for file in files:
            layer.copy(file, LIBRARIES / _PYTHON / file.relative_to(library))
        layer.libraries_of([program, *(file for file in files if file.suffix == ".so")])


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in _LEFT_OUT and not path.name.startswith("config-"):
            yield from _files(path)
        elif path.is_file():
            yield path


def _dependencies() -> Path:
    needed = _needed_by("runwright")
    names = [f"{name}=={importlib.metadata.version(name)}" for name in needed]
    key = cache.digest([sys.version, *platform.libc_ver(), *names])
    return cache.kept("layer-dependencies", key, partial(_write_dependencies, needed))


def _write_dependencies(needed: list[str], target: Path) -> None:
    files = [entry for name in needed for entry in _installed(name)]
    libraries = [file for file, _ in files if ".so" in file.suffixes]
    with writing(target) as layer:
        for file, place in files:
            layer.copy(file, place)
        layer.libraries_of(libraries)


def _needed_by(name: str) -> list[str]:
    """Return all that a distribution needs, itself not included, sorted."""
    found, waiting = {name}, [name]
    while waiting:
        for line in importlib.metadata.requires(waiting.pop()) or ():
            requirement = Requirement(line)
            is_wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if is_wanted and requirement.name not in found:
                found.add(requirement.name)
                waiting.append(requirement.name)
    return sorted(found - {name})


def _installed(name: str) -> Iterator[tuple[Path, PurePosixPath]]:
    for entry in importlib.metadata.files(name) or ():
        is_inside = ".." not in entry.parts and "__pycache__" not in entry.parts
        if is_inside and Path(str(entry.locate())).is_file():
            yield Path(str(entry.locate())), _PACKAGES / entry


def _ours() -> Path:
    settings = tomllib.loads((project() / "pyproject.toml").read_text())
    names = settings["tool"]["uv"]["build-backend"]["module-name"]
    files = [file for name in names for file in _files(project() / name)]
    key = cache.digest([_START, *(str(file) for file in files), *files])
    return cache.kept("layer-runwright", key, partial(_write_ours, files))


def _write_ours(files: list[Path], target: Path) -> None:
    with writing(target) as layer:
        layer.text(_PROGRAMS / "runwright", _START, 0o755)
        for file in files:
            layer.copy(file, _PACKAGES / file.relative_to(project()))
        for file, place in _installed("runwright"):
            if file.suffix != ".pth":
                layer.copy(file, place)
