"""Payments are read exactly, or refused with what is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.apps.finance.payments import (
    AMOUNT_MAX,
    minor_digits,
    parse_amount,
    parse_payment,
)
from counterfoil.errors import InputError
from tests.payments_made import NOON, payment


@given(minor=st.integers(0, AMOUNT_MAX), currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_amounts_are_exact(minor: int, currency: str) -> None:
    """Decimal text of any amount in any currency gives its minor units, to the last one."""
    text = format(Decimal(minor).scaleb(-minor_digits(currency)), "f")
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["", "-1", "1e3", "1,000", "0.001", "NaN", "9" * 30, " 1", "1_0", "\u0661"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Signs, exponents, separators, too many decimals and other digits are no amounts."""
    with pytest.raises(InputError) as caught:
        parse_amount(text, "EUR")
    assert caught.value.code == "payment.amount"


def test_a_row_of_a_table_is_a_payment() -> None:
    """Flat columns, dotted columns and objects give the same payment."""
    base: dict[str, Any] = {"id": 1, "at": "2026-03-02T13:00:00+01:00", "currency": "EUR"}
    flat = {**base, "amount": "12.5", "debtor_name": "Ann", "creditor_account": "7"}
    dotted = {**base, "amount_minor": "1250", "debtor.name": "Ann", "creditor.account": 7}
    nested = {**base, "amount": 12.5, "debtor": {"name": "Ann"}, "creditor": "7"}
    one, two, three = map(parse_payment, (flat, dotted, nested))
    assert one == two == three
    assert (one.at_ms, one.amount_minor, one.id) == (NOON, 1250, "1")
    assert parse_payment(one.facts()) == one


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"currency": "usd"}, "payment.field"),
        ({"method": "barter"}, "payment.field"),
        ({"debtor": 5}, "payment.field"),
        ({"debtor": {"nme": "Ann"}}, "payment.field"),
        ({"debtor": {"country": "GER"}}, "payment.field"),
        ({"colour": "red"}, "payment.field"),
        ({"id": ""}, "payment.field"),
        ({"id": True}, "payment.field"),
        ({"purpose": "x" * 513}, "payment.field"),
        ({"amount_minor": -1}, "payment.amount"),
        ({"amount_minor": True}, "payment.amount"),
        ({"at_ms": 10**15}, "payment.time"),
        ({"at_ms": None, "at": "yesterday"}, "payment.time"),
    ],
)
def test_what_is_no_payment_is_refused(fields: dict[str, Any], code: str) -> None:
    """A field that is wrong or unknown is named, never skipped."""
    with pytest.raises(InputError) as caught:
        payment(**fields)
    assert caught.value.code == code
