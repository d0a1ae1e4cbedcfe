"""How the objects of pipelines are called.

Upstream ends the names of Jobs and Works in random digits. Here a digest stands in their place, so
that whoever makes an object a second time finds the first.

Source: Kratix, object names.
"""

import hashlib
from typing import Final

from runwright.models.kratix import Parent, PipelineRun, WorkflowType

_LONGEST: Final = 57
_DIGITS: Final = 5


def pipeline_id(run: PipelineRun) -> str:
    """Return what the ServiceAccount of a pipeline is called, and its roles."""
    parent = run.parent
    return f"{parent.promise}-{parent.type}-{run.action}-{run.pipeline.name}"


def job_name(run: PipelineRun) -> str:
    """Return the name of the Job of one attempt at a pipeline."""
    parts = ("kratix", *_of_parent(run.parent), run.pipeline.name)
    return _ending(parts, run.parent.namespace, run.parent.uid, run.action, run.number)


def work_name(run: PipelineRun) -> str:
    """Return the name of the Work of a pipeline, which all its runs share."""
    parts = (*_of_parent(run.parent), run.pipeline.name)
    return _ending(parts, run.parent.namespace, run.parent.type, run.action)


def short_digest(text: str) -> str:
    """Return the five digits by which names are told apart that were too long, or too many."""
    return md5(text)[:_DIGITS]


def md5(text: str) -> str:
    """Return the digest of a text in hexadecimal digits."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _of_parent(parent: Parent) -> tuple[str, ...]:
    if parent.type is WorkflowType.PROMISE:
        return (parent.promise,)
    apart = (parent.namespace,) if parent.is_apart else ()
    return (parent.promise, parent.name, *apart)


def _ending(parts: tuple[str, ...], *identity: str) -> str:
    """Return the parts as one name, cut if need be, with a digest of them and of the identity."""
    name = "-".join(parts)
    cut = name if len(name) <= _LONGEST else name[: _LONGEST - 1]
    while cut and not cut[-1].isalnum():
        cut = cut[:-1]
    return f"{cut}-{short_digest('/'.join((*parts, *identity)))}"
