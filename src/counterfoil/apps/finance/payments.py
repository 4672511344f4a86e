"""A payment between two accounts as rules, screening and graphs see it, and the way to one.

Amounts are whole numbers of the currency's minor unit, times are Unix ms of the system that took
the payment on: a sender's clock is no evidence. This module refuses floats, amounts that are none,
and fields that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.statements.parts import Reference

__all__ = [
    "AMOUNT_MAX",
    "METHODS",
    "PAYMENT_ROLE",
    "Party",
    "Payment",
    "minor_digits",
    "parse_amount",
    "parse_payment",
    "payment_digest",
    "payment_reference",
]

AMOUNT_MAX: Final = 10**15
"""Largest amount of one payment, minor units."""

PAYMENT_ROLE: Final = "payment"
"""Role of the reference by which a decision names the payment that it is about."""

METHODS: Final = ("transfer", "cash", "card", "instant", "virtual-asset")
"""How money moves, as rules name it."""

_TEXT_MAX: Final = 512
_NAME_MAX: Final = 255
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COUNTRY: Final = re.compile(r"([A-Z]{2})?")
_DECIMAL: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{0,6})?")
_WHOLE: Final = re.compile(r"[0-9]{1,16}")
_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
_LATEST_MS: Final = 253_402_300_800_000  # the year 10000, which datetime does not know


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a payment; what is not told is empty text.

    account: IBAN, card or wallet. bank: BIC or other code of the institution. country: ISO 3166-1
    alpha-2. identifier: an official one, of a person or organisation. birth: date and place.
    """

    name: str = ""
    account: str = ""
    bank: str = ""
    country: str = ""
    address: str = ""
    identifier: str = ""
    birth: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment.

    id: of the system that took it on, unique there. at_ms: when it did, Unix ms.
    amount_minor: of the currency's minor unit, 0 to 10^15. currency: ISO 4217. method: one of
    `METHODS`. purpose: what the sender says.
    """

    id: str
    at_ms: int
    amount_minor: int
    currency: str
    debtor: Party
    creditor: Party
    method: str = "transfer"
    purpose: str = ""

    def facts(self) -> dict[str, Any]:
        """Give it as plain JSON, as expressions see it and decisions record it."""
        return {
            "id": self.id,
            "at_ms": self.at_ms,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "debtor": _party_facts(self.debtor),
            "creditor": _party_facts(self.creditor),
            "method": self.method,
            "purpose": self.purpose,
        }


def payment_digest(payment_id: str) -> str:
    """Compute what a payment is found by in a log: SHA-256 of its id, 64 hexadecimal digits."""
    return sha256(f"payment\n{payment_id}".encode()).hexdigest()


def payment_reference(payment_id: str, leaf: str | None = None) -> Reference:
    """Name a payment in a decision about it. leaf: of the statement that records the payment."""
    name = payment_id[:_NAME_MAX] or None
    return Reference(leaf=leaf, digest=payment_digest(payment_id), role=PAYMENT_ROLE, name=name)


PARTY_FIELDS: Final = tuple(field.name for field in fields(Party))


def minor_digits(currency: str) -> int:
    """Tell how many digits a currency's minor unit has. Source: ISO 4217.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _DIGITS.get(currency, 2)


def parse_amount(text: str, currency: str) -> int:
    """Turn decimal text into minor units of its currency.

    Raises InputError with code payment.amount for what is no amount, or has more digits than the
    currency.

    >>> parse_amount("12.5", "EUR"), parse_amount("12", "JPY")
    (1250, 12)
    """
    digits = minor_digits(currency)
    try:
        found = Decimal(text) if _DECIMAL.fullmatch(text) else None
    except InvalidOperation:  # pragma: no cover - the pattern lets only numbers pass
        found = None
    scaled = None if found is None else found.scaleb(digits)
    if scaled is None or scaled != scaled.to_integral_value() or scaled > AMOUNT_MAX:
        raise InputError(
            "payment.amount",
            f"expected an amount in {currency} with at most {digits} decimals, found {text[:40]!a}",
            hint="Write it as 1250.00, without signs, spaces or thousands separators.",
        )
    return int(scaled)


def parse_payment(row: Mapping[str, Any]) -> Payment:
    """Read a payment from plain JSON or a row of a table.

    row: `id`, `at` (ISO 8601 with a zone, UTC where it has none) or `at_ms`; `amount` (decimal
    text) or `amount_minor`; `currency`; `method` and `purpose`, where told; `debtor` and
    `creditor`, each an object, or columns such as `debtor_name` and `creditor.account`. Raises
    InputError with code payment.field, payment.amount or payment.time.
    """
    rest = {str(name): value for name, value in row.items() if value is not None}
    debtor, creditor = _party(rest, "debtor"), _party(rest, "creditor")
    currency = _text(rest, "currency", required=True)
    if not _CURRENCY.fullmatch(currency):
        raise _unfit("a currency of three letters, such as EUR", currency)
    method = _text(rest, "method") or "transfer"
    if method not in METHODS:
        raise _unfit(f"a method of {', '.join(METHODS)}", method)
    made = Payment(
        id=_text(rest, "id", required=True),
        at_ms=_time(rest),
        amount_minor=_amount(rest, currency),
        currency=currency,
        debtor=debtor,
        creditor=creditor,
        method=method,
        purpose=_text(rest, "purpose"),
    )
    if rest:
        name = min(rest)
        raise InputError(
            "payment.field",
            f"expected the fields of a payment, found {name[:60]!a}, too",
            hint="Rename the column to what it is, or leave it out.",
        )
    return made


def _party(rest: dict[str, Any], end: str) -> Party:
    found = rest.pop(end, {})
    if isinstance(found, str):
        found = {"account": found}
    if not isinstance(found, Mapping):
        raise _unfit(f"an object as {end}", type(found).__name__)
    said = {str(name): value for name, value in found.items() if value is not None}
    for name in PARTY_FIELDS:
        for column in (f"{end}_{name}", f"{end}.{name}"):
            if column in rest:
                said[name] = rest.pop(column)
    known = {name: _text(said, name) for name in PARTY_FIELDS}
    if said:
        raise _unfit(f"a {end} of {', '.join(PARTY_FIELDS)}", min(said))
    if not _COUNTRY.fullmatch(known["country"]):
        raise _unfit("a country of two letters", known["country"])
    return Party(**known)


def _amount(rest: dict[str, Any], currency: str) -> int:
    if "amount_minor" in rest:
        value = rest.pop("amount_minor")
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= AMOUNT_MAX:
            return value
        raise InputError(
            "payment.amount",
            f"expected a whole number of minor units up to 10^15, found {str(value)[:40]!a}",
            hint="Give 1250 for 12.50 EUR, or a field amount with decimal text.",
        )
    value = rest.pop("amount", "")
    if isinstance(value, float):
        value = repr(value)
    return parse_amount(str(value), currency)


def _time(rest: dict[str, Any]) -> int:
    value = rest.pop("at_ms") if "at_ms" in rest else rest.pop("at", None)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is not None:
            zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
            value = round(zoned.timestamp() * 1000)
    elif isinstance(value, datetime):
        zoned = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        value = round(zoned.timestamp() * 1000)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST_MS:
        return value
    raise InputError(
        "payment.time",
        f"expected a time as at (ISO 8601) or at_ms (Unix ms), found {str(value)[:40]!a}",
        hint="For example 2026-11-29T10:00:00+01:00.",
    )


def _text(rest: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = rest.pop(name, "")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and len(value) <= _TEXT_MAX and (value.strip() or not required):
        return value.strip()
    raise _unfit(f"text of at most {_TEXT_MAX} characters as {name}", str(value) or "nothing")


def _party_facts(party: Party) -> dict[str, str]:
    return {name: getattr(party, name) for name in PARTY_FIELDS}


def _unfit(expected: str, found: str) -> InputError:
    return InputError(
        "payment.field",
        f"expected {expected}, found {found[:60]!a}",
        hint="docs/guides/finance-rules.md lists the fields of a payment.",
    )
