"""Numbers as Go writes them."""

import math
from decimal import Decimal
from typing import Final

_SHORTEST: Final = -1
_MANTISSA: Final = 52


def shortest(value: float) -> str:
    """Return a float64 as Go's `%v` writes it: 3, 0.5, 1e+06."""
    return formatted(value, "g", _SHORTEST)


def formatted(value: float, verb: str, precision: int) -> str:
    """Return a float64 as one of the verbs `e f g x b` writes it; -1: as few digits as needed.

    Source: Go, strconv, FormatFloat.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    if verb == "b":
        return _binary(value)
    if verb == "x":
        return _hexadecimal(value, precision)
    if precision == _SHORTEST:
        return _few_digits(value, verb)
    return f"{value:.{max(precision, 1) if verb == 'g' else precision}{verb}}"


def _few_digits(value: float, verb: str) -> str:
    digits, exponent = _decimal(value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if verb == "e" or (verb == "g" and not -4 <= exponent < 6):
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{exponent:+03d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _decimal(value: float) -> tuple[str, int]:
    """Return the digits that tell the number from its neighbours, and the first one's exponent."""
    if value == 0:
        return "0", 0
    number = Decimal(repr(abs(value)))
    digits = "".join(map(str, number.as_tuple().digits))
    return digits.lstrip("0").rstrip("0"), number.adjusted()


def _binary(value: float) -> str:
    """Return the number as a whole number times a power of two: `4503599627370496p-52`."""
    if value == 0:
        return f"{'-' if math.copysign(1, value) < 0 else ''}0p-1074"
    exponent = max(math.frexp(value)[1] - _MANTISSA - 1, -1074)
    return f"{int(math.ldexp(value, -exponent))}p{exponent:+d}"


def _hexadecimal(value: float, precision: int) -> str:
    """Return the number as `0x1.8p+01`."""
    sign = "-" if math.copysign(1, value) < 0 else ""
    mantissa, exponent = _normalised(abs(value))
    if 0 <= precision < _MANTISSA // 4:
        mantissa, exponent = _rounded(mantissa, exponent, _MANTISSA - 4 * precision)
    digits = f"{mantissa & ((1 << _MANTISSA) - 1):013x}"
    digits = (
        digits.rstrip("0") if precision == _SHORTEST else digits[:precision].ljust(precision, "0")
    )
    fraction = f".{digits}" if digits else ""
    return f"{sign}0x{mantissa >> _MANTISSA}{fraction}p{exponent:+03d}"


def _normalised(value: float) -> tuple[int, int]:
    if value == 0:
        return 0, 0
    fraction, exponent = math.frexp(value)
    return int(math.ldexp(fraction, _MANTISSA + 1)), exponent - 1


def _rounded(mantissa: int, exponent: int, bits: int) -> tuple[int, int]:
    """Return the number without its last bits; halves go to the even neighbour."""
    half, rest = 1 << (bits - 1), mantissa & ((1 << bits) - 1)
    mantissa >>= bits
    if rest > half or (rest == half and mantissa & 1):
        mantissa += 1
    mantissa <<= bits
    return (mantissa >> 1, exponent + 1) if mantissa >> (_MANTISSA + 1) else (mantissa, exponent)
