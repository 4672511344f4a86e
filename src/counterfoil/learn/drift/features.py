"""Which features of a table have drifted, beside the table they were learned from.

Each feature is tested for itself: numbers by Kolmogorov and Smirnov, words by chi squared. Many
tests find something by chance, so p-values are corrected for their number (Holm). How far a
feature moved is told apart from how sure that is: with many rows a test sees what matters to
nobody. This module refuses to say that a model is wrong: its inputs have moved, no more.

Sources: Holm, A simple sequentially rejective multiple test procedure, 1979; the population
stability index is credit scoring's: below 0.1 little, above 0.25 a lot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.learn.anomaly.extra import need

__all__ = ["FeatureDrift", "drifted"]

_BINS: Final = 10
_FEWEST: Final = 20
_WORDS: Final = 50  # the rest of the words count as one
_NONE: Final = "\N{EMPTY SET}"


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How one feature moved. test: ks or chi2. p: corrected for the number of features, 0 to 1.

    psi: population stability index, >= 0. missing: how much the share without a value grew.
    drifted: p is below the level, and psi at least 0.1.
    """

    name: str
    test: str
    p: float
    psi: float
    missing: float
    drifted: bool


def drifted(
    before: Mapping[str, Sequence[Any]], now: Mapping[str, Sequence[Any]], *, level: float = 0.01
) -> list[FeatureDrift]:
    """Compare columns of two tables, feature by feature, the surest drift first.

    before, now: name -> values; None and numbers that are not finite are missing. level: chance of
    naming any feature where none moved. Raises InputError with code drift.columns or drift.rows.
    """
    if before.keys() != now.keys() or not before:
        odd = sorted(before.keys() ^ now.keys())
        raise InputError(
            "drift.columns",
            f"expected the same columns in both tables, found differences: {odd[:10] or 'none'}",
            hint="Leave out columns that only one of them has.",
        )
    tested = []
    for name in before:
        old, new = _present(before[name]), _present(now[name])
        if len(old) < _FEWEST or len(new) < _FEWEST:
            raise InputError(
                "drift.rows",
                f"expected {_FEWEST} values or more of {name!a} in each table, found {len(old)} "
                f"and {len(new)}",
                hint="Compare longer stretches.",
            )
        gone = _missing(now[name], new) - _missing(before[name], old)
        tested.append((name, *_compare(old, new), gone))
    tested.sort(key=lambda one: one[2])
    found, running = [], 0.0
    for place, (name, test, p, psi, gone) in enumerate(tested):
        running = min(1.0, max(running, p * (len(tested) - place)))
        found.append(FeatureDrift(name, test, running, psi, gone, running < level and psi >= 0.1))
    return found


def _present(values: Sequence[Any]) -> list[Any]:
    return [
        value
        for value in values
        if value is not None and not (isinstance(value, float) and not isfinite(value))
    ]


def _missing(values: Sequence[Any], present: Sequence[Any]) -> float:
    return 1 - len(present) / len(values)


def _compare(old: list[Any], new: list[Any]) -> tuple[str, float, float]:
    """Give (test, p, psi) of one feature."""
    numeric = all(isinstance(value, int | float) for value in (*old, *new))
    if numeric and len(set(old)) > _BINS:
        stats = need("scipy.stats")
        p = float(stats.ks_2samp(old, new, method="asymp").pvalue)
        ranked = sorted(old)
        edges = [ranked[len(ranked) * cut // _BINS] for cut in range(1, _BINS)]
        return "ks", p, _psi(_binned(old, edges), _binned(new, edges))
    usual = {word for word, _ in Counter(map(str, old)).most_common(_WORDS)}
    words = [[word if word in usual else _NONE for word in map(str, side)] for side in (old, new)]
    kinds = sorted({*words[0], *words[1]})
    counts = [[Counter(side)[kind] for kind in kinds] for side in words]
    if len(kinds) < 2:
        return "chi2", 1.0, 0.0
    p = float(need("scipy.stats").chi2_contingency(counts).pvalue)
    return "chi2", p, _psi(*counts)


def _binned(values: list[float], edges: list[float]) -> list[int]:
    from bisect import bisect_right

    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts


def _psi(old: Sequence[int], new: Sequence[int]) -> float:
    """Sum (new - old) * log(new / old) over shares; half a row is added to each, against zeros."""
    shares = [
        [(count + 0.5) / (sum(side) + 0.5 * len(side)) for count in side] for side in (old, new)
    ]
    return float(sum((b - a) * log(b / a) for a, b in zip(*shares, strict=True)))
