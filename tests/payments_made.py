"""Payments and rule files for tests."""

from __future__ import annotations

from typing import Any

from counterfoil.apps.finance.payments import Payment, parse_payment

__all__ = ["NOON", "payment", "rule_file"]

NOON = 1_772_452_800_000
"""2026-03-02T12:00:00Z, Unix ms."""


def payment(number: int = 0, **fields: Any) -> Payment:
    """Make a payment; fields as of `parse_payment`."""
    row = {"id": f"p{number}", "at_ms": NOON + number * 60_000, "amount_minor": 10_000}
    return parse_payment({**row, "currency": "USD", "debtor": "A", "creditor": "B", **fields})


def rule_file(when: str = "payment.amount_minor > params.limit", more: str = "") -> bytes:
    """Write a file with one rule, with a case of either kind unless `more` changes the rule."""
    return f'''
name = "test"
version = "1"
[[rule]]
id = "large"
version = "1"
title = "Large"
outcome = "hold"
severity = "low"
reason = "It is large."
params = {{ limit = 500 }}
{more}
[rule.when]
"it is large" = """{when}"""
[[rule.case]]
name = "large"
expect = "hold"
payments = [{{ at = 2026-03-02T12:00:00Z, amount_minor = 501 }}]
[[rule.case]]
name = "small"
expect = "pass"
payments = [{{ at = 2026-03-02T12:00:00Z, amount_minor = 500 }}]
'''.encode()
