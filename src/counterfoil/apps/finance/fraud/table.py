"""Read a whole file of labelled payments to learn from, and choose its further columns.

This module refuses a file without a fraud or without a genuine payment: nothing can be learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.fraud.columns import Columns, choose
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.reading import number_of, payment_of, read_rows
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

__all__ = ["Table", "read_table", "require_labels"]

_KINDS: Final = 5_000  # different words of a column that is a feature
_ORDERED: Final = 0.99  # rank correlation with time of a column that counts up
_CLOCK_KINDS: Final = 50
_SEPARATES: Final = 0.995  # area under the curve of a column that gives the label away
_NAMED: Final = ("fraud", "chargeback")
_BAD_SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Table:
    """Payments of a file, oldest first, each id once.

    columns: what is what. payments: in the order of time. places: row of each, from 0. repeated:
    rows with an id that came before -> row of the first. notes: what was left out, for people.
    rows: of the file.
    """

    columns: Columns
    payments: Sequence[Payment]
    places: Sequence[int]
    notes: Sequence[str]
    rows: int
    repeated: Mapping[int, int]
    bad: Mapping[int, str]


def read_table(
    path: Path,
    given: Mapping[str, str | None] | Columns,
    *,
    ignored: Sequence[str] = (),
    unit: str = "",
    progress: Progress = no_progress,
) -> Table:
    """Read a file of payments.

    given: role -> column, where somebody told, and the rest is found; or all of it, as a model has
    it. ignored: columns that are no features. unit: of times that are numbers.
    Raises InputError with code fraud.column, fraud.row or fraud.rows, and as `open_source`.
    """
    rows = list(read_rows(path, progress))
    names = list(dict.fromkeys(name for row in rows[:1000] for name in row))
    notes: list[str] = []
    columns = _as_model(given, names) if isinstance(given, Columns) else choose(names, given)
    payments: list[Payment] = []
    places: list[int] = []
    repeated: dict[int, int] = {}
    bad: dict[int, str] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        try:
            payment = payment_of(row, columns, number, unit)
        except InputError as err:
            if not bad and number == len(rows) - 1 and not payments:
                raise
            bad[number] = err.message
            continue
        if payment.id in first:
            repeated[number] = first[payment.id]
            continue
        first[payment.id] = number
        payments.append(payment)
        places.append(number)
    _check(bad, len(rows), payments)
    if bad:
        notes.append(f"{len(bad)} rows were left out: {next(iter(bad.values()))}")
    if repeated:
        notes.append(f"{len(repeated)} rows repeat the id of an earlier one, and were left out")
    order = sorted(range(len(payments)), key=lambda at: payments[at].at_ms)
    payments = [payments[at] for at in order]
    places = [places[at] for at in order]
    if not isinstance(given, Columns):
        taken = {*columns.roles().values(), *ignored}
        columns = _further(
            rows, columns, [n for n in names if n not in taken], payments, places, notes
        )
        payments = [
            msgspec.structs.replace(
                one,
                numbers=tuple(number_of(rows[place].get(name)) for name in columns.numbers),
                words=payment_of(rows[place], columns, place, unit).words,
            )
            for one, place in zip(payments, places, strict=True)
        ]
    return Table(columns, payments, places, notes, len(rows), repeated, bad)


def require_labels(payments: Sequence[Payment]) -> None:
    """Refuse what nothing can be learned from. Raises InputError with code fraud.labels."""
    frauds = sum(one.label == 1 for one in payments)
    genuine = sum(one.label == 0 for one in payments)
    if frauds >= 2 and genuine >= 2:
        return
    raise InputError(
        "fraud.labels",
        "expected at least 2 frauds and 2 genuine payments with labels, found "
        f"{frauds} and {genuine}",
        hint="Add payments whose outcome is known; the label is 1 for fraud and 0 for genuine."
        if frauds + genuine
        else "Name the column: --label COLUMN, 1 for fraud and 0 for genuine.",
    )


def _as_model(columns: Columns, names: Sequence[str]) -> Columns:
    """Take a model's columns; those that a file to be scored may lack are left out."""
    for role, name in columns.roles().items():
        if name in names or role in ("label", "known", "id"):
            continue
        raise InputError(
            "fraud.column",
            f"expected the column {name[:80]!a} with the {role}, as in training, found none",
            hint="Name the columns as they were named in training.",
        )
    lacking = [name for name in (*columns.numbers, *columns.words) if name not in names]
    if lacking:
        raise InputError(
            "fraud.column",
            f"expected the column {lacking[0][:80]!a}, which the model learned from, found none",
            hint="Train without it: --ignore COLUMN.",
        )
    gone = {role: None for role, name in columns.roles().items() if name not in names}
    return msgspec.structs.replace(columns, **gone)


def _check(bad: Mapping[int, str], rows: int, payments: Sequence[Payment]) -> None:
    if payments and len(bad) <= max(_BAD_SHARE * rows, 1):
        return
    raise InputError(
        "fraud.rows",
        f"expected payments, found {len(bad)} of {rows} rows that are none: "
        f"{next(iter(bad.values()), 'the file has no row')}",
        hint="Name the columns: --time COLUMN --amount COLUMN.",
    )


def _further(
    rows: Sequence[Mapping[str, Any]],
    columns: Columns,
    names: Sequence[str],
    payments: Sequence[Payment],
    places: Sequence[int],
    notes: list[str],
) -> Columns:
    """Choose the further columns that are features, and say why others are not."""
    numbers: list[str] = []
    words: list[str] = []
    labels = [one.label for one in payments]
    for name in names:
        values = [rows[place].get(name) for place in places]
        present = [v for v in values if v is not None and v != ""]
        read = [number_of(value) for value in present]
        numeric = bool(present) and all(value is not None for value in read)
        kinds = len(set(map(str, present)))
        why = ""
        if any(word in name.lower() for word in _NAMED):
            why = "is named like a label"
        elif kinds < 2:
            why = "says the same in every row"
        elif numeric and _counts_up([v for v in read if v is not None]):
            why = "counts up with time"
        elif not numeric and kinds > min(_KINDS, max(len(present) // 5, 50)):
            why = "has almost as many words as rows"
        elif numeric and _separates([number_of(v) for v in values], labels):
            why = "gives the label away"
        if why:
            notes.append(f"column {name[:80]} is no feature: it {why}")
        else:
            (numbers if numeric else words).append(name)
    return msgspec.structs.replace(columns, numbers=tuple(numbers), words=tuple(words))


def _counts_up(values: Sequence[float]) -> bool:
    """Tell whether a column is a clock: it never falls, or its ranks are those of time."""
    if len(values) < 10 or values[0] == values[-1]:
        return False
    if all(b >= a for a, b in pairwise(values)):
        return True
    np: Any = need("numpy", "finance")
    _, place = np.unique(np.asarray(values), return_inverse=True)
    if place.max() < _CLOCK_KINDS:
        return False
    return bool(np.corrcoef(place, np.arange(len(values)))[0, 1] > _ORDERED)


def _separates(values: Sequence[float | None], labels: Sequence[int | None]) -> bool:
    """Tell whether a column ranks frauds above, or below, all else: too good to be known before."""
    pairs = sorted(
        (value, label)
        for value, label in zip(values, labels, strict=True)
        if value is not None and label is not None
    )
    frauds = sum(label for _, label in pairs)
    if frauds < 10 or len(pairs) - frauds < 10:
        return False
    at, above = 0, 0.0
    genuine_below = 0
    while at < len(pairs):
        end = at
        while end < len(pairs) and pairs[end][0] == pairs[at][0]:
            end += 1
        here = sum(label for _, label in pairs[at:end])
        genuine = end - at - here
        above += here * (genuine_below + genuine / 2)
        genuine_below += genuine
        at = end
    area = above / (frauds * genuine_below)
    return not 1 - _SEPARATES < area < _SEPARATES
