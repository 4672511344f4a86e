"""Read payments from rows: of a file, of a stream, or of a request.

Times without a zone are UTC. This module refuses a row without a time or an amount, and says which
row that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.columns import Columns
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.errors import InputError
from counterfoil.ledger.sources import open_source
from counterfoil.ports import Progress, no_progress

__all__ = [
    "UNITS",
    "label_of",
    "name_by_content",
    "number_of",
    "payment_of",
    "read_rows",
    "time_of",
]

UNITS: Final = {"s": 1000.0, "ms": 1.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
"""Unit of a number that is a time -> ms."""

_SIZES: Final = ((1e17, 1e-6), (1e14, 1e-3), (1e11, 1.0))  # ns, us, ms by their size; else seconds
_LATEST_MS: Final = 2**53 - 1
_FRAUD: Final = frozenset({"1", "true", "yes", "fraud", "1.0", "y"})
_GENUINE: Final = frozenset({"0", "false", "no", "genuine", "legit", "0.0", "n"})
_MISSING: Final = frozenset({"", "na", "nan", "null", "none"})


def read_rows(path: Path, progress: Progress = no_progress) -> Iterator[dict[str, Any]]:
    """Read the rows of a CSV, NDJSON or Parquet file, in its order. Raises as `open_source`."""
    done = 0
    for chunk in open_source(path).chunks():
        for content in chunk.contents:
            yield msgspec.json.decode(content)
        done += len(chunk.contents)
        progress(done, None, "rows read")


def payment_of(
    row: Mapping[str, Any], columns: Columns, number: int, unit: str = "", *, unnamed: str = ""
) -> Payment:
    """Make a payment of a row.

    number: of the row, from 0. unit: of times that are numbers, see `UNITS`; else by their size.
    unnamed: its id where it has none; else one of its number. Raises InputError with code
    fraud.row.
    """
    at_ms = time_of(row.get(columns.time), unit)
    if at_ms is None:
        raise _wrong(number, columns.time, "a time: a number or ISO 8601", row.get(columns.time))
    amount = number_of(row.get(columns.amount))
    if amount is None:
        raise _wrong(number, columns.amount, "a finite amount", row.get(columns.amount))
    label = None
    if columns.label is not None and (said := row.get(columns.label)) is not None:
        label = _label(said)
        if label is None and str(said).strip().lower() not in _MISSING:
            raise _wrong(number, columns.label, "1 for fraud or 0 for genuine", said)
    known = None if columns.known is None else time_of(row.get(columns.known), unit)
    named = None if columns.id is None else _text(row.get(columns.id))
    return Payment(
        named or unnamed or f"row-{number}",
        at_ms,
        amount,
        None if columns.card is None else _text(row.get(columns.card)),
        None if columns.terminal is None else _text(row.get(columns.terminal)),
        label,
        known,
        tuple(number_of(row.get(name)) for name in columns.numbers),
        tuple(_text(row.get(name)) for name in columns.words),
    )


def name_by_content(row: Mapping[str, Any]) -> str:
    """Name a payment that has no id by all that it says: another payment has another name."""
    said = msgspec.json.encode(row, order="sorted")
    return f"unnamed-{sha256(said).hexdigest()[:32]}"


def number_of(value: Any) -> float | None:
    """Read a finite number; None for what is none."""
    if value is None or isinstance(value, bool):
        return None if value is None else float(value)
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def time_of(value: Any, unit: str = "") -> int | None:
    """Read a time as Unix ms; None for what is none. unit: as of `payment_of`.

    >>> time_of("2023-11-14T23:13:20+01:00"), time_of(1_700_000_000), time_of("soon")
    (1700000000000, 1700000000000, None)
    """
    number = number_of(value)
    if number is None:
        try:
            found = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
        zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return _bounded(zoned.timestamp() * 1000)
    if unit:
        return _bounded(number * UNITS[unit])
    factor = next((factor for size, factor in _SIZES if number >= size), 1000.0)
    return _bounded(number * factor)


def _bounded(at_ms: float) -> int | None:
    return round(at_ms) if 0 <= at_ms <= _LATEST_MS else None


def _label(value: Any) -> int | None:
    text = str(value).strip().lower()
    return 1 if text in _FRAUD else 0 if text in _GENUINE else None


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of numbers that lacked one somewhere
    text = str(value).strip()
    return None if text.lower() in _MISSING else text[:200]


def _wrong(number: int, column: str, expected: str, found: Any) -> InputError:
    words = {str: "text", bool: "a truth value", int: "a number", float: "a number"}
    empty = found is None or found == ""
    kind = "nothing" if empty else f"{words.get(type(found), type(found).__name__)} that is none"
    return InputError(
        "fraud.row",
        f"row {number}: expected {expected} as {column[:80]!a}, found {kind}",
        hint="Correct the row, or name another column.",
    )


def label_of(row: Mapping[str, Any]) -> tuple[str, int] | None:
    """Read a row that tells a label of an earlier payment: its id and 0 or 1; None for no label."""
    label, name = _label(row.get("label")), _text(row.get("label_of"))
    return None if label is None or name is None else (name, label)
