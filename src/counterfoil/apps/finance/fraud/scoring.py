"""Score a file: features by the fold, probabilities by the served graph, the bar by costs.

The rows are scored as those of a live stream are, to the bit. This module refuses to explain: a
file's scores are for looking at, decisions are made by `live`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.finance.fraud.costs import Costs, cost_of
from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.judging import area_of, card_precision, precision_of
from counterfoil.apps.finance.fraud.kept import Kept
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.ports import Progress, no_progress

__all__ = ["Scores", "figures_of", "score_table"]

_TOLD: Final = 2_000


@dataclass(frozen=True, slots=True)
class Scores:
    """scores, thresholds, held: of each payment, in order."""

    scores: list[float]
    thresholds: list[float]
    held: list[bool]


def score_table(
    kept: Kept, payments: Sequence[Payment], progress: Progress = no_progress
) -> Scores:
    """Score payments, oldest first, going on from the end of training."""
    manifest = kept.manifest
    fold = Fold(manifest.named, manifest.delay_ms, kept.fresh_memory())
    names = manifest.named.features
    scores: list[float] = []
    for at, payment in enumerate(payments):
        # One row at a time: many at once add trees in another order, and differ in the last bit.
        scores.append(kept.scorer.score(dict(zip(names, fold.see(payment), strict=True))))
        if at % _TOLD == 0:
            progress(at, len(payments), "payments scored")
    thresholds = [manifest.costs.threshold(one.amount) for one in payments]
    held = [score >= bar for score, bar in zip(scores, thresholds, strict=True)]
    return Scores(scores, thresholds, held)


def figures_of(costs: Costs, payments: Sequence[Payment], found: Scores) -> dict[str, float]:
    """Say how good scores are, on the payments with a label; nothing where there is no fraud."""
    known = [at for at, one in enumerate(payments) if one.label is not None]
    rows = [payments[at] for at in known]
    labels = [one.label or 0 for one in rows]
    if not any(labels):
        return {}
    scores = [found.scores[at] for at in known]
    held = [found.held[at] for at in known]
    spent = cost_of(costs, [one.amount for one in rows], labels, held)
    figures: dict[str, Any] = {
        "payments": len(rows),
        "frauds": sum(labels),
        "average_precision": precision_of(labels, scores),
        "auc": area_of(labels, scores),
        "card_precision_100": card_precision(rows, scores),
        "held": sum(held),
        "held_frauds": sum(label for label, hold in zip(labels, held, strict=True) if hold),
        "cost": spent.total,
        "cost_of_nothing": spent.nothing,
        "mean_score": sum(scores) / len(scores),
        "fraud_share": sum(labels) / len(labels),
    }
    return {name: float(value) for name, value in figures.items()}
