"""Confidence intervals of rates, their differences and ratios.

Wilson's for a rate, Newcombe's for a difference of two, Katz's for a ratio: they hold for small
groups and for rates near 0 and 1, where the textbook's do not. This module refuses to test.
"""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["auc_interval", "difference_interval", "ratio_interval", "wilson", "z_of"]

Interval = tuple[float, float]


def z_of(confidence: float) -> float:
    """Give the normal quantile of a two-sided confidence, 0 to 1.

    >>> round(z_of(0.95), 4)
    1.96
    """
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(hits: float, of: float, confidence: float = 0.95) -> Interval:
    """Compute the Wilson score interval of a rate; (0, 1) of nothing.

    Source: Wilson, Journal of the American Statistical Association 22, 1927.

    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    if of <= 0:
        return 0.0, 1.0
    z, rate = z_of(confidence), hits / of
    scale = 1 + z * z / of
    centre = (rate + z * z / (2 * of)) / scale
    half = z * math.sqrt(rate * (1 - rate) / of + z * z / (4 * of * of)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def difference_interval(
    hits: float, of: float, other_hits: float, other_of: float, confidence: float = 0.95
) -> Interval:
    """Compute Newcombe's hybrid score interval of rate - other rate, without correction.

    Source: Newcombe, Statistics in Medicine 17, 1998, method 10.

    >>> [round(x, 4) for x in difference_interval(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    if of <= 0 or other_of <= 0:
        return -1.0, 1.0
    rate, other = hits / of, other_hits / other_of
    low, high = wilson(hits, of, confidence)
    other_low, other_high = wilson(other_hits, other_of, confidence)
    gap = rate - other
    return (
        gap - math.hypot(rate - low, other_high - other),
        gap + math.hypot(high - rate, other - other_low),
    )


def ratio_interval(
    hits: float, of: float, other_hits: float, other_of: float, confidence: float = 0.95
) -> Interval:
    """Compute Katz's log interval of rate / other rate, half a hit added to each.

    Source: Katz et al., Biometrics 34, 1978; the half after Walter, Biometrika 62, 1975.
    """
    if of <= 0 or other_of <= 0:
        return 0.0, math.inf
    a, n, b, m = hits + 0.5, of + 0.5, other_hits + 0.5, other_of + 0.5
    centre = math.log((a / n) / (b / m))
    half = z_of(confidence) * math.sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    return math.exp(centre - half), math.exp(centre + half)


def auc_interval(auc: float, positives: int, negatives: int, confidence: float = 0.95) -> Interval:
    """Compute Hanley and McNeil's interval of an area under the ROC curve, cut to 0..1.

    Source: Hanley and McNeil, Radiology 143, 1982.
    """
    if positives <= 0 or negatives <= 0 or math.isnan(auc):
        return 0.0, 1.0
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (q1 - auc * auc)
    variance = (variance + (negatives - 1) * (q2 - auc * auc)) / (positives * negatives)
    half = z_of(confidence) * math.sqrt(max(0.0, variance))
    return max(0.0, auc - half), min(1.0, auc + half)
