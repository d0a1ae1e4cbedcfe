"""How Go prints a JSON value."""

import math
from decimal import Decimal
from typing import Any


def printed(value: Any) -> str:
    """Return the value as it reads in the middle of a text.

    A number is printed as the float64 that JSON makes of it in Go: 3, 0.5, 1e+06.

    Raises:
        ValueError: the value is null, an object, a list or a number beyond float64; the message
            is the end of a sentence that starts with the reference.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if value is None:
        message = "is null, which no text can hold"
    elif isinstance(value, dict):
        message = "is an object, which no text can hold: make the reference the whole value"
    else:
        message = "is a list, which no text can hold: make the reference the whole value"
    raise ValueError(message)


def _number(value: float) -> str:
    try:
        number = float(value)
    except OverflowError:
        message = "is a number that is too large"
        raise ValueError(message) from None
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    return _shortest(Decimal(repr(number)))


def _shortest(number: Decimal) -> str:
    exponent = number.adjusted()
    if -4 <= exponent < 6:
        text = f"{number:f}"
        return text.rstrip("0").removesuffix(".") if "." in text else text
    sign, digits, _ = number.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    mantissa = f"{significant[0]}.{significant[1:]}".removesuffix(".")
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
