"""One layer of an image: a tar file whose content is all that decides its bytes."""

import io
import py_compile
import sys
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from testbed.commands import run
from testbed.errors import CommandError

_FOLDER_MODE: Final = 0o755
_FILE_MODE: Final = 0o644
_PROGRAM_MODE: Final = 0o755
LIBRARIES: Final = PurePosixPath("usr/local/lib")
"""Where all shared libraries of an image are; its LD_LIBRARY_PATH names the folder."""


class Layer:
    """Writes a layer; paths are those in the image, without the first slash.

    Every file belongs to root and can be read by everybody, whoever it belongs to here.
    """

    def __init__(self, tar: tarfile.TarFile, scratch: Path) -> None:
        self._tar = tar
        self._scratch = scratch
        self._there: set[PurePosixPath] = {PurePosixPath()}

    def folder(self, path: PurePosixPath, mode: int = _FOLDER_MODE) -> None:
        """Add a folder, and those above it."""
        if path in self._there:
            return
        self.folder(path.parent)
        entry = tarfile.TarInfo(str(path))
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(entry)
        self._there.add(path)

    def text(self, path: PurePosixPath, content: str, mode: int = _FILE_MODE) -> None:
        """Add a file of that content."""
        self._bytes(path, content.encode(), mode)

    def link(self, path: PurePosixPath, target: str) -> None:
        """Add a symbolic link."""
        if not self._is_new(path):
            return
        entry = tarfile.TarInfo(str(path))
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def copy(self, source: Path, path: PurePosixPath) -> None:
        """Add a file of this machine, and if it is a Python module, what it compiles to."""
        mode = _PROGRAM_MODE if source.stat().st_mode & 0o100 else _FILE_MODE
        self._bytes(path, source.read_bytes(), mode)
        if source.suffix == ".py":
            self._compiled(source, path)

    def libraries_of(self, programs: list[Path]) -> None:
        """Add the shared libraries that programs, or other libraries, load."""
        for library in sorted(_loaded_by(programs)):
            # The loader is named by its whole path, in the programs themselves.
            is_loader = library.name.startswith("ld-")
            place = PurePosixPath(*library.parts[1:]) if is_loader else LIBRARIES / library.name
            self.copy(library, place)

    def _compiled(self, source: Path, path: PurePosixPath) -> None:
        # Without: each start of a container, which may write nowhere, compiles all it imports.
        draft = self._scratch / "module.pyc"
        try:
            py_compile.compile(
                str(source),
                cfile=str(draft),
                dfile=f"/{path}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError:
            return  # a template, or for another version: nobody imports it here
        name = f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        self._bytes(path.parent / "__pycache__" / name, draft.read_bytes(), _FILE_MODE)

    def _bytes(self, path: PurePosixPath, content: bytes, mode: int) -> None:
        if not self._is_new(path):
            return
        entry = tarfile.TarInfo(str(path))
        entry.size, entry.mode = len(content), mode
        self._tar.addfile(entry, io.BytesIO(content))

    def _is_new(self, path: PurePosixPath) -> bool:
        self.folder(path.parent)
        is_new = path not in self._there
        self._there.add(path)
        return is_new


@contextmanager
def writing(target: Path) -> Generator[Layer]:
    """Write a layer to a file."""
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(target, "w") as tar:
        yield Layer(tar, Path(scratch))


def _loaded_by(programs: list[Path]) -> set[Path]:
    found: set[Path] = set()
    try:
        lines = run("ldd", *programs).splitlines()
    except CommandError:  # linked statically
        return found
    for line in lines:
        words = [word for word in line.split() if word.startswith("/") and not word.endswith(":")]
        found.update(Path(word) for word in words)
    return found
