"""Count what a classifier does to each group: one table that all fairness figures come from.

Rates of nothing are 0, as scikit-learn and fairlearn have them, and marked as unknown by their
interval. This module refuses labels of more than two outcomes: name the positive one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from counterfoil.provenance.checks.intervals import auc_interval, wilson
from counterfoil.provenance.checks.learning import area_under_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RATES", "Group", "Rate", "count_groups"]

RATES: Final = ("selection", "accuracy", "tpr", "fpr", "fnr", "tnr", "precision")
"""Rates of a group: selected; right; and of confusion matrices."""

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate: hits of how many."""

    hits: float
    of: float

    @property
    def value(self) -> float:
        """The rate, 0 of nothing."""
        return self.hits / self.of if self.of else 0.0

    def interval(self, confidence: float) -> tuple[float, float]:
        """Compute Wilson's interval."""
        return wilson(self.hits, self.of, confidence)


@dataclass(frozen=True, slots=True)
class Group:
    """What a classifier did to one group.

    name: its value, of several features with ` & ` between. tp, fp, fn, tn: counts. auc: NaN
    without scores or without both outcomes. calibration: expected calibration error over ten bins
    of equal width, NaN without scores.
    """

    name: str
    tp: int
    fp: int
    fn: int
    tn: int
    auc: float = float("nan")
    calibration: float = float("nan")

    @property
    def rows(self) -> int:
        """Rows in the group."""
        return self.tp + self.fp + self.fn + self.tn

    def rate(self, name: str) -> Rate:
        """Give one of `RATES`."""
        tp, fp, fn, tn = self.tp, self.fp, self.fn, self.tn
        hits, of = {
            "selection": (tp + fp, self.rows),
            "accuracy": (tp + tn, self.rows),
            "tpr": (tp, tp + fn),
            "fpr": (fp, fp + tn),
            "fnr": (fn, tp + fn),
            "tnr": (tn, fp + tn),
            "precision": (tp, tp + fp),
        }[name]
        return Rate(hits, of)

    def auc_interval(self, confidence: float) -> tuple[float, float]:
        """Compute Hanley and McNeil's interval of the AUC."""
        return auc_interval(self.auc, self.tp + self.fn, self.fp + self.tn, confidence)


def count_groups(
    truth: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    group: NDArray[np.int64],
    names: tuple[str, ...],
    score: NDArray[np.float64] | None = None,
) -> list[Group]:
    """Count each group that has rows, in the order of `names`.

    truth, chosen: (n,) positive, and predicted so. group: (n,) places in `names`. score: (n,)
    probabilities.
    """
    counts = np.bincount(group * 4 + truth * 2 + chosen, minlength=4 * len(names)).reshape(-1, 4)
    found = []
    for place, name in enumerate(names):
        tn, fp, fn, tp = counts[place].tolist()
        if not tn + fp + fn + tp:
            continue
        auc = calibration = float("nan")
        if score is not None:
            mine = group == place
            auc = area_under_curve(score[mine], truth[mine])
            calibration = _calibration(score[mine], truth[mine])
        found.append(Group(name, tp, fp, fn, tn, auc, calibration))
    return found


def _calibration(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error. Source: Naeini et al., AAAI 2015."""
    place = np.clip((score * _BINS).astype(np.int64), 0, _BINS - 1)
    sums = np.bincount(place, weights=score, minlength=_BINS)
    hits = np.bincount(place, weights=truth.astype(np.float64), minlength=_BINS)
    return float(np.abs(sums - hits).sum() / len(score))
