"""What anybody would have forecast from the prices before: the naive and the strong baseline.

Nothing here sees a price of the entry's day or later. Sources: momentum over twelve months without
the last, Jegadeesh and Titman, Returns to buying winners and selling losers, J. of Finance 48(1),
1993.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from counterfoil.apps.quant.figures import Floats
from counterfoil.apps.quant.prices import Prices

__all__ = ["MONTH", "YEAR", "Guess", "guess", "momentum"]

YEAR: Final = 252
"""Days of trade in a year."""

MONTH: Final = 21
"""Days of trade in a month."""

_LEAST: Final = 30  # windows before, from which a share or quantile is told
_HISTORY: Final = 5 * YEAR


@dataclass(frozen=True, slots=True)
class Guess:
    """Naive forecasts of some things at one moment; arrays are (k,).

    up: share of windows of the same length before that rose, 0.5 from too few. quantiles: of those,
    at 5, 50 and 95 %. momentum: see `momentum`; all 0 where prices do not reach back. equal: the
    book of equal weights. long: equal weights of the best third by momentum; else all.
    """

    up: Floats
    quantiles: tuple[Floats, Floats, Floats]
    momentum: Floats
    equal: dict[str, float]
    long: dict[str, float]


def guess(prices: Prices, targets: Sequence[str], entry: str, exit: str) -> Guess:
    """Forecast as anybody could have before a day. targets: names of columns."""
    rows = bisect_left(prices.days, entry)
    known = prices.values[max(0, rows - _HISTORY) : rows, [prices.names.index(t) for t in targets]]
    length = _length(prices.days[:rows], entry, exit)
    up, edges = [], []
    for column in known.T:
        past = column[length:] / column[:-length] - 1 if len(column) > length else np.zeros(0)
        past = past[np.isfinite(past)]
        enough = len(past) >= _LEAST
        up.append(float((past > 0).mean()) if enough else 0.5)
        edges.append(np.quantile(past, [0.05, 0.5, 0.95]) if enough else np.zeros(3))
    table = np.array(edges)
    signal = momentum(known)
    share = 1 / len(targets)
    best = max(1, len(targets) // 3)
    chosen = list(targets)
    if np.isfinite(signal).all() and len(targets) >= 3:
        chosen = [targets[at] for at in np.argsort(-signal, kind="stable")[:best]]
    else:
        signal = np.zeros(len(targets))
    return Guess(
        np.array(up),
        (table[:, 0], table[:, 1], table[:, 2]),
        signal,
        dict.fromkeys(targets, share),
        dict.fromkeys(chosen, 1 / len(chosen)),
    )


def momentum(values: Floats) -> Floats:
    """Compute the return from a year to a month before the end. values: (days, k); nan where short.

    Returns (k,) float64.
    """
    if len(values) <= YEAR:
        return np.full(values.shape[1], np.nan)
    found: Floats = values[-MONTH] / values[-YEAR] - 1
    return found


def _length(days: Sequence[str], entry: str, exit: str) -> int:
    """Tell how many rows a period is long, by the days before: its own are not known then."""
    wanted = (date.fromisoformat(exit) - date.fromisoformat(entry)).days
    if len(days) < 2:
        return max(1, wanted)
    whole = (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days
    return max(1, round(wanted * (len(days) - 1) / max(1, whole)))
