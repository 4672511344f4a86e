"""How good a ranking of payments is, in the figures of the field, with intervals.

Average precision; card precision: the share of cards with fraud among the k that are most suspect,
day by day. Intervals resample cards, not payments: those of one card are alike. This module refuses
a figure where there is no fraud to find.
Source: Dal Pozzolo et al., Learned lessons in credit card fraud detection from a practitioner
perspective, 2014; Le Borgne et al., Reproducible machine learning for credit card fraud detection,
2022, 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.windows import DAY_MS
from counterfoil.extras import need

__all__ = ["Interval", "area_of", "bootstrap", "card_precision", "gain", "precision_of"]

_ROUNDS: Final = 400


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def precision_of(labels: Any, scores: Any, weights: Any = None) -> float:
    """Compute the average precision; 0 where there is no fraud. weights: of rows, whole numbers."""
    np: Any = need("numpy", "finance")
    labels, scores = np.asarray(labels, float), np.asarray(scores, float)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    found = np.cumsum((labels * weights)[order])
    seen = np.cumsum(weights[order])
    if not len(order) or found[-1] <= 0:
        return 0.0
    ends = np.append(np.nonzero(np.diff(ranked))[0], len(ranked) - 1)
    found, seen = found[ends], seen[ends]
    share = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
    return float((np.diff(found, prepend=0.0) * share).sum() / found[-1])


def area_of(labels: Any, scores: Any) -> float:
    """Compute the area under the ROC curve; 0.5 where one class is missing."""
    np: Any = need("numpy", "finance")
    labels, scores = np.asarray(labels, bool), np.asarray(scores, float)
    frauds = int(labels.sum())
    if not 0 < frauds < len(labels):
        return 0.5
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    rest = len(labels) - frauds
    return float((ranks[labels].sum() - frauds * (frauds + 1) / 2) / (frauds * rest))


def card_precision(payments: Sequence[Payment], scores: Sequence[float], k: int = 100) -> float:
    """Compute the card precision at k, the mean of days; a payment without a card is its own."""
    days: dict[int, dict[str, tuple[float, int]]] = defaultdict(dict)
    for payment, score in zip(payments, scores, strict=True):
        cards = days[payment.at_ms // DAY_MS]
        card = payment.card if payment.card is not None else f"\0{payment.id}"
        best, fraud = cards.get(card, (score, 0))
        cards[card] = (max(best, score), fraud | (payment.label or 0))
    found = []
    for cards in days.values():
        top = sorted(cards.values(), key=lambda one: -one[0])[:k]
        found.append(sum(fraud for _, fraud in top) / k)
    return sum(found) / len(found) if found else 0.0


def bootstrap(
    payments: Sequence[Payment], scores: Any, *, rounds: int = _ROUNDS, seed: int = 0
) -> Interval:
    """Compute the average precision with its interval, by resampling cards."""
    labels = [one.label or 0 for one in payments]
    drawn = [precision_of(labels, scores, weights) for weights in _draws(payments, rounds, seed)]
    return _interval(precision_of(labels, scores), drawn)


def gain(
    payments: Sequence[Payment], ours: Any, theirs: Any, *, rounds: int = _ROUNDS, seed: int = 0
) -> Interval:
    """Compute how much better one ranking is than another on the same cards, paired."""
    labels = [one.label or 0 for one in payments]
    drawn = [
        precision_of(labels, ours, weights) - precision_of(labels, theirs, weights)
        for weights in _draws(payments, rounds, seed)
    ]
    return _interval(precision_of(labels, ours) - precision_of(labels, theirs), drawn)


def _draws(payments: Sequence[Payment], rounds: int, seed: int) -> Any:
    np: Any = need("numpy", "finance")
    known: dict[str, int] = {}
    cards = np.array(
        [
            known.setdefault(one.card if one.card is not None else f"\0{one.id}", len(known))
            for one in payments
        ],
        int,
    )
    chance = np.random.default_rng(seed)
    for _ in range(rounds if len(known) else 0):
        drawn = chance.integers(0, len(known), len(known))
        yield np.bincount(drawn, minlength=len(known))[cards]


def _interval(value: float, drawn: Sequence[float]) -> Interval:
    np: Any = need("numpy", "finance")
    if not drawn:
        return Interval(value, value, value)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))
