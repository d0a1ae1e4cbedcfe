"""Amounts as Kubernetes writes them."""

from decimal import Decimal

import pytest

from runwright.rules.kubernetes.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", "1"),
        ("0", "0"),
        ("100m", "0.1"),
        ("0.5", "0.5"),
        (".5", "0.5"),
        ("2.", "2"),
        ("128Mi", "134217728"),
        ("1Gi", "1073741824"),
        ("1k", "1000"),
        ("1E", "1e18"),
        ("1e3", "1000"),
        ("1E-3", "0.001"),
        ("5u", "0.000005"),
        ("-1", "-1"),
    ],
)
def test_a_quantity_is_the_amount_that_it_stands_for(text: str, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "m", "lots", "1 Gi", "1gi", "1K", "1mm", "1e", "1e3m", "0x10", "1,5", "NaN", "1e9999"],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as"):
        parse_quantity(text)
