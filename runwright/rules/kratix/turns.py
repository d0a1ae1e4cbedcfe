"""Whose turn it is: no more than so many runs of one Promise's requests are under way.

A change of a Promise asks all its requests to run. They get their turns in the order in which they
asked. Who asks because the Promise changed waits besides until the Promise's own workflow is over:
so no request runs twice for one change, and none before what it builds on.

Upstream starts them all at once, and freezes them while the Promise's workflow runs.
"""

from collections.abc import Callable
from itertools import islice
from typing import Final

from runwright.models.kratix import AskTurn, FanOut, Trigger, TurnPlace, Turns

_BY_ITS_PROMISE: Final = frozenset({Trigger.CHANGED, Trigger.RUN_FROM_START})


def asked(turns: Turns, ask: AskTurn) -> Turns:
    """Return the turns with one who wants one; to ask again changes only why."""
    if any(one.id == ask.id for one in turns.under_way):
        return turns
    if any(one.id == ask.id for one in turns.waiting):
        waiting = tuple(ask if one.id == ask.id else one for one in turns.waiting)
        return turns.model_copy(update={"waiting": waiting})
    return turns.model_copy(update={"waiting": (*turns.waiting, ask)})


def without(turns: Turns, who: str) -> Turns:
    """Return the turns without one who had one, or waited for one."""
    under_way = tuple(one for one in turns.under_way if one.id != who)
    waiting = tuple(one for one in turns.waiting if one.id != who)
    return turns.model_copy(update={"under_way": under_way, "waiting": waiting})


def has_one(turns: Turns, who: str) -> bool:
    """Return whether one has a turn, who asked for it."""
    return any(one.id == who for one in turns.under_way)


def granted(
    turns: Turns, most: int, may_start: Callable[[AskTurn], bool]
) -> tuple[Turns, tuple[AskTurn, ...]]:
    """Return the turns once those have one who may, and who these are.

    Thousands may wait: nobody is looked at for whom there is no room.
    """
    room = max(most - len(turns.under_way), 0)
    chosen = tuple(islice(filter(may_start, turns.waiting), room))
    if not chosen:
        return turns, ()
    ids = {one.id for one in chosen}
    waiting = tuple(one for one in turns.waiting if one.id not in ids)
    update = {"under_way": (*turns.under_way, *chosen), "waiting": waiting}
    return turns.model_copy(update=update), chosen


def follows_its_promise(ask: AskTurn) -> bool:
    """Return whether a request is about to run for a change of its Promise, not of its own."""
    return ask.trigger in _BY_ITS_PROMISE and not ask.is_own


def is_ahead(ask: AskTurn, version: str) -> bool:
    """Return whether a request has seen a later version of its Promise than the Promise itself."""
    theirs = ask.promise_version
    return theirs.isdecimal() and version.isdecimal() and int(theirs) > int(version)


def place_of(turns: Turns, who: str, most: int, *, is_held: bool) -> TurnPlace:
    """Return where one stands who waits."""
    ids = [one.id for one in turns.waiting]
    before = ids.index(who) if who in ids else 0
    return TurnPlace(under_way=len(turns.under_way), before=before, most=most, is_held=is_held)


def one_more_done(fan_out: FanOut) -> FanOut:
    """Return how far a fan-out is once another run of a request has ended."""
    return fan_out.model_copy(update={"done": min(fan_out.done + 1, fan_out.asked)})


def said_of(place: TurnPlace | None) -> str:
    """Return for what a request waits, as its status says it."""
    if place is None:
        return "Waits for its turn"
    if place.is_held:
        return "Waits for its turn: the workflow of its Promise comes first"
    return (
        f"Waits for its turn: {place.under_way} of this Promise's runs were under way, of "
        f"{place.most} at most, and {place.before} waited before it"
    )
