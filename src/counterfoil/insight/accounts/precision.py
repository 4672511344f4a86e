"""Average precision in numpy, of one ranking or of many resamples of it at once.

This module refuses to break ties: equal scores are one step, as in `learn.metrics`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["precision", "precisions"]


def precision(scores: Floats, labels: Bools) -> float:
    """Compute the average precision of a ranking; NaN without a positive.

    scores: (n,), higher means more suspicious. labels: (n,), True for a positive.
    """
    np = need("numpy")
    return float(precisions(scores, labels, np.ones((1, len(scores))))[0])


def precisions(scores: Floats, labels: Bools, weights: Floats) -> Floats:
    """Compute the average precision under each of many weightings of the rows.

    weights: (k, n) >= 0, such as how often a resample drew each row. Returns (k,).
    """
    np = need("numpy")
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    seen = np.cumsum(weights[:, order], axis=1)[:, ends]
    hits = np.cumsum(weights[:, order] * labels[order], axis=1)[:, ends]
    gained = np.diff(hits, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(seen > 0, hits / seen, 0.0)
        found: Floats = (gained * share).sum(axis=1) / hits[:, -1]
    return found
