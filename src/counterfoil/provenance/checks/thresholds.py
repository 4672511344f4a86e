"""Choose thresholds under a limit on the parity gap, on data that was held out for it.

One threshold for all, or one for each group. Thresholds by group treat people by a protected
feature: in many places, for many uses, the law forbids that (disparate treatment; in the EU
Directive 2004/113/EC on sex and prices, among others), whatever the gap is without it. A single
threshold is the other way, and often cannot close a gap. This module refuses to say which is
lawful, and tells what either costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from counterfoil.errors import InputError, Refused

__all__ = ["Thresholds", "choose_thresholds"]

_STEPS: Final = 400


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds, and what they do on the data that they were chosen on.

    by_group: group -> score from which on it is positive; all the same for a single one. gap: of
    selection rates. accuracy, accuracy_before: with them, and with 0.5 for all. gap_before: too.
    """

    by_group: Mapping[str, float]
    gap: float
    accuracy: float
    gap_before: float
    accuracy_before: float

    @property
    def cost(self) -> float:
        """Accuracy that is given up; below 0 where some is won."""
        return self.accuracy_before - self.accuracy

    def apply(self, score: Any, group: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Decide: (n,) booleans. Raises InputError with code check.threshold for a new group."""
        names = np.asarray(group).astype(str)
        unknown = sorted(set(names.tolist()) - set(self.by_group))
        if unknown:
            raise InputError(
                "check.threshold",
                f"expected the groups {', '.join(self.by_group)[:200]}, found {unknown[0][:80]!a}",
                hint="Choose thresholds on data that holds every group.",
            )
        limits = np.array([self.by_group[name] for name in names.tolist()])
        found: np.ndarray[Any, np.dtype[np.bool_]] = np.asarray(score, dtype=float) >= limits
        return found


def choose_thresholds(
    truth: Any, score: Any, group: Any, *, gap_at_most: float = 0.1, by_group: bool = False
) -> Thresholds:
    """Choose the most accurate thresholds whose selection rates differ by no more than a limit.

    truth: (n,) booleans. score: (n,) probabilities. group: (n,) names. Use a validation split: on
    training data the gap looks smaller than it is. by_group: a threshold for each; read this
    module's head first. Exact over a grid of selection rates of 1/400.
    Raises InputError with code check.threshold, Refused with code check.threshold-none where no
    single threshold keeps the limit without selecting nobody or everybody.
    """
    truth, score = np.asarray(truth, dtype=bool), np.asarray(score, dtype=float)
    names = np.asarray(group).astype(str)
    if not len(truth) == len(score) == len(names) or not len(truth) or np.isnan(score).any():
        raise InputError(
            "check.threshold",
            f"expected a score and a group for each label, found {len(truth)}, {len(score)} and "
            f"{len(names)}",
            hint="Scores are finite.",
        )
    groups = sorted(set(names.tolist()))
    if by_group:
        chosen = _each(truth, score, names, groups, gap_at_most)
    else:
        chosen = _single(truth, score, names, groups, gap_at_most)
    before = dict.fromkeys(groups, 0.5)
    gap_before, accuracy_before = _outcome(truth, score, names, before)
    gap, accuracy = _outcome(truth, score, names, chosen)
    return Thresholds(chosen, gap, accuracy, gap_before, accuracy_before)


def _outcome(
    truth: Any, score: Any, names: Any, by_group: Mapping[str, float]
) -> tuple[float, float]:
    chosen = score >= np.array([by_group[name] for name in names.tolist()])
    rates = [float(chosen[names == name].mean()) for name in by_group]
    return max(rates) - min(rates), float((chosen == truth).mean())


def _single(
    truth: Any, score: Any, names: Any, groups: list[str], limit: float
) -> dict[str, float]:
    best: tuple[float, float] | None = None
    for threshold in np.unique(np.quantile(score, np.linspace(0, 1, _STEPS + 1))).tolist():
        chosen = score >= threshold
        if chosen.all() or not chosen.any():
            continue
        gap, accuracy = _outcome(truth, score, names, dict.fromkeys(groups, threshold))
        if gap <= limit and (best is None or accuracy > best[0]):
            best = accuracy, threshold
    if best is None:
        raise Refused(
            "check.threshold-none",
            f"expected a threshold that keeps the gap within {limit:g}, found none",
            hint="Mend the data or the model; or weigh thresholds by group, where that is lawful.",
        )
    return dict.fromkeys(groups, best[1])


def _each(truth: Any, score: Any, names: Any, groups: list[str], limit: float) -> dict[str, float]:
    """Choose a window of selection rates of the limit's width, and in it the best of each group."""
    curves = {name: _curve(truth[names == name], score[names == name]) for name in groups}
    best: tuple[float, dict[str, float]] | None = None
    for low in np.linspace(0, 1, _STEPS + 1).tolist():
        right, chosen = 0.0, {}
        for name, (rates, hits, thresholds) in curves.items():
            inside = np.flatnonzero((rates >= low - 1e-12) & (rates <= low + limit + 1e-12))
            if not len(inside):
                break
            at = inside[int(hits[inside].argmax())]
            right += float(hits[at])
            chosen[name] = float(thresholds[at])
        else:
            if best is None or right > best[0]:
                best = right, chosen
    if best is None:
        raise Refused(
            "check.threshold-none",
            f"expected thresholds that keep the gap within {limit:g}, found none",
            hint="Groups of few rows have few rates to choose from: allow a larger gap.",
        )
    return best[1]


def _curve(truth: Any, score: Any) -> tuple[Any, Any, Any]:
    """Give for each threshold of a group its selection rate, and how many are right."""
    values = np.unique(score)
    thresholds = np.append(values, np.nextafter(values[-1], np.inf))
    order = np.argsort(score)
    ranked, positive = score[order], np.concatenate([[0], np.cumsum(truth[order])])
    under = np.searchsorted(ranked, thresholds, side="left")
    hits = (under - positive[under]) + (positive[-1] - positive[under])
    return (len(score) - under) / len(score), hits, thresholds
