"""How much of a node a step's container asks for, and how much it may use."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from runwright.models.bubustack import TemplateResourcePolicy
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.kubernetes.quantities import parse_quantity

_DEFAULTS: Final = {
    "cpu_request": "100m",
    "cpu_limit": "500m",
    "memory_request": "128Mi",
    "memory_limit": "512Mi",
}
"""Source: BubuStack, defaults."""
_KINDS: Final = ("cpu", "memory")


class _Said(NamedTuple):
    amount: str
    distance: int
    """How far from the step it was said; 0 is nearest."""


def resources_of(work: Work) -> dict[str, dict[str, str]]:
    """Return requests and limits, each as the nearest says that says something.

    Where a request is above a limit that somebody else set, or only the defaults did, the nearer
    of the two holds for both: an API server takes no such pair.

    Source: BubuStack, ExecutionPolicy and template resources.
    """
    pairs = {kind: _pair(work, kind) for kind in _KINDS}
    return {
        "requests": {kind: request.amount for kind, (request, _) in pairs.items()},
        "limits": {kind: limit.amount for kind, (_, limit) in pairs.items()},
    }


def wrong_resources(work: Work) -> Iterator[str]:
    """Yield what is no amount, and what its own author set below its request."""
    unreadable = False
    for name in _DEFAULTS:
        amount = _said(work, name).amount
        if not _is_amount(amount):
            unreadable = True
            yield f'{name.replace("_", " ")} "{amount}" is no quantity such as "100m" or "128Mi"'
    for kind in _KINDS if not unreadable else ():
        request, limit = _said(work, f"{kind}_request"), _said(work, f"{kind}_limit")
        if request.distance == limit.distance and _is_above(request, limit):
            yield f"the {kind} request {request.amount} is above the limit {limit.amount}"


def _pair(work: Work, kind: str) -> tuple[_Said, _Said]:
    request, limit = _said(work, f"{kind}_request"), _said(work, f"{kind}_limit")
    least = getattr(_recommended(work), f"min_{kind}_request")
    if least is not None and _is_above(minimum := _Said(least, 0), request):
        request = minimum
    if not _is_above(request, limit):
        return request, limit
    nearer = request if request.distance <= limit.distance else limit
    return nearer, nearer


def _said(work: Work, name: str) -> _Said:
    given = [getattr(one.resources, name) for one in work.policies if one.resources]
    given += [getattr(_recommended(work), f"recommended_{name}"), _DEFAULTS[name]]
    return next(_Said(amount, at) for at, amount in enumerate(given) if amount is not None)


def _recommended(work: Work) -> TemplateResourcePolicy:
    return work.advice.resources or TemplateResourcePolicy()


def _is_above(request: _Said, limit: _Said) -> bool:
    """Return whether the one is more than the other; what cannot be read is not compared."""
    readable = _is_amount(request.amount) and _is_amount(limit.amount)
    return readable and parse_quantity(request.amount) > parse_quantity(limit.amount)


def _is_amount(text: str) -> bool:
    try:
        return parse_quantity(text) >= 0
    except ValueError:
        return False
