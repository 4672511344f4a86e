"""What a strength is worth in this very network: how often chance gives as much or more.

All patterns are looked for in null networks, too. For what is passed on, a null network keeps who
pays, when and how much, and how many pay everybody (but for pairs that are dealt twice); who is
paid in each relation is dealt anew, among relations of about the same amount and number of
payments, so that regular payees stay regular ones, of somebody else. For bursts it keeps who pays
whom how much, and moves each relation in time. Beyond what was seen there the tail is continued as
an exponential one, so that no score saturates. This module refuses to call anything certain.

Sources: configuration model (degrees are kept); surrogates by circular shifts; peaks over threshold
(Pickands 1975), with an exponential tail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from counterfoil.apps.finance.graphs.candidates import Floats
from counterfoil.apps.finance.graphs.network import Network

__all__ = ["Background", "deal_anew", "fit_background", "shift_times"]

_BINS: Final = 20
_MANY: Final = np.array([1, 2, 4, 10])
_TAIL: Final = 0.1
_TAIL_MIN: Final = 10
_MEAN_MIN: Final = float(1 / np.log(10))
"""Strengths are logarithms of chances: their tail falls no faster than 10^-s."""


@dataclass(frozen=True, slots=True)
class Background:
    """Strengths that one pattern has by chance.

    seen: sorted, of all null networks. networks: how many of them. above: where the tail begins;
    mean: how far it goes on, on the average.
    """

    seen: Floats
    networks: int
    above: float
    mean: float

    def log_expected(self, strength: Floats) -> Floats:
        """Tell how many findings as strong one network gives by chance, as decimal logarithm."""
        rank = len(self.seen) - np.searchsorted(self.seen, strength, side="left")
        counted = np.log10((rank + 0.5) / self.networks)
        base = len(self.seen) - np.searchsorted(self.seen, self.above, side="left")
        beyond = np.maximum(strength - self.above, 0.0) / self.mean
        tail = np.log10((base + 0.5) / self.networks) - beyond / np.log(10)
        return np.where(strength > self.above, tail, counted)


def fit_background(strengths: list[Floats], networks: int) -> Background:
    """Fit what chance gives. strengths: of each null network."""
    seen = np.sort(np.concatenate(strengths)) if strengths else np.empty(0)
    if not len(seen):
        return Background(seen, networks, 0.0, _MEAN_MIN)
    tail = min(max(_TAIL_MIN, int(len(seen) * _TAIL)), len(seen))
    above = float(seen[-tail])
    mean = float((seen[-tail:] - above).mean())
    return Background(seen, networks, above, max(mean, _MEAN_MIN))


def deal_anew(network: Network, random: Any) -> Network:
    """Deal the receivers of all relations anew. random: a NumPy generator."""
    pair = network.source * np.int64(len(network.accounts)) + network.target
    relations, of, count = np.unique(pair, return_inverse=True, return_counts=True)
    of = of.reshape(-1)
    usual = np.bincount(of, weights=np.log(network.amount), minlength=len(relations)) / count
    amounts = np.argsort(np.argsort(usual, kind="stable")) * _BINS // max(len(relations), 1)
    kinds = amounts * len(_MANY) + np.searchsorted(_MANY, count, side="right") - 1
    ends = relations % len(network.accounts)
    order = np.argsort(kinds, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(kinds[order]) != 0])
    for low, high in zip(starts, np.r_[starts[1:], len(order)], strict=True):
        part = order[low:high]
        ends[part] = ends[random.permutation(part)]
    return replace(network, target=ends[of])


def shift_times(network: Network, random: Any) -> Network:
    """Move the payments of each relation in time, together and round the end, by their own offset.

    Rhythms stay, and what coincided no longer does. random: a NumPy generator.
    """
    pair = network.source * np.int64(len(network.accounts)) + network.target
    _, of = np.unique(pair, return_inverse=True)
    of = of.reshape(-1)
    offset = random.integers(0, network.span, int(of.max()) + 1)
    at = network.at[0] + (network.at - network.at[0] + offset[of]) % network.span
    order = np.argsort(at, kind="stable")
    return replace(
        network,
        source=network.source[order],
        target=network.target[order],
        at=at[order],
        amount=network.amount[order],
        row=network.row[order],
    )
