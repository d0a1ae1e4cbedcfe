"""Templates that were read before: reading one takes longer than evaluating it."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

MOST_CHARACTERS: Final = 256 * 1024
"""Of all texts that are remembered; what was read of them takes about a hundred times the room."""
_LARGEST: Final = MOST_CHARACTERS // 4
_Read = TypeVar("_Read")


class Cache(Generic[_Read]):
    """Remembers what was made of texts, those that were asked for last.

    It changes nothing but time: what is made of a text depends on the text alone. Several threads
    may use it.
    """

    def __init__(self, make: Callable[[str], _Read]) -> None:
        self._make = make
        self._known: OrderedDict[str, _Read] = OrderedDict()
        self._room = MOST_CHARACTERS
        self._lock = Lock()

    def get(self, text: str) -> _Read:
        """Return what is made of a text, from memory where it is there."""
        with self._lock:
            found = self._known.get(text)
            if found is not None:
                self._known.move_to_end(text)
                return found
        made = self._make(text)
        if len(text) <= _LARGEST:
            self._remember(text, made)
        return made

    def _remember(self, text: str, made: _Read) -> None:
        with self._lock:
            if text not in self._known:
                self._known[text] = made
                self._room -= len(text)
            while self._room < 0:
                forgotten, _ = self._known.popitem(last=False)
                self._room += len(forgotten)
