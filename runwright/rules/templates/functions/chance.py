"""Functions that draw by chance, from the source that the caller gives.

Source: Sprig, random functions. Ours: from equal sources they draw equal things, also with another
version of Python, which promises that of `Random.random` alone.
"""

import string
from typing import Final
from uuid import UUID

from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int

_ASCII: Final = "".join(map(chr, range(32, 127)))


def _drawn(surroundings: Surroundings, characters: str, count: int) -> str:
    if count < 0:
        return ""
    surroundings.allowance.make_room(count)
    surroundings.allowance.spend(count >> 2)
    return "".join(characters[drawn] for drawn in _below(surroundings, len(characters), count))


def _below(surroundings: Surroundings, end: int, count: int = 1) -> list[int]:
    draw = surroundings.random().random
    return [int(draw() * end) for _ in range(count)]


def _letters(surroundings: Surroundings, count: int) -> str:
    return _drawn(surroundings, string.ascii_letters, count)


def _letters_and_digits(surroundings: Surroundings, count: int) -> str:
    return _drawn(surroundings, string.ascii_letters + string.digits, count)


def _digits(surroundings: Surroundings, count: int) -> str:
    return _drawn(surroundings, string.digits, count)


def _ascii(surroundings: Surroundings, count: int) -> str:
    return _drawn(surroundings, _ASCII, count)


def _number(surroundings: Surroundings, least: int, end: int) -> Int:
    if end <= least:
        message = f"there is no number from {least} to below {end}"
        raise ExpressionError(message)
    [drawn] = _below(surroundings, end - least)
    return Int(least + drawn)


def _uuid(surroundings: Surroundings) -> str:
    return str(UUID(bytes=bytes(_below(surroundings, 256, 16)), version=4))


CHANCE: Final[Functions] = {
    "randAlpha": function(_letters, "int", asks=True),
    "randAlphaNum": function(_letters_and_digits, "int", asks=True),
    "randNumeric": function(_digits, "int", asks=True),
    "randAscii": function(_ascii, "int", asks=True),
    "randInt": function(_number, "int int", asks=True),
    "uuidv4": function(_uuid, asks=True),
}
