"""What is made once and kept: binaries and layers of images."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from testbed.layout import cache_folder
from testbed.locking import locked

_KEY_LENGTH = 16


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """Return the short digest of texts, and of the content of files."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part
        encoded = content.encode() if isinstance(content, str) else content
        total.update(hashlib.sha256(encoded).digest())
    return total.hexdigest()[:_KEY_LENGTH]


def kept(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """Return the file or folder of that key, made now if it is not there.

    It is made under another name, by one caller at a time, and renamed when it is whole.
    """
    folder = cache_folder()
    target = folder / f"{name}-{key}"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f"{name}.lock"):
        if not target.exists():
            draft = folder / f"{name}.draft"
            _remove(draft)
            make(draft)
            draft.replace(target)
    return target


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
