"""Where a process is told to listen."""

import re

import pytest

from runwright.models.addresses import Address, address


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080)),
        (" 127.0.0.1:8080\n", Address("127.0.0.1", 8080)),
        (":8080", Address("0.0.0.0", 8080)),  # noqa: S104 - what the absent host means
        ("localhost:8080", Address("127.0.0.1", 8080)),
        ("LocalHost:8080", Address("127.0.0.1", 8080)),
        ("[::1]:65535", Address("::1", 65535)),
        ("[0:0::1]:1", Address("::1", 1)),
    ],
)
def test_an_address_is_an_interface_and_a_port(text: str, read: Address) -> None:
    assert address(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:http",
        "127.0.0.1:+80",
        "127.0.0.1:\N{ARABIC-INDIC DIGIT EIGHT}",
        "256.0.0.1:80",
        "::1:80",
        "[::1:80",
        "[1.2.3.4]:80",
        "[12]:80",
        "example.org:80",
        "http://127.0.0.1:80",
        "127.0.0.1:80/metrics",
    ],
)
def test_what_cannot_be_listened_at_is_refused(text: str) -> None:
    """Port 0 too: a free one is found by nobody."""
    with pytest.raises(ValueError, match=re.escape("as 127.0.0.1:8080, [::1]:8080, or :8080")):
        address(text)


@pytest.mark.parametrize("text", ["127.0.0.1:8080", "[::1]:8080"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(address(text)) == text
