"""Metrics as Prometheus gets them."""

import re
import socket
from typing import Final

import aiohttp

from runwright.models.addresses import Address

_SAMPLE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", flags=re.MULTILINE)
_LABEL: Final = re.compile(r'(\w+)="([^"]*)"')
Scraped = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""By name and labels."""


def free_address() -> Address:
    """Return an address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
    return Address(host, port)


async def asked(url: str) -> tuple[int, str]:
    """Return status and text of what is answered at `host:port/path`."""
    async with aiohttp.ClientSession() as session, session.get(f"http://{url}") as answer:
        return answer.status, await answer.text()


async def page_of(address: Address) -> str:
    """Return what is scraped at an address."""
    status, page = await asked(f"{address}/metrics")
    assert status == 200
    return page


def read(page: str) -> Scraped:
    """Return the values of a page."""
    return {
        (name, frozenset(_LABEL.findall(labels))): float(value)
        for name, labels, value in _SAMPLE.findall(page)
    }
