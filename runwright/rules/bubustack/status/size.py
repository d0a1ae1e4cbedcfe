"""How a status is kept to a size that an API server and its store take."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from runwright.models.bubustack import StoryRunStatus
from runwright.rules.bubustack.status.conditions import cut

MOST_STATUS: Final = 1024 * 1024
"""Bytes of JSON; an object of a cluster may take 1.5 MiB as a whole."""
_SHORT: Final = 100
"""Characters that are left of a message where there is no room for all of it."""
_NOT_OVER: Final = datetime.max.replace(tzinfo=UTC)


def bounded(status: StoryRunStatus, most: int = MOST_STATUS) -> StoryRunStatus:
    """Return the status in at most that many bytes of JSON.

    The messages of steps are shortened, those of the longest finished first. Where even that is
    not enough, the output is left out, and the message says so: the run itself has it.
    """
    excess = size_of_status(status) - most
    if excess <= 0:
        return status
    shortened: set[str] = set()
    for name in _longest_finished_first(status):
        if excess <= 0:
            break
        excess -= sum(_bytes(said) - _bytes(cut(said, _SHORT)) for said in _said(status, name))
        shortened.add(name)
    status = _with_short_messages(status, shortened)
    return status if size_of_status(status) <= most else _without_output(status)


def size_of_status(status: StoryRunStatus) -> int:
    """Return the bytes that an API server makes of it, which writes `<`, `>` and `&` in six."""
    text = status.model_dump_json(exclude_none=True)
    return len(text.encode()) + 5 * sum(text.count(character) for character in "<>&")


def _longest_finished_first(status: StoryRunStatus) -> list[str]:
    over = {name: step.finished_at for name, step in status.step_states.items()}
    names = dict.fromkeys((*status.step_states, *status.gates))
    return sorted(names, key=lambda name: over.get(name) or _NOT_OVER)


def _said(status: StoryRunStatus, name: str) -> Iterator[str]:
    """Yield all that the status says about one step."""
    if name in status.step_states:
        yield status.step_states[name].message
    if name in status.gates:
        yield status.gates[name].message
    yield from (failed["message"] for failed in _failed_steps(status) if failed["name"] == name)


def _with_short_messages(status: StoryRunStatus, names: Collection[str]) -> StoryRunStatus:
    states, gates = dict(status.step_states), dict(status.gates)
    for name in names:
        if name in states:
            states[name] = states[name].model_copy(update=_shorter(states[name].message))
        if name in gates:
            gates[name] = gates[name].model_copy(update=_shorter(gates[name].message))
    failed = [
        one | _shorter(one["message"]) if one["name"] in names else one
        for one in _failed_steps(status)
    ]
    error = {**(status.error or {}), "failedSteps": failed} if failed else status.error
    return status.model_copy(update={"step_states": states, "gates": gates, "error": error})


def _shorter(message: str) -> dict[str, str]:
    return {"message": cut(message, _SHORT)}


def _failed_steps(status: StoryRunStatus) -> list[dict[str, Any]]:
    failed: list[dict[str, Any]] = (status.error or {}).get("failedSteps", [])
    return failed


def _without_output(status: StoryRunStatus) -> StoryRunStatus:
    message = f"{cut(status.message, 1024)} The output is too large to be shown here."
    return status.model_copy(update={"output": None, "message": message.strip()})


def _bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())
