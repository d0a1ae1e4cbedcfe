"""Conditions in the status of an object that several write."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from runwright.rules.kubernetes.fields import Object, text


def beside_others(
    status: Mapping[str, Any], there: Sequence[Object], ours: Collection[str]
) -> dict[str, Any]:
    """Return a status whose conditions have those of others behind them, as they are there.

    A patch replaces the list as a whole. `ours` are the types that its writer answers for; where it
    says none, or nothing of conditions, the status is as it was.
    """
    written = status.get("conditions")
    if not ours or written is None:
        return dict(status)
    known = {*ours, *(text(one, "type") for one in written)}
    return {**status, "conditions": [*written, *(o for o in there if text(o, "type") not in known)]}
