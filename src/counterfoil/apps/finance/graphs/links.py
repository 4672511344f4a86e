"""Which payment may have been passed on by which: the same account, soon after, nearly as much.

A link joins a payment into an account with a later one out of it that is at most as large, and
smaller by no more than a share. Each link has a weight: how surprising it is, given how much else
came in meanwhile and how common such amounts are. Sorting and searching, no loop over payments:
n log n in their number. This module refuses to follow more than some links a payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from counterfoil.apps.finance.graphs.network import Ints, Network, segments

__all__ = ["Links", "link_payments"]

_EACH: Final = 12
_EACH_WAY: Final = 48
_ROUNDS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs of payments.

    first, second: (m,) int64, places in the network. weight: (m,) float64, minus the decimal
    logarithm of how likely a pair like this is by chance.
    """

    first: Ints
    second: Ints
    weight: np.ndarray[Any, np.dtype[np.float64]]


def link_payments(network: Network, window_s: int, loss: float) -> Links:
    """Find which payments may have been passed on.

    window_s: longest time between the two, seconds. loss: largest share that may be missing, 0 to
    1. Gives at most a dozen links for each payment out, the latest payments in first, and
    48 for each payment in.
    """
    width = -np.log1p(-loss)
    level = np.floor(np.log(network.amount) / width).astype(np.int64)
    level -= level.min() - 1
    levels = int(level.max()) + 2
    moving = network.source != network.target
    start = int(network.at[0])
    when, long = network.at - start, int(network.span) + window_s + 2
    outs = np.flatnonzero(moving)
    found: list[tuple[Ints, Ints]] = []
    in_keys = network.target * levels + level
    known, in_ids = np.unique(in_keys[moving], return_inverse=True)
    ordered = in_ids.reshape(-1) * long + when[moving]
    order = np.argsort(ordered, kind="stable")
    places, ordered = np.flatnonzero(moving)[order], ordered[order]
    for step in (0, 1):  # an amount that was larger by up to `loss` is on this level or the next
        keys = network.source[outs] * levels + level[outs] + step
        ids = np.searchsorted(known, keys)
        there = ids < len(known)
        there[there] = known[ids[there]] == keys[there]
        asked, base = outs[there], ids[there] * long + when[outs[there]]
        low = np.searchsorted(ordered, np.maximum(base - window_s, ids[there] * long), side="left")
        high = np.searchsorted(ordered, base, side="left")
        low = np.maximum(low, high - 4 * _EACH)
        for at in range(0, len(asked), _ROUNDS):
            part = slice(at, at + _ROUNDS)
            owner, place = segments(low[part], high[part])
            first, second = places[place], asked[part][owner]
            large, small = network.amount[first], network.amount[second]
            fits = (small <= large * (1 + 1e-9)) & (small >= large * (1 - loss) * (1 - 1e-9))
            found.append((first[fits], second[fits]))
    none = np.empty(0, dtype=np.int64)
    first = np.concatenate([none, *(one for one, _ in found)])
    second = np.concatenate([none, *(two for _, two in found)])
    first, second = _latest(first, second)
    first, second = _soonest(first, second)
    return Links(first, second, _weigh(network, first, second))


def _latest(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Keep the latest few of what each payment may have passed on."""
    order = np.lexsort((-first, second))
    first, second = first[order], second[order]
    begins = np.flatnonzero(np.r_[True, second[1:] != second[:-1]]) if len(second) else second
    rank = np.arange(len(second)) - np.repeat(begins, np.diff(np.r_[begins, len(second)]))
    keep = rank < _EACH
    return first[keep], second[keep]


def _soonest(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Keep the soonest few that may have passed each payment on, so that hubs stay bounded."""
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    begins = np.flatnonzero(np.r_[True, first[1:] != first[:-1]]) if len(first) else first
    rank = np.arange(len(first)) - np.repeat(begins, np.diff(np.r_[begins, len(first)]))
    keep = rank < _EACH_WAY
    return first[keep], second[keep]


def _weigh(network: Network, first: Ints, second: Ints) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Weigh links by how many like them chance would give."""
    amounts = np.sort(network.amount)
    large, small = network.amount[first], network.amount[second]
    between = np.searchsorted(amounts, large * (1 + 1e-9), side="right") - np.searchsorted(
        amounts, small * (1 - 1e-9), side="left"
    )
    share = (between + 1) / (network.size + 1)
    order = np.argsort(network.target * np.int64(network.size) + np.arange(network.size))
    place = np.empty(network.size, dtype=np.int64)
    place[order] = np.arange(network.size)
    keys = network.target[order] * np.int64(network.size) + order
    until = np.searchsorted(keys, network.target[first] * np.int64(network.size) + second)
    came = np.maximum(until - place[first], 1)
    weight: np.ndarray[Any, np.dtype[np.float64]] = -np.log10(-np.expm1(-came * share))
    weight[weight < 0] = 0.0
    return weight
