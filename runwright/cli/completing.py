"""What a shell offers where a command takes a run, a Promise or a request."""

import asyncio
from datetime import timedelta
from typing import Final

from runwright.cli.session import connection
from runwright.client import ParentAddress, ParentSummary, Summary
from runwright.client.addresses import PROMISE_KIND, REQUEST_KIND
from runwright.client.objects import home_of
from runwright.errors import RunwrightError

_MOST: Final = 50
_WITHIN: Final = timedelta(seconds=2)
"""Somebody has pressed a key, and waits."""


def run_names(incomplete: str) -> list[str]:
    """Return the newest runs whose names begin so; none where nobody can be asked."""
    return _offered(incomplete, parents=False)


def target_names(incomplete: str) -> list[str]:
    """Return the newest runs, Promises and requests whose names begin so; none as above."""
    return _offered(incomplete, parents=True)


def _offered(incomplete: str, *, parents: bool) -> list[str]:
    try:
        known = asyncio.run(asyncio.wait_for(_known(parents=parents), _WITHIN.total_seconds()))
    except (RunwrightError, TimeoutError):
        return []
    return [name for name in known if name.startswith(incomplete)]


async def _known(*, parents: bool) -> list[str]:
    async with connection() as client:
        names = [_run_as_said(one) for one in await client.runs(_MOST)]
        for kind in (PROMISE_KIND, REQUEST_KIND) if parents else ():
            names += [_parent_as_said(one) for one in await client.parents(kind, _MOST)]
        return names


def _run_as_said(one: Summary) -> str:
    return one.name if one.namespace == home_of() else f"{one.namespace}/{one.name}"


def _parent_as_said(one: ParentSummary) -> str:
    if not one.namespace:
        return str(ParentAddress(one.name))
    return str(ParentAddress(one.name, one.namespace, one.promise, ""))
