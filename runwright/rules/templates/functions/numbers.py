"""Functions that calculate.

Source: Sprig, numeric functions.
"""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from runwright.rules.templates.functions.conversion import decimal, whole
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.kinds import Int, Int64, wrapped
from runwright.rules.templates.values.printing import shown

_OCTAL: Final = re.compile(r"[+-]?[0-7]+")
_DIGITS_OF_A_QUOTIENT: Final = 16
_LONGEST_NUMBER: Final = 400
_LARGEST_POWER: Final = 400
_LARGEST_EXPONENT: Final = 1024
_STEPS_OF_A_FRACTION: Final = 8


def _int64(value: int) -> Int64:
    return wrapped(value, Int64)


def _add(*values: Any) -> Int64:
    return _int64(sum(map(whole, values)))


def _subtract(one: Any, other: Any) -> Int64:
    return _int64(whole(one) - whole(other))


def _multiply(first: Any, *others: Any) -> Int64:
    product = whole(first)
    for other in others:
        product = _int64(product * whole(other))
    return _int64(product)


def _divide(one: Any, other: Any) -> Int64:
    return _int64(_quotient(whole(one), whole(other)))


def _remainder(one: Any, other: Any) -> Int64:
    dividend, divisor = whole(one), whole(other)
    return _int64(dividend - divisor * _quotient(dividend, divisor))


def _quotient(dividend: int, divisor: int) -> int:
    """Return the whole quotient, towards zero."""
    if divisor == 0:
        message = "there is no division by zero"
        raise ExpressionError(message)
    size = abs(dividend) // abs(divisor)
    return size if (dividend < 0) is (divisor < 0) else -size


def _to_int(value: Any) -> Int:
    return Int(whole(value))


def _to_int64(value: Any) -> Int64:
    return Int64(whole(value))


def _atoi(text: str) -> Int:
    readable = re.fullmatch(r"[+-]?[0-9]{1,20}", text) is not None
    value = int(text) if readable else 0
    # Go says what does not fit by an error, which is dropped, and by the limit that it is beyond.
    return Int(min(max(value, -(2**63)), 2**63 - 1))


def _to_decimal(value: Any) -> Int64:
    text = shown(value)
    is_octal = len(text) < _LONGEST_NUMBER and _OCTAL.fullmatch(text) is not None
    result = int(text, 8) if is_octal else 0
    return Int64(result if -(2**63) <= result < 2**63 else 0)


def _largest(first: Any, *others: Any) -> Int64:
    return Int64(max(map(whole, (first, *others))))


def _least(first: Any, *others: Any) -> Int64:
    return Int64(min(map(whole, (first, *others))))


def _largest_decimal(first: Any, *others: Any) -> float:
    return _chosen(max, first, *others)


def _least_decimal(first: Any, *others: Any) -> float:
    return _chosen(min, first, *others)


def _chosen(choose: Callable[[float, float], float], first: Any, *others: Any) -> float:
    """Return the chosen one; what is no number is chosen before all, and -0 comes before 0."""
    result = decimal(first)
    for other in map(decimal, others):
        if math.isnan(result) or math.isnan(other):
            infinity = choose(-math.inf, math.inf)
            result = infinity if infinity in {result, other} else math.nan
        elif result == other == 0:
            negative = choose(math.copysign(1, result), math.copysign(1, other))
            result = math.copysign(0.0, negative)
        else:
            result = choose(result, other)
    return result


def _floor(value: Any) -> float:
    return _rounded(math.floor, decimal(value))


def _ceil(value: Any) -> float:
    return _rounded(math.ceil, decimal(value))


def _rounded(direction: Callable[[float], int], value: float) -> float:
    return math.copysign(float(direction(value)), value) if math.isfinite(value) else value


def _round(value: Any, places: int, *edge: float) -> float:
    """Return a number with that many decimals; it is rounded up from `edge` on, else from .5."""
    power = _power(places)
    shifted = power * decimal(value)
    if not math.isfinite(shifted):
        return shifted / power if power else math.nan
    up = math.modf(shifted)[0] >= (edge[0] if edge else 0.5)
    result = _rounded(math.ceil if up else math.floor, shifted)
    return result / power if power else math.copysign(math.inf, result) if result else math.nan


def _power(places: int) -> float:
    """Return a power of ten as Go calculates it, which now and then is not the nearest float64.

    Source: Go, math, Pow.
    """
    if abs(places) > _LARGEST_POWER:
        return math.inf if places > 0 else 0.0
    mantissa, exponent = 1.0, 0
    square, shift = math.frexp(10.0)
    for bit in reversed(f"{abs(places):b}"):
        if bit == "1":
            mantissa, exponent = mantissa * square, exponent + shift
        square, shift = square * square, shift * 2
        if square < 0.5:
            square, shift = square * 2, shift - 1
    if places < 0:
        mantissa, exponent = 1 / mantissa, -exponent
    return math.ldexp(mantissa, exponent) if exponent <= _LARGEST_EXPONENT else math.inf


_Operation = Callable[[Fraction, Fraction], Fraction]


def _calculated(operation: _Operation, first: Any) -> Callable[..., float]:
    """Return a function that goes through its arguments with exact decimal fractions."""

    def calculate(surroundings: Surroundings, *values: Any) -> float:
        numbers = values if first is None else (first, *values)
        result = _exact(numbers[0])
        for value in numbers[1:]:
            result = operation(result, _exact(value))
            size = result.numerator.bit_length() + result.denominator.bit_length()
            surroundings.allowance.spend(_STEPS_OF_A_FRACTION + (size >> 6))
        return _nearest(result)

    return calculate


def _exact(value: Any) -> Fraction:
    number = decimal(value)
    if not math.isfinite(number):
        message = "what is not finite cannot be calculated with"
        raise ExpressionError(message)
    return Fraction(repr(number))


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _ratio(one: Fraction, other: Fraction) -> Fraction:
    """Return the quotient with 16 decimals, halves rounded away from zero."""
    if other == 0:
        message = "there is no division by zero"
        raise ExpressionError(message)
    scale = 10**_DIGITS_OF_A_QUOTIENT
    shifted = abs(one / other) * scale
    size = Fraction(
        (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator), scale
    )
    return size if (one < 0) is (other < 0) else -size


def _add_one(value: Any) -> Int64:
    return _add(value, Int(1))


def _add_one_exactly(surroundings: Surroundings, value: Any) -> float:
    return _ADD(surroundings, value, 1.0)


_ADD: Final = _calculated(lambda one, other: one + other, 0.0)
_SUBTRACT: Final = _calculated(lambda one, other: one - other, None)
_MULTIPLY: Final = _calculated(lambda one, other: one * other, None)
_DIVIDE: Final = _calculated(_ratio, None)

NUMBERS: Final[Functions] = {
    "add": function(_add, "any..."),
    "add1": function(_add_one, "any"),
    "sub": function(_subtract, "any any"),
    "mul": function(_multiply, "any any..."),
    "div": function(_divide, "any any"),
    "mod": function(_remainder, "any any"),
    "addf": function(_ADD, "any...", asks=True),
    "add1f": function(_add_one_exactly, "any", asks=True),
    "subf": function(_SUBTRACT, "any any...", asks=True),
    "mulf": function(_MULTIPLY, "any any...", asks=True),
    "divf": function(_DIVIDE, "any any...", asks=True),
    "biggest": function(_largest, "any any..."),
    "max": function(_largest, "any any..."),
    "min": function(_least, "any any..."),
    "maxf": function(_largest_decimal, "any any..."),
    "minf": function(_least_decimal, "any any..."),
    "floor": function(_floor, "any"),
    "ceil": function(_ceil, "any"),
    "round": function(_round, "any int float..."),
    "int": function(_to_int, "any"),
    "int64": function(_to_int64, "any"),
    "float64": function(decimal, "any"),
    "atoi": function(_atoi, "text"),
    "toDecimal": function(_to_decimal, "any", goes_deep=True),
}
