"""How a status is kept to a size that an API server and its store take."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from runwright.models.bubustack import StoryRunStatus
from runwright.rules.bubustack.conditions import cut
from runwright.rules.shapes import is_object

MOST_STATUS: Final = 1024 * 1024
"""Bytes of JSON, where nothing else needs the room."""
MOST_OBJECT: Final = 1536 * 1024
"""Bytes that the store of an API server takes of one object, as long as nobody set it otherwise."""
LEAST_ROOM: Final = 64 * 1024
"""Bytes of a status that is worth an attempt, however little room is left for it."""
_REST: Final = 32 * 1024
"""Bytes of an object that are neither its inputs nor its status."""
_LONGEST_COPY: Final = 256 * 1024
"""Bytes that all annotations of an object may take."""
_SMALL: Final = 16 * 1024
"""Bytes of JSON that fit into the least room with all that is noted of them."""
_SHORT: Final = 100
"""Characters that are left of a message where there is no room for all of it."""
_NOT_OVER: Final = datetime.max.replace(tzinfo=UTC)


def fitted(status: StoryRunStatus, inputs: Mapping[str, Any]) -> StoryRunStatus:
    """Return the status in a size for which an object with those inputs has room."""
    if is_small(status):
        return status
    names = _size_of_names(status.model_dump(mode="json", exclude_none=True))
    return bounded(status, room_beside(inputs) - names)


def is_small(status: StoryRunStatus) -> bool:
    """Return whether there is no need to ask for room."""
    return size_of_status(status) <= _SMALL


def room_beside(inputs: Mapping[str, Any]) -> int:
    """Return the bytes that inputs leave for the status, and for what is noted of its fields.

    Whoever created the object with `kubectl apply` left the inputs there once more, as text in an
    annotation, in which each quotation mark takes two bytes.
    """
    taken = _escaped(json.dumps(inputs, ensure_ascii=False)) + _size_of_names(inputs)
    copied = 2 * taken if taken <= _LONGEST_COPY else 0
    return max(LEAST_ROOM, min(MOST_STATUS, MOST_OBJECT - _REST - taken - copied))


def brief(status: StoryRunStatus) -> StoryRunStatus:
    """Return the status in as few bytes as say how a run ended and what became of its steps."""
    short = _with_short_messages(status, {*status.step_states, *status.gates})
    conditions = tuple(one.model_copy(update=_shorter(one.message)) for one in short.conditions)
    short = short.model_copy(update={"conditions": conditions})
    return short if short.output is None else _without_output(short)


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
    """Return the bytes that an API server makes of it."""
    return _escaped(status.model_dump_json(exclude_none=True))


def _escaped(text: str) -> int:
    """Return the bytes of JSON as an API server writes it: `<`, `>` and `&` take six each."""
    return len(text.encode()) + 5 * sum(text.count(character) for character in "<>&")


def _size_of_names(value: Any) -> int:
    """Return the bytes in which an API server notes who wrote the fields of an object.

    All their names are in `metadata.managedFields`, but for those within lists.
    """
    if not is_object(value):
        return 0
    return len('".":{},') + sum(
        len(json.dumps(name).encode()) + len("f::{},") + _size_of_names(field)
        for name, field in value.items()
    )


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
