"""Compare what a classifier does to groups of people.

Figures are those of fairlearn (tests hold them equal to 1e-9). Gaps are between the extreme
groups; their interval, Newcombe's, is of these two and does not account for having chosen them, so
with many groups it is too narrow. A figure within its limit says nothing about whether using a
model is lawful or right. This module refuses to choose limits: the suite does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.checks.groups import RATES, Group, count_groups
from counterfoil.provenance.checks.intervals import difference_interval, ratio_interval
from counterfoil.provenance.checks.results import Item, Report
from counterfoil.provenance.checks.suite import Suite
from counterfoil.provenance.checks.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GAPS", "Gap", "check_fairness", "gap"]

GAPS: Final = {
    "demographic_parity_difference": ("difference", ("selection",)),
    "demographic_parity_ratio": ("ratio", ("selection",)),
    "equalized_odds_difference": ("difference", ("tpr", "fpr")),
    "equalized_odds_ratio": ("ratio", ("tpr", "fpr")),
    "equal_opportunity_difference": ("difference", ("tpr",)),
    "accuracy_difference": ("difference", ("accuracy",)),
}
"""Figure -> how groups are compared, and by which rates; of several rates the worse one counts."""

_MEANS: Final = {"difference": "largest less smallest", "ratio": "smallest over largest"}
_ITEMS_MAX: Final = 500


class Gap:
    """A figure between groups. value: NaN where a ratio is 0 of 0. low, high: its interval."""

    __slots__ = ("high", "least", "low", "most", "rate", "value")

    def __init__(
        self, value: float, low: float, high: float, rate: str, least: Group, most: Group
    ) -> None:
        self.value, self.low, self.high = value, low, high
        self.rate, self.least, self.most = rate, least, most


def gap(groups: Sequence[Group], figure: str, confidence: float = 0.95) -> Gap:
    """Compute a figure of `GAPS` over groups, at least one."""
    how, rates = GAPS[figure]
    found = [_one(groups, how, rate, confidence) for rate in rates]
    known = [one for one in found if not np.isnan(one.value)]  # 0 of 0 hides no other gap
    return (max if how == "difference" else min)(known or found, key=lambda one: one.value)


def _one(groups: Sequence[Group], how: str, rate: str, confidence: float) -> Gap:
    ranked = sorted(groups, key=lambda group: group.rate(rate).value)
    least, most = ranked[0], ranked[-1]
    a, b = most.rate(rate), least.rate(rate)
    if how == "difference":
        low, high = difference_interval(a.hits, a.of, b.hits, b.of, confidence)
        return Gap(a.value - b.value, max(0.0, low), min(1.0, high), rate, least, most)
    low, high = ratio_interval(b.hits, b.of, a.hits, a.of, confidence)
    value = b.value / a.value if a.value else float("nan")
    return Gap(value, low, min(1.0, high), rate, least, most)


def check_fairness(
    truth: Any,
    predicted: Any,
    sensitive: Table,
    suite: Suite,
    score: NDArray[np.float64] | None = None,
) -> Report:
    """Compare groups by each sensitive feature, and by their combinations.

    truth, predicted: (n,) booleans. sensitive: (n,) rows; columns of numbers are groups by value,
    and where there are more than 20 by quarter. score: (n,) probabilities, for AUC and
    calibration. Raises InputError with code check.fairness.
    """
    truth, predicted = np.asarray(truth, dtype=bool), np.asarray(predicted, dtype=bool)
    if not len(truth) == len(predicted) == sensitive.rows or not sensitive.columns:
        raise InputError(
            "check.fairness",
            f"expected as many labels, predictions and sensitive values, found {len(truth)}, "
            f"{len(predicted)} and {sensitive.rows}",
            hint="Give the same rows to all three, and at least one sensitive column.",
        )
    columns = [(column.name, *_grouped(column)) for column in sensitive.columns]
    chosen: list[tuple[Any, ...]] = [(one,) for one in columns]
    if suite.fairness.intersections:
        chosen += list(combinations(columns, 2))
    items: list[Item] = []
    for parts in chosen:
        name = " & ".join(part[0] for part in parts)
        codes, names = _crossed(parts)
        groups = count_groups(truth, predicted, codes, names, score)
        items += _figures(name, groups, suite)
    note = (
        "Positive means the outcome that counts as such. Intervals of gaps are of the two extreme "
        f"groups. Groups of fewer than {suite.fairness.smallest_group} rows are shown and compared "
        "with none."
    )
    if len(items) > _ITEMS_MAX:
        note += f" {len(items) - _ITEMS_MAX} figures of single groups are left out."
        items = sorted(items, key=lambda item: not item.gating)[:_ITEMS_MAX]
    return Report("fairness", tuple(items), len(truth), suite.digest, note)


def _figures(name: str, groups: list[Group], suite: Suite) -> list[Item]:
    limits = suite.fairness
    kept = [group for group in groups if group.rows >= limits.smallest_group]
    small = [group for group in groups if group.rows < limits.smallest_group]
    items = []
    if small:
        shown = ", ".join(f"{group.name} ({group.rows})" for group in small)
        items.append(
            Item(
                name=f"small-groups/{name}"[:255],
                passed=True,
                value=float(len(small)),
                method=f"groups of fewer than {limits.smallest_group} rows",
                found=f"Too few rows to compare: {shown[:1000]}.",
            )
        )
    if len(kept) < 2 and " & " not in name:
        items.append(_uncompared(name, kept, suite))  # else ten rows of each would pass
    if len(kept) > 1:
        items += [_gap_item(name, kept, figure, suite) for figure in GAPS]
        if not np.isnan(kept[0].calibration):
            items.append(_calibration_item(name, kept, suite))
    for group in groups:
        items += _rates(name, group, suite)
    return items


def _uncompared(name: str, kept: list[Group], suite: Suite) -> Item:
    limits = [getattr(suite.fairness, figure) for figure in (*GAPS, "calibration_difference")]
    asked = any(limit is not None for limit in limits)
    return Item(
        name=f"compared/{name}"[:255],
        passed=not asked,
        value=float(len(kept)),
        at_least=2.0 if asked else None,
        method=f"groups of at least {suite.fairness.smallest_group} rows",
        found="There is nothing to compare, so no limit was held.",
    )


def _gap_item(name: str, groups: list[Group], figure: str, suite: Suite) -> Item:
    found = gap(groups, figure, suite.fairness.confidence)
    limit = getattr(suite.fairness, figure)
    how, rates = GAPS[figure]
    difference = how == "difference"
    # A ratio of 0 to 0: nobody is selected anywhere, so nobody is treated otherwise.
    known = not np.isnan(found.value)
    passed = (
        limit is None or not known or (found.value <= limit if difference else found.value >= limit)
    )
    return Item(
        name=f"{figure}/{name}"[:255],
        passed=passed,
        value=found.value if known else None,
        low=found.low if known else None,
        high=found.high if known else None,
        confidence=suite.fairness.confidence,
        rows=sum(group.rows for group in groups),
        at_most=limit if difference else None,
        at_least=None if difference else limit,
        method=f"{_MEANS[how]} of {' and '.join(rates)}, the worse; "
        f"interval by {'Newcombe' if difference else 'Katz'}",
        found=f"{found.rate}: {found.most.name} {found.most.rate(found.rate).value:.4f}, "
        f"{found.least.name} {found.least.rate(found.rate).value:.4f}."[:1000],
    )


def _calibration_item(name: str, groups: list[Group], suite: Suite) -> Item:
    limit = suite.fairness.calibration_difference
    ranked = sorted(groups, key=lambda group: group.calibration)
    value = ranked[-1].calibration - ranked[0].calibration
    return Item(
        name=f"calibration_difference/{name}"[:255],
        passed=limit is None or value <= limit,
        value=value,
        at_most=limit,
        method="largest less smallest expected calibration error, ten bins",
        found=f"{ranked[-1].name} {ranked[-1].calibration:.4f}, "
        f"{ranked[0].name} {ranked[0].calibration:.4f}.",
    )


def _rates(name: str, group: Group, suite: Suite) -> list[Item]:
    confidence = suite.fairness.confidence
    where = f"{name}={group.name}" if " & " not in name else f"{name}: {group.name}"
    items = []
    for rate in RATES:
        found = group.rate(rate)
        if not found.of:
            continue
        low, high = found.interval(confidence)
        items.append(
            Item(
                name=f"{rate}/{where}"[:255],
                passed=True,
                value=found.value,
                low=low,
                high=high,
                confidence=confidence,
                rows=int(found.of),
                method="Wilson's interval",
            )
        )
    if not np.isnan(group.auc):
        low, high = group.auc_interval(confidence)
        items.append(
            Item(
                name=f"auc/{where}"[:255],
                passed=True,
                value=group.auc,
                low=low,
                high=high,
                confidence=confidence,
                rows=group.rows,
                method="interval by Hanley and McNeil",
            )
        )
    if not np.isnan(group.calibration):
        items.append(
            Item(
                name=f"calibration/{where}"[:255],
                passed=True,
                value=group.calibration,
                rows=group.rows,
                method="expected calibration error, ten bins of equal width",
            )
        )
    return items


def _grouped(column: Any) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Name the groups of a column, and each row's; what is missing is a group of its own."""
    codes, labels = column.coded()
    if column.kind == "number" and len(labels) > 20:
        edges = np.unique(np.quantile(column.numbers[~column.missing], (0.25, 0.5, 0.75)))
        codes = np.where(column.missing, -1, np.searchsorted(edges, column.numbers, side="left"))
        low = ("", *(f"over {edge:g} " for edge in edges))
        high = (*(f"to {edge:g}" for edge in edges), "")
        labels = tuple(f"{a}{b}".strip() for a, b in zip(low, high, strict=True))
    return np.where(codes < 0, len(labels), codes), (*labels, "(missing)")


def _crossed(parts: Sequence[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    _, codes, names = parts[0]
    for _, more, others in parts[1:]:
        codes = codes * len(others) + more
        names = tuple(f"{one} & {other}" for one in names for other in others)
    return codes, names
