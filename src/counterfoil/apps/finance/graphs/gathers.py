"""Scatter and gather: one account pays several, who soon pay one and the same.

Two links through the same pair of ends by different accounts between are what chance seldom gives.
This module refuses accounts between that pass nothing on.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from counterfoil.apps.finance.graphs.candidates import Candidates, none_found
from counterfoil.apps.finance.graphs.fans import poisson_tail
from counterfoil.apps.finance.graphs.links import Links
from counterfoil.apps.finance.graphs.network import Ints, Network

__all__ = ["find_scatter_gather"]

_BETWEEN_MIN: Final = 3


def find_scatter_gather(network: Network, links: Links, since_s: int) -> Candidates:
    """Find pairs of accounts with three or more between them that passed on what they got.

    since_s: when the last of it must have been, or later.
    Strength: how seldom so many ways from the one would end at the other by chance (Poisson), and
    the mean weight of the links.
    """
    start, end = network.source[links.first], network.target[links.second]
    apart = start != end
    first, second, weight = links.first[apart], links.second[apart], links.weight[apart]
    if not len(first):
        return none_found("scatter-gather")
    pair = start[apart] * np.int64(len(network.accounts)) + end[apart]
    between = network.target[first]
    order = np.lexsort((-weight, between, pair))
    first, second, weight = first[order], second[order], weight[order]
    pair, between = pair[order], between[order]
    once = np.r_[True, (pair[1:] != pair[:-1]) | (between[1:] != between[:-1])]
    first, second, weight, pair = first[once], second[once], weight[once], pair[once]
    begins = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
    counts = np.diff(np.r_[begins, len(pair)])
    sums = np.add.reduceat(weight, begins)
    received = np.bincount(network.target, minlength=len(network.accounts))
    ends = network.target[second[begins]]
    last = np.maximum.reduceat(network.at[second], begins)
    keep = np.flatnonzero((counts >= _BETWEEN_MIN) & (last >= since_s))
    if not len(keep):
        return none_found("scatter-gather")
    began = network.source[first[begins]]
    ways = np.bincount(network.source[first], minlength=len(network.accounts))[began]
    rate = ways * (received[ends] + 1) / (network.size + 1)
    surprise = poisson_tail(counts[keep], rate[keep]) - np.log10(ways[keep])
    strength = np.maximum(surprise, 0.0) + sums[keep] / counts[keep]

    def payments(place: int) -> Ints:
        at, count = begins[keep[place]], counts[keep[place]]
        both = np.concatenate([first[at : at + count], second[at : at + count]])
        return np.unique(both)

    return Candidates("scatter-gather", strength, pair[begins][keep], payments)
