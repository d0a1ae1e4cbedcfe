"""The names of task folders: which try of which step, readable and free of collisions."""

import hashlib
import json
import re
from typing import Final, NamedTuple, Self

from runwright.models.tasks import TaskKey

_OTHER: Final = re.compile(r"[^a-z0-9]+")
_PARTS: Final = re.compile(r"([a-z0-9-]+)\.([0-9a-f]{16})\.([0-9a-f]{16})\.([1-9]\d*)\.([1-9]\d*)")
_LONGEST_PREFIX: Final = 80


class FolderName(NamedTuple):
    """The name of one try's folder, `<object>.<run>.<execution>.<activation>.<try>`."""

    object: str
    """Namespace and name of the task's object, readable as far as possible, and their digest."""
    run: str
    """The digest of the workflow's id."""
    execution: str
    """The digest of the execution: a workflow id may be started anew, in the same activation."""
    activation: int
    try_number: int

    @classmethod
    def of(cls, key: TaskKey) -> Self:
        """Return the name for the key: always the same one, and no other key's."""
        names = f"{key.namespace}-{key.name}"
        prefix = _OTHER.sub("-", names.lower()).strip("-")[:_LONGEST_PREFIX].rstrip("-")
        return cls(
            f"{prefix or 'task'}-{_digest(key.namespace, key.name)}",
            run_digest(key.workflow_id),
            _digest(key.execution),
            key.activation,
            key.try_number,
        )

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the name that is written so; None if it is not one of ours."""
        match = _PARTS.fullmatch(text)
        return match and cls(match[1], match[2], match[3], int(match[4]), int(match[5]))

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @property
    def order(self) -> tuple[int, int]:
        """The position among the tries of one object and execution: later tries are greater."""
        return self.activation, self.try_number


def run_digest(workflow_id: str) -> str:
    """Return how the workflow appears in the names of its folders."""
    return _digest(workflow_id)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
