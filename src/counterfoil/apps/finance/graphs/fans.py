"""Fans: an account that suddenly pays, or is paid by, many whom it never met before.

Counted are first meetings, since regular ones are habit. For each account the window with most of
them is compared with the most payments of any window apart from that one, and with its own pace
(Poisson): who pays a thousand salaries each month does nothing new in the first one. This module
refuses windows that are long beside the data.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from counterfoil.apps.finance.graphs.candidates import Candidates, Floats, none_found
from counterfoil.apps.finance.graphs.network import Ints, Network

__all__ = ["find_fans", "poisson_tail"]

_MEETINGS_MIN: Final = 4


def find_fans(
    network: Network, which: Literal["fan-in", "fan-out"], window_s: int, since_s: int
) -> Candidates:
    """Find each account's burst of first meetings within `window_s` seconds.

    since_s: it must end then or later; what was before is habit.
    """
    hub, other = network.target, network.source
    if which == "fan-out":
        hub, other = other, hub
    moving = np.flatnonzero(hub != other)
    if not len(moving) or window_s * 3 > network.span:
        return none_found(which)
    pair = hub[moving] * np.int64(len(network.accounts)) + other[moving]
    _, met = np.unique(pair, return_index=True)  # the first of each, since time is in order
    met = np.sort(moving[met])
    order = np.argsort(hub[met], kind="stable")
    met = met[order]
    hubs, when = hub[met], network.at[met] - network.at[0]
    long = np.int64(network.span + window_s + 2)
    keys = hubs * long + when
    low = np.searchsorted(keys, np.maximum(keys - window_s, hubs * long), side="left")
    count = np.arange(len(met)) - low + 1
    count[network.at[met] < since_s] = 0
    begins = np.flatnonzero(np.r_[True, hubs[1:] != hubs[:-1]])
    total = np.diff(np.r_[begins, len(hubs)])
    most = np.maximum.reduceat(count, begins)
    at_most = np.flatnonzero(count == np.repeat(most, total))
    top = at_most[np.searchsorted(hubs[at_most], hubs[begins], side="left")]
    keep = np.flatnonzero(most >= _MEETINGS_MIN)
    if not len(keep):
        return none_found(which)
    # The pace apart from the burst, as if one more meeting had been anywhere else.
    pace = (total - most + 1)[keep] * (window_s / network.span)
    habit = _busiest_apart(network, hub, moving, hubs[begins][keep], when[top[keep]], window_s)
    pace = np.maximum(pace, habit)
    tries = np.log10(np.maximum(total[keep], 1))
    strength = np.maximum(poisson_tail(most[keep], pace) - tries, 0.0)

    def payments(place: int) -> Ints:
        last = top[keep[place]]
        inside: Ints = met[low[last] : last + 1]
        return inside

    return Candidates(which, strength, hubs[begins][keep], payments)


def _busiest_apart(
    network: Network, hub: Ints, moving: Ints, hubs: Ints, bursts: Ints, window_s: int
) -> Floats:
    """Count the most payments of a hub in any window that does not touch its burst.

    hubs: in order; bursts: when each one's burst ended, seconds after the first payment.
    """
    order = moving[np.argsort(hub[moving], kind="stable")]
    long = np.int64(network.span + window_s + 2)
    when = network.at[order] - network.at[0]
    keys = hub[order] * long + when
    low = np.searchsorted(keys, np.maximum(keys - window_s, hub[order] * long), side="left")
    count = np.arange(len(order)) - low + 1
    place = np.searchsorted(hubs, hub[order])
    known = place < len(hubs)
    known[known] = hubs[place[known]] == hub[order][known]
    apart = known.copy()
    apart[known] = np.abs(when[known] - bursts[place[known]]) > window_s
    found = np.zeros(len(hubs))
    np.maximum.at(found, place[apart], count[apart])
    return found


def poisson_tail(count: Ints, rate: Floats) -> Floats:
    """Compute minus the decimal logarithm of the chance of `count` or more at a mean of `rate`.

    The largest term times a geometric series: an upper bound of the chance, exact to a few per cent
    where that is small; nothing where the mean is as large as the count.
    count: (k,) at least 1; rate: (k,) above zero.

    >>> float(poisson_tail(np.array([3]), np.array([1.0]))[0].round(2))
    1.09
    """
    known = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(count.max()) + 2)))])
    log_term = count * np.log(rate) - rate - known[count]
    ratio = np.minimum(rate / (count + 1), 0.999)
    tail = log_term - np.log1p(-ratio)
    found: Floats = np.where(rate >= count, 0.0, np.maximum(-tail / np.log(10), 0.0))
    return found
