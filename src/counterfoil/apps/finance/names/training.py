"""Read labelled pairs of names, and learn a matcher's weights from them.

Pairs that people labelled teach what reviewers call a match; made pairs beside them, of a smaller
weight, keep features alive that few labelled pairs show. Names themselves are no features: what is
learned is how much a difference says. This module refuses pairs without names or labels.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TextIO

import numpy as np

from counterfoil.apps.finance.names.features import NAMES, compare
from counterfoil.apps.finance.names.fitting import fit
from counterfoil.apps.finance.names.made import make_pairs
from counterfoil.apps.finance.names.matcher import Matcher, kinds_of
from counterfoil.apps.finance.names.parsing import Kind, parse
from counterfoil.errors import InputError

__all__ = ["MADE", "MADE_WEIGHT", "LabelledPair", "group_pairs", "learn", "read_labelled", "table"]

MADE: Final = 4000
"""Pairs that are made beside the labelled ones."""

MADE_WEIGHT: Final = 100.0
"""What all made pairs weigh together, in labelled pairs."""

_TRUE: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two names, what bears them, and whether people call them a match."""

    one: str
    other: str
    schema: str
    same: bool


def read_labelled(stream: TextIO) -> list[LabelledPair]:
    """Read a CSV file with columns name1, name2, schema, is_match; others are passed over.

    Raises InputError with code names.columns or names.label.
    """
    rows = csv.DictReader(stream)
    missing = {"name1", "name2", "schema", "is_match"} - set(rows.fieldnames or ())
    if missing:
        raise InputError(
            "names.columns",
            f"expected the columns name1, name2, schema and is_match, found no {min(missing)}",
            hint="Name them in the first line.",
        )
    found = []
    for number, row in enumerate(rows, 1):
        label = _TRUE.get((row["is_match"] or "").strip().casefold())
        if label is None:
            raise InputError(
                "names.label",
                f"expected true or false as is_match in row {number}, found "
                f"{(row['is_match'] or '')[:40]!a}",
                hint="Write true or false.",
            )
        found.append(LabelledPair(row["name1"] or "", row["name2"] or "", row["schema"], label))
    return found


def table(pairs: Iterable[tuple[str, str, Kind]]) -> Any:
    """Compare pairs of names; (n, d) float64, columns as `features.NAMES`.

    A pair with a name that has no words is a row of zeros.
    """
    rows = []
    for one, other, kind in pairs:
        mine, its = parse(one, kind), parse(other, kind)
        empty = not mine.parts or not its.parts
        rows.append((0.0,) * len(NAMES) if empty else compare(mine, its).values)
    return np.array(rows, float).reshape(len(rows), len(NAMES))


def learn(
    pairs: Sequence[LabelledPair],
    names: Sequence[tuple[str, Kind]] = (),
    *,
    seed: int = 1,
    trained: dict[str, Any] | None = None,
) -> Matcher:
    """Learn weights. names: that pairs are made of; none are made without. seed: of those.

    trained: kept with the weights, for people. Raises InputError with code names.labels.
    """
    values = table((pair.one, pair.other, kinds_of(pair.schema)[0]) for pair in pairs)
    labels = np.array([pair.same for pair in pairs], bool)
    weights = np.ones(len(pairs))
    if names:
        made = make_pairs(names, Random(seed), MADE)  # noqa: S311
        values = np.vstack([values, table((one.one, one.other, one.kind) for one in made)])
        labels = np.append(labels, [one.same for one in made])
        weights = np.append(weights, np.full(len(made), MADE_WEIGHT / len(made)))
    found = fit(values, labels, weights)
    rounded = [round(float(one), 4) for one in found]
    return Matcher(dict(zip(NAMES, rounded[:-1], strict=True)), rounded[-1], trained or {})


def group_pairs(pairs: Sequence[LabelledPair]) -> Any:
    """Give a number to each group of pairs that share a name, directly or by others; (n,) int.

    A fold of a cross-validation that keeps groups whole has no name of another fold.
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for pair in pairs:
        above[top(pair.one.casefold())] = top(pair.other.casefold())
    tops = [top(pair.other.casefold()) for pair in pairs]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(tops))}
    return np.array([numbers[name] for name in tops])
