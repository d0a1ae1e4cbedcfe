"""The state folder of local tasks: where the folders of their tries are."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from adapters.local.folder import TaskFolder
from adapters.local.names import FolderName
from runwright.errors import NotOursError, StorageUnavailableError
from runwright.models.tasks import Claim, Task, TaskKey

_DRAFTS_ARE_ABANDONED_AFTER: Final = timedelta(hours=1)


_LONGEST_VARIABLE: Final = 96 * 1024
"""Bytes of JSON; Linux takes 128 KiB, with the name."""


class TaskFolders:
    """The tries under one state folder.

    `tasks/open/<try>` for those whose end is not recorded yet, `tasks/done/<object>/<try>` for the
    others. Methods raise OSError as it comes.
    """

    def __init__(self, state: Path) -> None:
        self._tasks = state.absolute() / "tasks"
        self._open = self._tasks / "open"
        self._done = self._tasks / "done"
        self.drafts = self._tasks / "drafts"
        """Where a folder is made before it is put in its place, so that none is seen half made."""
        self.bell = self._tasks / "ended.fifo"
        """Where supervisors tell the observer which task is over."""
        self.observer_lock = self._tasks / "observer.lock"

    def prepare(self) -> None:
        """Make the folders if they do not exist, for nobody but their owner."""
        for folder in (self._tasks, self._open, self._done, self.drafts):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, key: TaskKey) -> TaskFolder | None:
        """Return the folder of this very try, running or over.

        Raises:
            NotOursError: the folder of that name is another's.
        """
        name = FolderName.of(key)
        # In this order, and the first once more: it may move from one to the other meanwhile.
        for path in (self._done_path(name), self._open / str(name), self._done_path(name)):
            with suppress(FileNotFoundError):
                if path.exists():
                    return self._checked(TaskFolder(path), key)
        return None

    def is_released(self, folder: TaskFolder) -> bool:
        """Return whether the try's end is recorded; a second folder of it counts for nothing."""
        name = FolderName.parse(folder.path.name)
        return name is not None and self._done_path(name).exists()

    def create(self, task: Task, claim: Claim) -> None:
        """Make the folder of the try, with its task and claim in it, unless there is one."""
        stored = {
            **task.model_dump(mode="json", by_alias=True),
            "timeout": task.timeout.total_seconds(),
            "grace": task.grace.total_seconds(),
        }
        given = json.dumps(task.input, ensure_ascii=False)
        if len(given.encode()) <= _LONGEST_VARIABLE:
            carried = dict.fromkeys(task.input_variables, given)
            stored["environment"] = {**task.environment, **carried}
        claimed = claim.model_dump(mode="json", by_alias=True)
        files = {"task.json": stored, "claim.json": claimed, "input.json": task.input}
        self._create(task.key, files)

    def create_barred(self, key: TaskKey) -> None:
        """Make the folder of a try that shall never start, unless there is one."""
        stored = {"key": key.model_dump(mode="json", by_alias=True)}
        self._create(key, {"task.json": stored, "supervisor.json": {"barred": True}})

    def opened(self) -> list[TaskFolder]:
        """Return the tries whose end is not recorded yet, running or over."""
        return [TaskFolder(path) for path, _ in _named(self._open)]

    def opened_as(self, name: str) -> TaskFolder | None:
        """Return the open try whose folder is called so."""
        path = self._open / name
        return TaskFolder(path) if FolderName.parse(name) and path.exists() else None

    def of_object(self, name: FolderName) -> list[tuple[FolderName, TaskFolder]]:
        """Return every other try of the same object, of whatever run, the earlier ones first."""
        found = (*_named(self._open), *_named(self._done / name.object))
        others = [
            (other, TaskFolder(path))
            for path, other in found
            if other.object == name.object and other != name
        ]
        return sorted(others, key=lambda pair: pair[0])

    def of_run(self, digest: str) -> list[TaskFolder]:
        """Return the tries of the run whose workflow id has this digest."""
        folders = (self._open, *_subfolders(self._done))
        return [
            TaskFolder(path)
            for folder in folders
            for path, name in _named(folder)
            if name.run == digest
        ]

    def release(self, folder: TaskFolder) -> None:
        """Put the try among those that are done; its working folder goes, its log stays."""
        name = FolderName.parse(folder.path.name)
        if name is None or folder.path.parent != self._open:
            return
        target = self._done_path(name)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if target.exists():
            shutil.rmtree(folder.path, ignore_errors=True)
            return
        folder.path.rename(target)
        shutil.rmtree(target / "work", ignore_errors=True)

    def _create(self, key: TaskKey, files: Mapping[str, Mapping[str, Any]]) -> None:
        self.prepare()
        draft = Path(tempfile.mkdtemp(dir=self.drafts))
        try:
            (draft / "work").mkdir(mode=0o700)
            (draft / "log").touch(mode=0o600)
            for name, content in files.items():
                _write(draft / name, json.dumps(content))
            draft.rename(self._open / str(FolderName.of(key)))
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if self.find(key) is None:
                raise

    def _done_path(self, name: FolderName) -> Path:
        return self._done / name.object / str(name)

    def _checked(self, folder: TaskFolder, key: TaskKey) -> TaskFolder:
        if folder.task().key != key:
            message = f"{folder.path} belongs to another task"
            raise NotOursError(message)
        return folder


def discard_abandoned(drafts: Path) -> None:
    """Remove what workers left that were killed while they made a folder."""
    abandoned = time.time() - _DRAFTS_ARE_ABANDONED_AFTER.total_seconds()
    for draft in _subfolders(drafts):
        if draft.stat().st_mtime < abandoned:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def storage(attempt: str, key: TaskKey) -> Generator[None]:
    """Say for a disk's refusal what was attempted, and where.

    Raises:
        StorageUnavailableError: in place of every OSError.
    """
    try:
        yield
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        message = f"{attempt} {key.namespace}/{key.name}:{where} {error.strerror or error}"
        raise StorageUnavailableError(message) from error


def _write(path: Path, content: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _named(folder: Path) -> Iterator[tuple[Path, FolderName]]:
    for path in _subfolders(folder):
        if name := FolderName.parse(path.name):
            yield path, name


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [folder / name for name in os.listdir(folder)]  # noqa: PTH208 - iterdir is slower
    except FileNotFoundError:
        return []
