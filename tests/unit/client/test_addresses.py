"""What people call Promises and the requests for them."""

import pytest

from runwright.client import ParentAddress, parent_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("promise/database", ParentAddress("database")),
        ("Promise/database", ParentAddress("database")),
        ("request/database/orders", ParentAddress("orders", "home", "database", "")),
        ("request/database/shop/orders", ParentAddress("orders", "shop", "database", "")),
        ("Database/orders", ParentAddress("orders", "home", "", "Database")),
        ("Database/shop/orders", ParentAddress("orders", "shop", "", "Database")),
    ],
)
def test_a_promise_or_a_request_is_meant(text: str, address: ParentAddress) -> None:
    assert parent_address(text, "home") == address


@pytest.mark.parametrize(
    "text",
    ["web-1", "shop/web-1", "request/web-1", "promise/", "a/b/c", "request//orders", "Database/"],
)
def test_anything_else_is_a_run_or_nothing(text: str) -> None:
    """No namespace begins with a capital letter."""
    assert parent_address(text, "home") is None


@pytest.mark.parametrize(
    "text",
    ["promise/database", "request/database/shop/orders", "Database/shop/orders"],
)
def test_an_address_is_shown_as_a_command_takes_it(text: str) -> None:
    assert str(parent_address(text, "home")) == text
