"""Fairness and goodness of those who rate each other, and trust that flows from the start.

Goodness is what fair raters say of somebody; fairness is how near a rater's ratings come to that.
Trust flows along positive ratings as in a personalised PageRank whose walk starts again at the
oldest accounts, so that a crowd of new accounts that praise each other gets little of it. This
module refuses to look at times: it sees a graph as it stands.
Source: Kumar, Spezzano, Subrahmanian, Faloutsos, Edge weight prediction in weighted signed
networks, ICDM 2016; Haveliwala, Topic-sensitive PageRank, WWW 2002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["fairness_goodness", "flow_of_trust"]

_ROUNDS: Final = 30
_NEAR: Final = 1e-6
_RESTART: Final = 0.15


def fairness_goodness(
    source: Ints, target: Ints, rating: Floats, accounts: int
) -> tuple[Floats, Floats]:
    """Compute how fair each account rates and how good it is, until both hardly move.

    source, target: (n,) numbers of accounts. rating: (n,), -1 to 1. Returns fairness, 0 to 1, and
    goodness, -1 to 1, both (accounts,); 1 and 0 for those that nobody knows.
    """
    np = need("numpy")
    given = np.maximum(np.bincount(source, minlength=accounts), 1)
    got = np.maximum(np.bincount(target, minlength=accounts), 1)
    fairness, goodness = np.ones(accounts), np.zeros(accounts)
    for _ in range(_ROUNDS):
        weights = fairness[source] * rating
        new = np.bincount(target, weights, minlength=accounts) / got
        off = np.abs(rating - new[target])
        fairness = 1.0 - np.bincount(source, off, minlength=accounts) / given / 2.0
        moved = float(np.abs(new - goodness).max(initial=0.0))
        goodness = new
        if moved < _NEAR:
            break
    return fairness, goodness


def flow_of_trust(source: Ints, target: Ints, rating: Floats, seeds: Ints, accounts: int) -> Floats:
    """Compute how much trust reaches each account from the seeds along positive ratings.

    seeds: numbers of accounts where walks start. Returns (accounts,), which sum to 1.
    """
    np = need("numpy")
    kept = rating > 0
    source, target, weight = source[kept], target[kept], rating[kept]
    total = np.bincount(source, weight, minlength=accounts)
    share = weight / total[source]
    start = np.zeros(accounts)
    start[seeds] = 1.0 / len(seeds)
    found = start.copy()
    for _ in range(_ROUNDS):
        flow = np.bincount(target, found[source] * share, minlength=accounts)
        lost = 1.0 - (1.0 - _RESTART) * float(flow.sum())
        found = (1.0 - _RESTART) * flow + lost * start
    trust: Floats = found
    return trust
