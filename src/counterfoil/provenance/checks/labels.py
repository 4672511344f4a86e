"""Take the label out of a table, as classes that checks can count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES_MAX", "Labelled", "labelled", "places_in"]

CLASSES_MAX: Final = 20
"""Most classes; a label of numbers with more is cut at its median."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows that have a label.

    features: without label, keys and ignored columns. label: (n,) places in `classes`. rows: (n,)
    their places in the whole table. cut: the median where a number was cut there.
    """

    features: Table
    label: NDArray[np.int64]
    classes: tuple[str, ...]
    rows: NDArray[np.int64]
    cut: float | None = None


def labelled(table: Table, suite: Suite) -> Labelled:
    """Split a table into features and label.

    Raises InputError with code check.label where the label is not named, has one value only, or
    too many.
    """
    if suite.label is None:
        raise InputError(
            "check.label",
            "expected the name of the label's column, found none",
            hint="Name it in the suite, or with --label.",
        )
    column = table[suite.label]
    codes, classes = column.coded()
    rows = np.flatnonzero(codes >= 0)
    cut = None
    if column.kind == "number" and len(classes) > CLASSES_MAX:
        cut = float(np.median(column.numbers[rows]))
        codes = (column.numbers > cut).astype(np.int64)
        classes = (f"up to {cut:g}", f"over {cut:g}")
    if not 2 <= len(classes) <= CLASSES_MAX:
        raise InputError(
            "check.label",
            f"expected a label of 2 to {CLASSES_MAX} classes, found {len(classes)} in "
            f"{suite.label[:80]!a}",
            hint="Name the column that is to be predicted.",
        )
    features = table.without((suite.label, *suite.keys, *suite.ignore)).take(rows)
    return Labelled(features, codes[rows], classes, rows, cut)


def places_in(classes: tuple[str, ...], other: Labelled) -> NDArray[np.int64]:
    """Give another table's labels as places in these classes; -1 for a class that is not there."""
    known = {name: place for place, name in enumerate(classes)}
    return np.array([known.get(name, -1) for name in other.classes], dtype=np.int64)[other.label]
