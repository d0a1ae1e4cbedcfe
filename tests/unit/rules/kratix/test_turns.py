"""Whose turn it is to run."""

import pytest

from runwright.models.kratix import AskTurn, FanOut, Trigger, TurnPlace, Turns
from runwright.rules.kratix import turns
from tests.unit.rules.kratix.states import at


def ask(who: str, trigger: Trigger = Trigger.CREATED, version: str = "") -> AskTurn:
    """Return one who wants a turn."""
    return AskTurn(id=who, trigger=trigger, promise_version=version)


def asked_by(*names: str) -> Turns:
    """Return turns that these asked for, in that order."""
    found = Turns()
    for name in names:
        found = turns.asked(found, ask(name))
    return found


def anybody(_ask: AskTurn) -> bool:
    """Let everybody start."""
    return True


def ids(asks: tuple[AskTurn, ...]) -> str:
    """Return who they are."""
    return "".join(one.id for one in asks)


def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    left, chosen = turns.granted(asked_by("a", "b", "c"), 2, anybody)

    assert (ids(chosen), ids(left.under_way), ids(left.waiting)) == ("ab", "ab", "c")


def test_no_more_are_given_than_there_is_room_for() -> None:
    full, _ = turns.granted(asked_by("a", "b", "c"), 2, anybody)

    assert turns.granted(full, 2, anybody) == (full, ())
    assert turns.granted(full, 1, anybody) == (full, ())
    assert ids(turns.granted(turns.without(full, "a"), 2, anybody)[1]) == "c"


def test_nobody_is_looked_at_for_whom_there_is_no_room() -> None:
    """With each of thousands that ask at once, all of them would be."""
    looked_at: list[str] = []

    def look(one: AskTurn) -> bool:
        looked_at.append(one.id)
        return True

    full, _ = turns.granted(asked_by("a", "b", "c"), 1, look)
    turns.granted(full, 1, look)

    assert looked_at == ["a"]


def test_who_may_not_start_yet_lets_those_behind_it_pass() -> None:
    left, chosen = turns.granted(asked_by("a", "b"), 1, lambda one: one.id != "a")

    assert (ids(chosen), ids(left.waiting)) == ("b", "a")


def test_who_asks_again_keeps_its_place_and_may_have_another_reason() -> None:
    again = turns.asked(asked_by("a", "b"), ask("a", Trigger.MANUAL))

    assert ids(again.waiting) == "ab"
    assert again.waiting[0].trigger is Trigger.MANUAL


def test_who_has_a_turn_and_asks_again_has_no_second_one() -> None:
    given, _ = turns.granted(asked_by("a"), 1, anybody)

    assert turns.asked(given, ask("a")) == given


def test_who_waits_no_longer_is_forgotten() -> None:
    assert ids(turns.without(asked_by("a", "b"), "a").waiting) == "b"


@pytest.mark.parametrize("trigger", Trigger)
def test_only_those_whom_a_change_set_off_follow_their_promise(trigger: Trigger) -> None:
    follows = trigger in {Trigger.CHANGED, Trigger.RUN_FROM_START}

    assert turns.follows_its_promise(ask("a", trigger)) is follows
    own = ask("a", trigger).model_copy(update={"is_own": True})
    assert not turns.follows_its_promise(own)


@pytest.mark.parametrize(
    ("theirs", "ours", "ahead"),
    [("8", "7", True), ("7", "7", False), ("6", "7", False), ("x", "7", False), ("", "7", False)],
)
def test_who_has_seen_a_later_promise_is_ahead(theirs: str, ours: str, *, ahead: bool) -> None:
    assert turns.is_ahead(ask("a", version=theirs), ours) is ahead


def test_a_place_says_for_what_one_waits() -> None:
    given, _ = turns.granted(asked_by("a", "b", "c"), 1, anybody)
    place = turns.place_of(given, "c", 1, is_held=False)

    assert place == TurnPlace(under_way=1, before=1, most=1)
    assert "1 waited before it" in turns.said_of(place)
    assert "its Promise comes first" in turns.said_of(place.model_copy(update={"is_held": True}))
    assert turns.said_of(None) == "Waits for its turn"


def test_a_fan_out_has_no_more_done_than_were_asked() -> None:
    fan_out = FanOut(since=at(0), generation=2, asked=1)

    once = turns.one_more_done(fan_out)

    assert (once.done, turns.one_more_done(once).done) == (1, 1)
