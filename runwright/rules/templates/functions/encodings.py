"""Functions that encode, decode, hash, and write JSON.

Source: Sprig, encoding, cryptographic and JSON functions.
"""

import base64
import hashlib
import zlib
from typing import Any, Final

from runwright.rules.templates.functions.digits import CorruptError, from_base32, from_base64
from runwright.rules.templates.functions.registry import Functions, Surroundings, function
from runwright.rules.templates.values.documents import read_json, write_json
from runwright.rules.templates.values.faults import ExpressionError
from runwright.rules.templates.values.text import bytes_of, text_of


def _base64(text: str) -> str:
    return base64.b64encode(bytes_of(text)).decode()


def _base32(text: str) -> str:
    return base64.b32encode(bytes_of(text)).decode()


def _adler32(text: str) -> str:
    return str(zlib.adler32(bytes_of(text)))


def _base64_decoded(text: str) -> str:
    """Return what a text decodes to; else what is wrong with it, as Sprig does."""
    try:
        return text_of(from_base64(bytes_of(text)))
    except CorruptError as error:
        return f"illegal base64 data at input byte {error.at}"


def _base32_decoded(text: str) -> str:
    try:
        return text_of(from_base32(bytes_of(text)))
    except CorruptError as error:
        return f"illegal base32 data at input byte {error.at}"


def sha256(text: str) -> str:
    """Return the digest of a text in hexadecimal digits."""
    return hashlib.sha256(bytes_of(text)).hexdigest()


def _sha1(text: str) -> str:
    return hashlib.sha1(bytes_of(text), usedforsecurity=False).hexdigest()


def _read(text: str) -> Any:
    """Return the value that a JSON text writes; null where it writes none."""
    try:
        return read_json(text)
    except ExpressionError:
        return None


def _written(surroundings: Surroundings, value: Any, **style: Any) -> str:
    text = write_json(value, **style)
    surroundings.allowance.make_room(len(text))
    return text


def _forgiving(surroundings: Surroundings, value: Any, **style: Any) -> str:
    """Return a value as JSON; the empty text where it is none."""
    try:
        return _written(surroundings, value, **style)
    except ExpressionError:
        return ""


def _json(surroundings: Surroundings, value: Any) -> str:
    return _forgiving(surroundings, value)


def _must_json(surroundings: Surroundings, value: Any) -> str:
    return _written(surroundings, value)


def _pretty(surroundings: Surroundings, value: Any) -> str:
    return _forgiving(surroundings, value, indent="  ")


def _must_pretty(surroundings: Surroundings, value: Any) -> str:
    return _written(surroundings, value, indent="  ")


def _raw(surroundings: Surroundings, value: Any) -> str:
    return _written(surroundings, value, for_html=False)


ENCODINGS: Final[Functions] = {
    "b64enc": function(_base64, "text"),
    "b64dec": function(_base64_decoded, "text", slow=True),
    "b32enc": function(_base32, "text"),
    "b32dec": function(_base32_decoded, "text", slow=True),
    "sha1sum": function(_sha1, "text"),
    "sha256sum": function(sha256, "text"),
    "adler32sum": function(_adler32, "text"),
    "fromJson": function(_read, "text", slow=True),
    "mustFromJson": function(read_json, "text", slow=True),
    "toJson": function(_json, "any", asks=True, goes_deep=True),
    "mustToJson": function(_must_json, "any", asks=True, goes_deep=True),
    "toPrettyJson": function(_pretty, "any", asks=True, goes_deep=True),
    "mustToPrettyJson": function(_must_pretty, "any", asks=True, goes_deep=True),
    "toRawJson": function(_raw, "any", asks=True, goes_deep=True),
    "mustToRawJson": function(_raw, "any", asks=True, goes_deep=True),
}
