"""Compare numbers by value, however they are written: 57.16, 57.160 and 5716e-2 are one.

Sources such as CSV have no numbers, only text, so text that is written like a JSON number counts
as that number, with all its digits. This module refuses to round: two numbers are equal when
their decimal digits are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["decimal_of", "is_number", "number_key"]

_EXACT: Final = 2**53
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]{0,63})(?:\.[0-9]{1,64})?(?:[eE][+-]?[0-9]{1,4})?", re.ASCII
)
_STARTS: Final = frozenset("-0123456789")


def is_number(text: str) -> bool:
    """Tell whether text is written like a number: JSON's grammar, up to 64 digits a part."""
    return text[:1] in _STARTS and _NUMBER.fullmatch(text) is not None


def decimal_of(value: int | float | str) -> Decimal:
    """Read a number exactly; a float is its shortest decimal text; text must be `is_number`."""
    return Decimal(repr(value) if isinstance(value, float) else value)


def number_key(value: int | float | str) -> str:
    """Write a number so that equal numbers, and only they, have the same text.

    value: finite; text must be `is_number`.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float_key(value)
    exact = Decimal(value)
    nearest = float(exact)
    if nearest - nearest == 0 and Decimal(repr(nearest)) == exact:  # finite
        return _float_key(nearest)
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    return f"{'-' * sign}{short}e{int(exponent) + len(text) - len(short)}"


def _float_key(value: float) -> str:
    # Integers up to here are what `str` of an int gives; beyond, JSON has only floats.
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
