"""The numbers that a template may write.

Source: Go, text/template/parse, numbers; strconv.
"""

import re
from typing import Final

from runwright.rules.templates.language.tokens import Token, Word
from runwright.rules.templates.language.tree import Number
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.quoting import unquoted
from runwright.rules.wording import quoted

_WHOLE: Final = re.compile(
    r"([+-]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[oO]((?:_?[0-7])+)|0[bB]((?:_?[01])+)"
    r"|0((?:_?[0-7])+)|([0-9]|[1-9](?:_?[0-9])+))"
)
_BASES: Final = (16, 8, 2, 8, 10)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:{0}\.?(?:{0})?|\.{0})(?:[eE][+-]?{0})?".format("[0-9](?:_?[0-9])*")
)
_HEXADECIMAL: Final = re.compile(
    r"[+-]?0[xX](?:_?[0-9a-fA-F](?:_?[0-9a-fA-F])*\.?(?:[0-9a-fA-F](?:_?[0-9a-fA-F])*)?|\.[0-9a-fA-F]+)"
    r"[pP][+-]?[0-9]+"
)
_PAIR: Final = re.compile(r"(.*?[^eEpP+-])([+-].+)i", re.DOTALL)
_LONGEST: Final = 400


def read_number(token: Token) -> Number:
    """Return the number that a token writes, as every type that it can be of.

    Raises:
        ExpressionError: it writes none, or one that 64 bits do not hold.
    """
    source, at = token.source, token.at
    if len(source) > _LONGEST:
        message = f"{quoted(source)} is too long for a number"
        raise ExpressionError(message, at)
    if token.word is Word.CHARACTER:
        return _character(token)
    if token.word is Word.COMPLEX or source.endswith("i"):
        return _complex(token)
    whole = read_whole(source)
    if whole is not None and -(2**63) <= whole < 2**64:
        return Number(at, source, _signed(whole), _unsigned(whole), float(whole))
    return _decimal(token)


def _signed(value: int) -> int | None:
    return value if value < 2**63 else None


def _unsigned(value: int) -> int | None:
    return value if value >= 0 else None


def read_whole(source: str) -> int | None:
    """Return the whole number that a text writes; None: it writes none.

    Source: Go, strconv, ParseInt with the base 0.
    """
    found = _WHOLE.fullmatch(source)
    if found is None:
        return None
    sign, *digits = found.groups()
    written = next((part, base) for part, base in zip(digits, _BASES, strict=True) if part)
    value = int(written[0].replace("_", ""), written[1])
    return -value if sign == "-" else value


def _character(token: Token) -> Number:
    try:
        text = unquoted(token.source)
    except ExpressionError as fault:
        raise ExpressionError(str(fault), token.at) from None
    if len(text) != 1:
        message = f"{quoted(token.source)} is more than one character: texts take double quotes"
        raise ExpressionError(message, token.at)
    code = _code(text)
    return Number(token.at, token.source, code, code, float(code))


def _code(character: str) -> int:
    code = ord(character)
    return code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code


def _decimal(token: Token) -> Number:
    source = token.source
    value = read_float(source)
    if value is None:
        message = f"{quoted(source)} is no number that 64 bits hold"
        raise ExpressionError(message, token.at)
    if not any(mark in source for mark in ".eEpP"):
        message = f"{quoted(source)} is a whole number that 64 bits do not hold"
        raise ExpressionError(message, token.at)
    is_whole = value.is_integer() and -(2.0**63) <= value < 2.0**63
    whole = int(value) if is_whole else None
    return Number(token.at, source, whole, whole if whole and whole >= 0 else None, value)


def read_float(source: str) -> float | None:
    """Return the float64 that a text writes; None: it writes none.

    Source: Go, strconv, ParseFloat.
    """
    if _HEXADECIMAL.fullmatch(source):
        try:
            return float.fromhex(source.replace("_", ""))
        except OverflowError:
            return None
    value = float(source.replace("_", "")) if _DECIMAL.fullmatch(source) else None
    return None if value is not None and abs(value) == float("inf") else value


def _complex(token: Token) -> Number:
    source = token.source
    pair = _PAIR.fullmatch(source) if token.word is Word.COMPLEX else None
    real = read_float(pair[1]) if pair else 0.0
    imaginary = read_float(pair[2] if pair else source[:-1])
    if real is None or imaginary is None:
        message = f"{quoted(source)} is no number"
        raise ExpressionError(message, token.at)
    if imaginary:
        return Number(token.at, source, pair=complex(real, imaginary))
    whole = int(real) if real.is_integer() and abs(real) < 2.0**63 else None
    unsigned = whole if whole is not None and whole >= 0 else None
    return Number(token.at, source, whole, unsigned, real, complex(real, imaginary))
