"""What the verbs of Go's printf make of a value."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, cast

from runwright.rules.templates.values.dates import laid_out
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.floats import formatted
from runwright.rules.templates.values.kinds import (
    Kind,
    NilList,
    Uint8,
    Uint64,
    kind_of,
    number,
)
from runwright.rules.templates.values.moments import Moment
from runwright.rules.templates.values.printing import as_text, deeper, in_order, type_name
from runwright.rules.templates.values.quoting import is_printable, quoted
from runwright.rules.templates.values.text import bytes_of

_LAST_CHARACTER: Final = 0x10FFFF
_TEXTUAL: Final = frozenset("vsxXq")
_GENERAL: Final = frozenset("vw")
"""Their flags mean something of their own."""


class Directive(NamedTuple):
    """Flags, width and precision."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    width: int | None = None
    precision: int | None = None
    as_source: bool = False
    """Whether values are written as Go's source would, for `%#v`."""


def described(directive: Directive, value: Any) -> str:
    """Return the type of a value, for `%T`."""
    name = type_name(value)
    return _padded(directive, name if value is None else name[: directive.precision])


def applied(directive: Directive, verb: str, value: Any) -> str:
    """Return what a verb makes of a value.

    Raises:
        ExpressionError: it would be the value's address.
    """
    if verb in _GENERAL:
        directive = directive._replace(as_source=directive.sharp, sharp=False, plus=False)
        if value is None and verb == "v":
            return _padded(directive, "<nil>")
    if verb == "w" and value is not None:
        return _bad(directive, verb, value)
    if verb == "p" and kind_of(value) in {Kind.SLICE, Kind.MAP, Kind.POINTER}:
        message = "%p prints an address, which is another one each time"
        raise ExpressionError(message)
    return _value(directive, verb, value, 0)


def _value(directive: Directive, verb: str, value: Any, depth: int) -> str:
    said = as_text(value) if verb in _TEXTUAL and not directive.as_source else None
    if said is not None:
        return _text(directive, verb, said)
    write = _WRITERS.get(kind_of(value))
    if write is not None:
        return write(directive, verb, value)
    match kind_of(value):
        case Kind.SLICE:
            return _list(directive, verb, value, deeper(depth))
        case Kind.MAP:
            return _mapping(directive, verb, value, deeper(depth))
        case Kind.INVALID:
            return _null(directive, verb, depth)
        case _:
            return _opaque(directive, value)


def _null(directive: Directive, verb: str, depth: int) -> str:
    if depth == 0:
        return f"%!{verb}(<nil>)"
    return "interface {}(nil)" if directive.as_source else "<nil>"


def _opaque(directive: Directive, value: Any) -> str:
    """Return a moment or a version for a verb that takes none."""
    if directive.as_source and isinstance(value, Moment):
        return laid_out(value, "time.Date(2006, time.January, 2, 15, 4, 5, 0, time.MST)")
    message = f"printf knows no such verb for {type_name(value)}"
    raise ExpressionError(message)


def _bad(directive: Directive, verb: str, value: Any) -> str:
    return f"%!{verb}({type_name(value)}={_value(directive, 'v', value, 0)})"


def _list(directive: Directive, verb: str, value: Any, depth: int) -> str:
    if directive.as_source and isinstance(value, NilList):
        return f"{type_name(value)}(nil)"
    inside = [_value(directive, verb, one, depth) for one in value]
    if directive.as_source:
        return f"{type_name(value)}{{{', '.join(inside)}}}"
    return f"[{' '.join(inside)}]"


def _mapping(directive: Directive, verb: str, value: Any, depth: int) -> str:
    pairs = [
        f"{_text(directive, verb, key)}:{_value(directive, verb, one, depth)}"
        for key, one in in_order(value)
    ]
    if directive.as_source:
        return f"{type_name(value)}{{{', '.join(pairs)}}}"
    return f"map[{' '.join(pairs)}]"


def _padded(directive: Directive, text: str, *, zeros: bool = True) -> str:
    """Return the text at its width; zeros only where they do not stand between sign and digits."""
    missing = (directive.width or 0) - len(text)
    if missing <= 0:
        return text
    if directive.minus:
        return text + " " * missing
    return ("0" if directive.zero and zeros else " ") * missing + text


def _boolean(directive: Directive, verb: str, value: Any) -> str:
    if verb not in {"t", "v"}:
        return _bad(directive, verb, value)
    return _padded(directive, "true" if value else "false")


def _text(directive: Directive, verb: str, value: Any) -> str:
    match verb:
        case "v" if directive.as_source:
            return _quoted(directive, value[: directive.precision])
        case "v" | "s":
            return _padded(directive, value[: directive.precision])
        case "q":
            return _quoted(directive, value[: directive.precision])
        case "x" | "X":
            return _bytes(directive, verb, value)
        case _:
            return _bad(directive, verb, value)


def _quoted(directive: Directive, text: str) -> str:
    if directive.sharp and _fits_backquotes(text):
        return _padded(directive, f"`{text}`")
    return _padded(directive, quoted(text, ascii_only=directive.plus))


def _fits_backquotes(text: str) -> bool:
    return not any(
        (one < " " and one != "\t") or one in "`\x7f\ufeff" or "\ud800" <= one <= "\udfff"
        for one in text
    )


def _bytes(directive: Directive, verb: str, text: str) -> str:
    content = bytes_of(text)[: directive.precision]
    prefix = f"0{verb}" if directive.sharp and content else ""
    gap = f" {prefix}" if directive.space else ""
    digits = prefix + gap.join(f"{byte:02{verb}}" for byte in content)
    return _padded(directive, digits)


def _whole(directive: Directive, verb: str, value: Any) -> str:
    match verb:
        case "c":
            return _padded(directive, _character(value))
        case "q":
            return _padded(
                directive, quoted(_character(value), ascii_only=directive.plus, quote="'")
            )
        case "U":
            return _padded(directive, _code_point(directive, int(value)), zeros=False)
        case "v" if directive.as_source and isinstance(value, Uint8 | Uint64):
            return _digits(directive._replace(sharp=True), "x", int(value))
        case "v" | "d" | "b" | "o" | "O" | "x" | "X":
            return _digits(directive, verb, int(value))
        case _:
            return _bad(directive, verb, value)


def _character(code: int) -> str:
    valid = 0 <= code <= _LAST_CHARACTER and not 0xD800 <= code < 0xE000
    return chr(code) if valid else "\ufffd"


def _code_point(directive: Directive, value: int) -> str:
    code = value % 2**64
    text = f"U+{code:0{max(directive.precision or 0, 4)}X}"
    if directive.sharp and code <= _LAST_CHARACTER and is_printable(_character(code)):
        return f"{text} '{_character(code)}'"
    return text


_BASES: Final = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


def _digits(directive: Directive, verb: str, value: int) -> str:
    if directive.precision == 0 and value == 0:
        return " " * (directive.width or 0)
    sign = "-" if value < 0 else "+" if directive.plus else " " if directive.space else ""
    least = directive.precision
    if least is None and directive.zero and not directive.minus:
        least = (directive.width or 0) - len(sign)
    digits = f"{abs(value):{_BASES[verb]}}".rjust(least or 0, "0")
    text = f"{sign}{_prefix(directive, verb, digits)}{digits}"
    return _padded(directive, text, zeros=False)


def _prefix(directive: Directive, verb: str, digits: str) -> str:
    if verb == "O":
        return "0o0" if directive.sharp and digits[0] != "0" else "0o"
    if not directive.sharp:
        return ""
    octal = "" if digits[0] == "0" else "0"
    return {"b": "0b", "o": octal, "x": "0x", "X": "0X"}.get(verb, "")


def _float(directive: Directive, verb: str, value: Any) -> str:
    if verb not in _FLOATS:
        return _bad(directive, verb, value)
    letter, precision = _FLOATS[verb]
    if directive.precision is not None:
        precision = directive.precision
    text = formatted(number(value), letter.lower(), precision)
    if text.endswith(("Inf", "NaN")):
        return _padded(directive, _signed(directive, text), zeros=False)
    if directive.sharp and letter != "b":
        text = _with_point(text, letter, precision)
    text = _signed(directive, text.upper() if letter in "EGX" else text)
    missing = (directive.width or 0) - len(text)
    if text[0] in "+- " and directive.zero and not directive.minus and missing > 0:
        return text[0] + "0" * missing + text[1:]
    return _padded(directive, text)


def _signed(directive: Directive, text: str) -> str:
    """Return the number with the sign that is asked for; infinity always has one."""
    if text.startswith("-"):
        return text
    bare = text.removeprefix("+")
    always = "+" if bare == "Inf" else ""
    return f"{'+' if directive.plus else ' ' if directive.space else always}{bare}"


def _with_point(text: str, letter: str, precision: int) -> str:
    """Return the digits with a decimal point, and with the zeros that `%#g` keeps."""
    mark = "p" if letter in "xX" else "e"
    digits, found, exponent = text.partition(mark)
    body = digits.lstrip("-")
    wanted = (6 if precision < 0 else precision) if letter in "gGx" else 0
    if "." not in digits:
        digits += "."
        wanted -= body == "0"
    significant = body.replace(".", "").lstrip("0")
    return digits + "0" * max(wanted - len(significant), 0) + found + exponent


_FLOATS: Final = {
    "v": ("g", -1),
    "g": ("g", -1),
    "G": ("G", -1),
    "b": ("b", -1),
    "x": ("x", -1),
    "X": ("X", -1),
    "f": ("f", 6),
    "F": ("f", 6),
    "e": ("e", 6),
    "E": ("E", 6),
}


def _complex(directive: Directive, verb: str, value: Any) -> str:
    if verb not in _FLOATS:
        return _bad(directive, verb, value)
    both = cast("complex", value)
    imaginary = _float(directive._replace(plus=True), verb, both.imag)
    return f"({_float(directive, verb, both.real)}{imaginary}i)"


_WRITERS: Final[Mapping[Kind, Callable[[Directive, str, Any], str]]] = {
    Kind.BOOL: _boolean,
    Kind.INT: _whole,
    Kind.UINT: _whole,
    Kind.FLOAT: _float,
    Kind.COMPLEX: _complex,
    Kind.STRING: _text,
}
