"""Whether the pipelines of a Promise can be run."""

from collections.abc import Iterable, Iterator
from typing import Final

from runwright.errors import Problem
from runwright.models.kratix import LONGEST_ID, WorkflowAction
from runwright.models.kratix.keys import TIMEOUT
from runwright.rules.annotations import unknown_annotations
from runwright.rules.kratix.approvals import APPROVAL, policy_problems
from runwright.rules.kratix.intervals import limit_of
from runwright.rules.kratix.pipelines import WORKFLOWS, Placed
from runwright.rules.kubernetes.fields import field, text
from runwright.rules.kubernetes.labels import label_problems
from runwright.rules.shapes import is_object
from runwright.rules.wording import child, quoted

_OURS: Final = frozenset({APPROVAL, TIMEOUT})
"""The annotations of a pipeline that we read."""


def repeated_names(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield the pipelines whose name another one of their workflow has before them.

    Source: Kratix, Promise webhook.
    """
    first: dict[tuple[str, str, str], str] = {}
    for placed in pipelines:
        name = _name(placed)
        before = first.setdefault((placed.type, placed.action, name), placed.path)
        if name and before != placed.path:
            yield Problem(f"{placed.path}.metadata.name", f"{quoted(name)} is {before} already")


def long_ids(pipelines: Iterable[Placed], promise: str) -> Iterator[Problem]:
    """Yield the pipelines whose objects would have too long a name.

    Source: Kratix, Promise webhook.
    """
    for placed in pipelines:
        size = len("-".join((promise, placed.type, placed.action, _name(placed))))
        if size > LONGEST_ID:
            message = (
                f"PROMISE-{placed.type}-{placed.action}-PIPELINE must have at most {LONGEST_ID}"
                f" characters, has {size}"
            )
            yield Problem(f"{placed.path}.metadata.name", message)


def impossible_labels(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield the labels that neither a Job nor a pod can have.

    Source: Kratix, Promise webhook.
    """
    for placed in pipelines:
        labels = field(placed.manifest, "metadata", "labels")
        if is_object(labels):
            readable = {key: value for key, value in labels.items() if isinstance(value, str)}
            yield from label_problems(readable, f"{placed.path}.metadata.labels")


def impossible_limits(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield the limits that are none: such a pipeline would fail before it starts.

    The annotation is ours.
    """
    for placed in pipelines:
        written = field(placed.manifest, "metadata", "annotations", TIMEOUT)
        if isinstance(written, str):
            try:
                limit_of(written)
            except ValueError as error:
                path = child(f"{placed.path}.metadata.annotations", TIMEOUT)
                yield Problem(path, str(error))


def impossible_approvals(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield what is wrong with the policies of who may let a pipeline go on.

    Each request would be held by it, and its author would not hear of that. The annotation is ours.
    """
    for placed in pipelines:
        written = field(placed.manifest, "metadata", "annotations", APPROVAL)
        if isinstance(written, str):
            path = child(f"{placed.path}.metadata.annotations", APPROVAL)
            yield from policy_problems(written, path)


def misspelt_annotations(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield the annotations that look like ours and are none.

    Who misspells that of the policy would let anybody decide.
    """
    for placed in pipelines:
        names = field(placed.manifest, "metadata", "annotations")
        if is_object(names):
            path = f"{placed.path}.metadata.annotations"
            yield from unknown_annotations(names, _OURS, path)


def idle_pipelines(pipelines: Iterable[Placed]) -> Iterator[Problem]:
    """Yield the pipelines that are never run: of a delete workflow all but the first.

    Source: Kratix, delete workflows.
    """
    found = tuple(pipelines)
    for type_, action in WORKFLOWS:
        own = [one for one in found if (one.type, one.action) == (type_, action)]
        for placed in own[1:] if action is WorkflowAction.DELETE else ():
            yield Problem(placed.path, "is never run: a delete workflow has one pipeline")


def _name(placed: Placed) -> str:
    return text(placed.manifest, "metadata", "name")
