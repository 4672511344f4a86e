"""Tell whether data drifted from a reference, such as the training set.

A column fails when a difference is both significant, over all columns together (Holm), and large:
with many rows everything is significant, with few everything looks large. Numbers: two-sample
Kolmogorov-Smirnov with its exact or asymptotic p-value, and PSI over the reference's deciles.
Categories: chi-square of homogeneity, and the Jensen-Shannon distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from counterfoil.provenance.checks.extra import need
from counterfoil.provenance.checks.results import Item, Report, Tell, first_rows, nobody
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Column, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_drift", "holm", "jensen_shannon", "stability_index"]

_BINS = 10
_RARE = 5.0


def check_drift(
    table: Table,
    reference: Table,
    suite: Suite,
    progress: Tell = nobody,
) -> Report:
    """Compare each column that both tables have; a missing or retyped one fails."""
    items: list[Item] = []
    tested: list[tuple[int, float]] = []
    names = [name for name in reference.names if name not in (*suite.keys, *suite.ignore)]
    for done, name in enumerate(names, 1):
        if name not in table or table[name].kind != reference[name].kind:
            found = "is not there" if name not in table else f"is {table[name].kind} now"
            items.append(Item(name=f"schema/{name}"[:255], passed=False, found=f"{name} {found}."))
            continue
        for item, p in _compare(table[name], reference[name], suite):
            tested.append((len(items), p))
            items.append(item)
        progress(done, len(names))
    significant = holm([p for _, p in tested], suite.drift.alpha)
    for (at, p), small in zip(tested, significant, strict=True):
        item = items[at]
        large = item.value is not None and item.at_most is not None and item.value > item.at_most
        items[at] = replace(item, passed=not (small and large), found=_words(item.found, p, small))
    note = (
        "A column fails where its difference is larger than the limit and significant over all "
        f"columns (Holm, family-wise error {suite.drift.alpha:g})."
    )
    return Report("drift", tuple(items), table.rows, suite.digest, note)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Tell which tests are significant at a family-wise error rate.

    Source: Holm, Scandinavian Journal of Statistics 6, 1979.

    >>> holm([0.001, 0.04, 0.03], 0.05)
    [True, False, False]
    """
    found = [False] * len(p_values)
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[at] > alpha / (len(p_values) - rank):
            break
        found[at] = True
    return found


def stability_index(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Compute the population stability index of two sets of counts, half a row added to each bin.

    Source: Siddiqi, Credit Risk Scorecards, 2006.
    """
    new = (counts + 0.5) / (counts + 0.5).sum()
    old = (expected + 0.5) / (expected + 0.5).sum()
    return float(((new - old) * np.log(new / old)).sum())


def jensen_shannon(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Compute the Jensen-Shannon distance of two sets of counts, base 2: 0 to 1.

    Source: Endres and Schindelin, IEEE Transactions on Information Theory 49, 2003.
    """
    new, old = counts / counts.sum(), expected / expected.sum()
    middle = (new + old) / 2
    parts = [
        np.where(
            one > 0, one * np.log2(np.where(one > 0, one / np.where(middle > 0, middle, 1), 1)), 0
        ).sum()
        for one in (new, old)
    ]
    return float(np.sqrt(max(0.0, sum(parts) / 2)))


def _compare(new: Column, old: Column, suite: Suite) -> list[tuple[Item, float]]:
    found = [_missing(new, old, suite)]
    if new.missing.all() or old.missing.all():
        return found
    return [
        *found,
        *(_numbers(new, old, suite) if new.kind == "number" else _texts(new, old, suite)),
    ]


def _missing(new: Column, old: Column, suite: Suite) -> tuple[Item, float]:
    gone, before = int(new.missing.sum()), int(old.missing.sum())
    share, was = gone / len(new), before / len(old)
    p = _homogeneous(
        np.array([gone, len(new) - gone], float), np.array([before, len(old) - before], float)
    )
    return _item(
        "missing", new, abs(share - was), suite.drift.missing_at_most,
        "change of the share that is missing; chi-square", f"{was:.4f} before, {share:.4f} now.",
    ), p  # fmt: skip


def _numbers(new: Column, old: Column, suite: Suite) -> list[tuple[Item, float]]:
    a, b = new.numbers[~new.missing], old.numbers[~old.missing]
    stats = need("scipy.stats")
    gap = stats.ks_2samp(a, b, method="auto" if max(len(a), len(b)) < 1000 else "asymp")
    edges = np.unique(np.quantile(b, np.linspace(0, 1, _BINS + 1)[1:-1]))
    places = len(edges) + 1
    counts = np.bincount(np.searchsorted(edges, a, side="left"), minlength=places).astype(float)
    expected = np.bincount(np.searchsorted(edges, b, side="left"), minlength=places).astype(float)
    # Of two samples of one distribution about this much PSI is expected.
    chance = (places - 1) * (1 / len(a) + 1 / len(b))
    index = max(0.0, stability_index(counts, expected) - chance)
    words = f"Median {np.median(b):g} before, {np.median(a):g} now."
    beyond = np.flatnonzero((new.numbers < b.min()) | (new.numbers > b.max()))
    ks = _item(
        "ks", new, float(gap.statistic), suite.drift.ks_at_most,
        "two-sample Kolmogorov-Smirnov statistic", words, beyond,
    )  # fmt: skip
    psi = _item(
        "psi", new, index, suite.drift.psi_at_most,
        "PSI over the reference's deciles, less what chance gives; chi-square of the bins", "",
    )  # fmt: skip
    return [(ks, float(gap.pvalue)), (psi, _homogeneous(counts, expected))]


def _texts(new: Column, old: Column, suite: Suite) -> list[tuple[Item, float]]:
    texts = sorted({*new.labels, *old.labels})
    place = {text: at for at, text in enumerate(texts)}
    counts, expected = np.zeros(len(texts)), np.zeros(len(texts))
    for column, into in ((new, counts), (old, expected)):
        found = np.bincount(column.codes[~column.missing], minlength=len(column.labels))
        for text, count in zip(column.labels, found, strict=True):
            into[place[text]] += count
    unseen = [text for text in texts if counts[place[text]] and not expected[place[text]]]
    shift = counts / counts.sum() - expected / expected.sum()
    most = texts[int(np.abs(shift).argmax())]
    words = f"Most changed: {most[:80]}, by {shift[place[most]]:+.4f}."
    if unseen:
        words += f" Not in the reference: {', '.join(unseen)[:300]}."
    strange = np.array([*(text in set(unseen) for text in new.labels), False])
    chance = (np.count_nonzero(counts + expected) - 1) * (1 / counts.sum() + 1 / expected.sum())
    distance = jensen_shannon(counts, expected)
    corrected = float(np.sqrt(max(0.0, distance**2 - chance / (8 * np.log(2)))))
    js = _item(
        "js", new, corrected, suite.drift.js_at_most,
        "Jensen-Shannon distance, base 2, less what chance gives; chi-square of homogeneity",
        words, np.flatnonzero(strange[new.codes]),
    )  # fmt: skip
    return [(js, _homogeneous(counts, expected))]


def _homogeneous(counts: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Give the p-value of the chi-square test of homogeneity; rare categories are pooled."""
    both = np.vstack([counts, expected])
    total = both.sum()
    least = both.sum(axis=1).min() * both.sum(axis=0) / total
    rare = least < _RARE
    if rare.any():
        both = np.column_stack([both[:, ~rare], both[:, rare].sum(axis=1)])
    both = both[:, both.sum(axis=0) > 0]
    if both.shape[1] < 2 or (both.sum(axis=1) == 0).any():
        return 1.0
    return float(need("scipy.stats").chi2_contingency(both, correction=False).pvalue)


def _item(
    what: str, column: Column, value: float, limit: float, method: str, found: str,
    where: NDArray[np.int64] | None = None,
) -> Item:  # fmt: skip
    rows = np.empty(0, dtype=np.int64) if where is None else where
    return Item(
        name=f"{what}/{column.name}"[:255],
        passed=True,
        value=value,
        at_most=limit,
        rows=len(column),
        method=method,
        found=found,
        where=first_rows(rows),
        count=len(rows),
    )


def _words(found: str, p: float, small: bool) -> str:
    said = "significant" if small else "not significant"
    return f"{found} p = {p:.2g}, {said}.".lstrip()
