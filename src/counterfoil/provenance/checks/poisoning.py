"""Look for data that was tampered with: flipped labels, planted triggers, clusters of copies.

A trigger is a value that decides the label though nothing else about its rows points there: models
that do not see the feature find these rows to be as others are. A value that is honestly telling
(a large capital gain) comes with other signs, and is no trigger. This module refuses to certify
that data is clean: an attacker who keeps within natural noise is not found.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from counterfoil.provenance.checks.extra import need
from counterfoil.provenance.checks.flips import against_reference, label_noise
from counterfoil.provenance.checks.intervals import wilson
from counterfoil.provenance.checks.labels import Labelled, labelled
from counterfoil.provenance.checks.learning import out_of_fold
from counterfoil.provenance.checks.results import Item, Report, Tell, first_rows, nobody
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_poisoning"]

_CLUSTER_MIN: Final = 5
_TRIGGER_ROWS: Final = 10
_TRIGGER_SHARE: Final = 0.2
_IMPURE: Final = 0.2
_ALIKE: Final = 0.7
_CANDIDATES: Final = 8


def check_poisoning(
    table: Table,
    suite: Suite,
    reference: Table | None = None,
    progress: Tell = nobody,
) -> Report:
    """Look for flipped labels, triggers and copies.

    reference: an earlier, trusted version of the data or a trusted set like it. progress: hears
    (steps done, of). Raises InputError with code check.label.
    """
    data = labelled(table, suite)
    progress(1, 4)
    probabilities = out_of_fold(data.features, data.label, len(data.classes), suite.seed)
    items = label_noise(data, probabilities, suite)
    progress(2, 4)
    if reference is not None:
        before = labelled(reference, suite)
        own = out_of_fold(before.features, before.label, len(before.classes), suite.seed)
        items += against_reference(data, before, own, suite)
    progress(3, 4)
    items += [_triggers(data, suite), _clusters(data, suite)]
    progress(4, 4)
    return Report("poisoning", tuple(items), len(data.rows), suite.digest, _NOTE)


_NOTE = (
    "What is found is suspect, not proven; what stays within natural noise is not found. Give a "
    "trusted earlier version as reference where there is one."
)


def _triggers(data: Labelled, suite: Suite) -> Item:
    limits, total = suite.poisoning, len(data.rows)
    found: list[tuple[str, NDArray[np.int64]]] = []
    for column, values in _candidates(data):
        rest = out_of_fold(
            data.features.without((column.name,)), data.label, len(data.classes), suite.seed
        )
        codes, labels = column.coded()
        for value, k in values:
            rows = np.flatnonzero(codes == value)
            if _stands_alone(rest[:, k], rows):
                share = float((data.label[rows] == k).mean())
                text = f"{column.name} = {labels[value][:80]}: {len(rows)} rows, {share:.0%} "
                found.append((f"{text}{data.classes[k][:80]}", rows))
    large = [rows for _, rows in found if len(rows) >= limits.trigger_from * total]
    rows = np.unique(np.concatenate(large)) if large else np.empty(0, dtype=np.int64)
    found.sort(key=lambda one: -len(one[1]))
    return Item(
        name="triggers",
        passed=len(large) <= limits.triggers_at_most,
        value=float(len(large)),
        at_most=float(limits.triggers_at_most),
        rows=total,
        method=f"number of values in at least {limits.trigger_from:.2%} of rows that nearly all "
        "have one label (binomial test, Bonferroni) while models without that feature see nothing "
        "special in them; rarer ones only inform",
        found="; ".join(text for text, _ in found)[:2000],
        where=first_rows(data.rows[rows]),
        count=len(rows),
    )


def _candidates(data: Labelled) -> list[tuple[Column, list[tuple[int, int]]]]:
    """Find values of 10 rows to a fifth of them that nearly all have one rare enough label."""
    stats, total = need("scipy.stats"), len(data.label)
    base = np.bincount(data.label, minlength=len(data.classes)) / total
    tests: list[tuple[float, Column, int, int]] = []
    count = 0
    for column in data.features.columns:
        codes, labels = column.coded()
        there = codes >= 0
        sizes = np.bincount(codes[there], minlength=len(labels))
        fit = np.flatnonzero((sizes >= _TRIGGER_ROWS) & (sizes <= _TRIGGER_SHARE * total))
        count += len(fit) * len(data.classes)
        for k in range(len(data.classes)):
            hits = np.bincount(codes[there & (data.label == k)], minlength=len(labels))
            pure = sizes - hits <= _IMPURE * (1 - base[k]) * sizes
            for value in fit[pure[fit]].tolist():
                if _neighbours_alike(column, value, labels, data.label == k):
                    continue
                p = stats.binom.sf(hits[value] - 1, sizes[value], base[k])
                tests.append((float(p), column, value, k))
    chosen: dict[str, tuple[Column, list[tuple[int, int]]]] = {}
    for p, column, value, k in sorted(tests, key=lambda test: test[0]):
        if p > 0.001 / max(1, count):
            break
        if column.name in chosen or len(chosen) < _CANDIDATES:
            chosen.setdefault(column.name, (column, []))[1].append((value, k))
    return list(chosen.values())


def _neighbours_alike(
    column: Column, value: int, labels: tuple[str, ...], mine: NDArray[np.bool_]
) -> bool:
    """Tell whether a number's neighbours mostly have the same label: then it is a trend."""
    if column.kind != "number":
        return False
    number = float(labels[value])
    size = int((column.numbers == number).sum())
    for side in (column.numbers < number, column.numbers > number):
        rows = np.flatnonzero(side)
        near = rows[np.argsort(np.abs(column.numbers[rows] - number), kind="stable")[:size]]
        if len(near) >= _TRIGGER_ROWS // 2 and mine[near].mean() >= _ALIKE:
            return True
    return False


def _stands_alone(score: NDArray[np.float64], rows: NDArray[np.int64]) -> bool:
    """Tell whether rows look to a model as all rows do, or less like the label that they have.

    They do where their mean score is not above the mean of all by a quarter of its spread.
    """
    return bool(score[rows].mean() <= score.mean() + 0.25 * score.std())


def _clusters(data: Labelled, suite: Suite) -> Item:
    keys = data.features.row_keys(data.features.names)
    counts = Counter(keys)
    # Tables of few different rows repeat themselves by nature.
    natural = len(counts) < 0.5 * len(keys)
    rows = np.array([row for row, key in enumerate(keys) if counts[key] >= _CLUSTER_MIN], dtype=int)
    low, high = wilson(len(rows), len(keys), suite.poisoning.confidence)
    return Item(
        name="clusters",
        passed=natural or len(rows) / len(keys) <= suite.poisoning.clusters_at_most,
        value=len(rows) / len(keys),
        low=low,
        high=high,
        confidence=suite.poisoning.confidence,
        rows=len(keys),
        at_most=None if natural else suite.poisoning.clusters_at_most,
        method=f"share of rows that stand there at least {_CLUSTER_MIN} times, label apart",
        found="Few different rows: copies are natural here." if natural else "",
        where=first_rows(data.rows[rows]),
        count=len(rows),
    )
