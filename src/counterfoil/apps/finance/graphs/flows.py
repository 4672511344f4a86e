"""Pass-through: an account that several pay and that soon pays as much to others, keeping little.

Single payments need not fit each other, only sums within a window; so split and joined money is
found that links do not see (stacks, gather and scatter). This module refuses accounts with one
payment on a side: that is a link.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from counterfoil.apps.finance.graphs.candidates import Candidates, none_found
from counterfoil.apps.finance.graphs.network import Ints, Network

__all__ = ["find_pass_through"]

_EACH_MIN: Final = 3


def find_pass_through(network: Network, window_s: int, loss: float, since_s: int) -> Candidates:
    """Find for each account the window in which most came in and left again.

    window_s: seconds. since_s: it must end then or later. loss: largest share that stays or is
    added, 0 to 1. Strength: how close in and out are, how many payments were on both sides, and how
    rare so much is for this account.
    """
    moving = np.flatnonzero(network.source != network.target)
    if not len(moving) or window_s * 3 > network.span:
        return none_found("pass-through")
    hub = np.concatenate([network.target[moving], network.source[moving]])
    place = np.concatenate([moving, moving])
    out = np.repeat([False, True], len(moving))
    order = np.lexsort((out, place, hub))
    hub, place, out = hub[order], place[order], out[order]
    amount = network.amount[place]
    sums_in = np.concatenate([[0.0], np.cumsum(np.where(out, 0.0, amount))])
    sums_out = np.concatenate([[0.0], np.cumsum(np.where(out, amount, 0.0))])
    count_in = np.concatenate([[0], np.cumsum(~out)])
    long = np.int64(network.span + window_s + 2)
    keys = hub * long + (network.at[place] - network.at[0])
    low = np.searchsorted(keys, np.maximum(keys - window_s, hub * long), side="left")
    high = np.arange(1, len(hub) + 1)
    came, left = sums_in[high] - sums_in[low], sums_out[high] - sums_out[low]
    n_in = count_in[high] - count_in[low]
    n_out = high - low - n_in
    gap = np.abs(came - left) / np.maximum(np.maximum(came, left), 1e-9)
    many = (n_in >= 1) & (n_out >= 1) & (n_in + n_out >= _EACH_MIN)
    fits = np.flatnonzero(out & many & (gap <= loss) & (network.at[place] >= since_s))
    if not len(fits):
        return none_found("pass-through")
    turned = np.minimum(came, left)[fits]
    total = np.bincount(hub, weights=amount, minlength=len(network.accounts))
    usual = total[hub[fits]] * min(window_s / network.span, 1.0) / 2
    strength = (
        -np.log10(gap[fits] + 0.02)
        + np.log10(n_in[fits] * n_out[fits])
        + np.log10(np.maximum(turned / np.maximum(usual, 1e-9), 1.0))
    )
    best = np.lexsort((-strength, hub[fits]))
    best = best[np.r_[True, hub[fits][best][1:] != hub[fits][best][:-1]]]
    chosen, strength = fits[best], strength[best]

    def payments(which: int) -> Ints:
        at = chosen[which]
        return np.unique(place[low[at] : at + 1])

    return Candidates("pass-through", strength, hub[chosen], payments)
