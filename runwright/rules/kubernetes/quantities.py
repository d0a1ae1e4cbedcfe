"""Amounts as Kubernetes writes them: `100m`, `128Mi`, `1e3`."""

import re
from decimal import Decimal
from typing import Final

_WHOLE: Final = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))([A-Za-z]*|[eE][+-]?[0-9]{1,3})")
_FACTORS: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}


def parse_quantity(text: str) -> Decimal:
    """Return the amount that a text stands for.

    Raises:
        ValueError: it stands for none.
    """
    match = _WHOLE.fullmatch(text)
    if match is not None:
        number, unit = match.groups()
        if unit in _FACTORS:
            return Decimal(number) * _FACTORS[unit]
        if unit[1:].lstrip("+-").isdecimal():
            return Decimal(f"{number}{unit}")
    message = f'"{text}" is not a quantity such as "100m" or "128Mi"'
    raise ValueError(message)
