"""How good a ranking is, in the figures that its field uses.

This module refuses to choose a threshold: whoever decides does.
"""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.errors import InputError

__all__ = ["average_precision"]


def average_precision(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Compute the average precision of a ranking: 1 is perfect, the share of positives is chance.

    scores: higher means more suspicious; equal ones are one step. labels: True for a positive, one
    for each score, at least one of them True. The sum over the ranking's steps of precision times
    the gain in recall, without interpolation.
    Raises InputError with code learn.labels.
    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, 8.4.

    >>> average_precision([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
    0.8333333333333333
    """
    positives = sum(labels)
    if len(scores) != len(labels) or not positives:
        raise InputError(
            "learn.labels",
            f"expected a label for each score and a positive one, found {len(scores)} scores and "
            f"{positives} positive of {len(labels)} labels",
            hint="Without a positive there is nothing to find.",
        )
    ranked = sorted(zip(scores, labels, strict=True), key=lambda pair: -pair[0])
    total, found, at = 0.0, 0, 0
    while at < len(ranked):
        end, before = at, found
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            found += ranked[end][1]
            end += 1
        total += (found - before) * found / end
        at = end
    return total / positives
