"""Where a process listens."""

import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_WRITTEN: Final = re.compile(r"(\[[\da-f:.]+\]|[\d.]+|localhost|):(\d{1,5})", re.ASCII | re.I)
_EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - only where somebody wrote no host at all
_NAMED: Final = {"": _EVERYWHERE, "localhost": "127.0.0.1"}
_PORTS: Final = range(1, 65536)
_KIND: Final = "address"
_REFUSAL: Final = (
    "is no address to listen at, as 127.0.0.1:8080, [::1]:8080, or :8080 for every interface"
)


class Address(NamedTuple):
    """An IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Return the address that is written `host:port`.

    Without a host it is that of every IPv4 interface; `localhost` is 127.0.0.1. Other names are
    none: a name may stand for several addresses, and one of them is listened at.

    Raises:
        ValueError: it is none.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is not None and int(written[2]) in _PORTS:
        with suppress(ValueError):
            return Address(_interface(written[1].lower()), int(written[2]))
    raise ValueError(_REFUSAL)


def _interface(host: str) -> str:
    if host.startswith("["):
        return str(IPv6Address(host[1:-1]))
    return str(IPv4Address(_NAMED.get(host, host)))


def _read(value: object) -> object:
    """Return the address that a text says; None of an empty one."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return address(value)
    except ValueError as error:
        raise PydanticCustomError(_KIND, _REFUSAL) from error


OptionalAddress = Annotated[Address | None, BeforeValidator(_read)]
"""An address as an operator writes it; empty is none."""
