"""Numbers are equal when their decimal digits are, however they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.ledger.search.numbers import decimal_of, is_number, number_key

WRITTEN = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?", fullmatch=True
)


@pytest.mark.parametrize(
    "text",
    ["", "-", "007", "+1", "1.", ".5", "1e", "0x1", "NaN", "1_0", " 1", "1\n", "٣", "1e99999"],
)
def test_what_is_no_number(text: str) -> None:
    """Only the grammar of JSON makes a number, and exponents are bounded."""
    assert not is_number(text)


@pytest.mark.parametrize(
    "same",
    [
        (57.16, "57.16", "57.160", "5716e-2", "0.5716E2"),
        (100, 1e2, "100", "1e2", "100.000"),
        (0, -0.0, "0", "-0", "0e9", "0.0"),
        (1e22, "1e22", "10000000000000000000000"),
        (1e-7, "0.0000001", "1e-7"),
        (2**53 - 1, "9007199254740991"),
    ],
)
def test_equal_numbers_have_one_key(same: tuple[int | float | str, ...]) -> None:
    """Spellings of one number share a key."""
    assert len({number_key(value) for value in same}) == 1
    assert len({decimal_of(value) for value in same}) == 1


@given(
    WRITTEN | st.integers(1 - 2**53, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    WRITTEN,
)
def test_keys_tell_numbers_apart(one: int | float | str, other: str) -> None:
    """Two numbers have the same key if, and only if, they are equal."""
    assert is_number(other)
    equal = decimal_of(one) == Decimal(other)
    assert (number_key(one) == number_key(other)) == equal
    assert number_key(one) == number_key(str(decimal_of(one)))
