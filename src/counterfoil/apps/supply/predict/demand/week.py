"""What the last week says of high and low demand: as before, give or take what that erred by.

The tails of a learned distribution are the better for a part of one that was not learned: what was
sold on the same weekday last, and the quantiles of the series' own moves since. The median is left
alone. This module refuses moves farther than three times what the forecast spreads: an error of the
books is not to come again.

Source: Lichtendahl, Grushka-Cockayne and Winkler, Is it better to average probabilities or
quantiles?, Management Science 59(7), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats

__all__ = ["LastWeek", "last_week"]

_SHARE: Final = 0.2  # of a quantile in the tails; falls to 0 at the median
_FULL_FROM: Final = 1.0  # normal score from which on the share is whole
_FARTHEST: Final = 3.0  # standard deviations that what is mixed in may be away
_LEAST: Final = 28  # moves of a series, at least
_MOVES: Final = 364  # its last moves that count
_BACK_WEEKS: Final = 8  # that a sale on the same weekday is looked for
_SCORES: Final = np.linspace(-3.0, 3.0, 61)


@dataclass(frozen=True, slots=True, eq=False)
class LastWeek:
    """What was sold on the same weekday last, and by what that erred.

    past: (series, horizon), not a number where it is not known. moves: (series, weeks, scores).
    """

    past: Floats
    moves: Floats

    def mixed(self, found: Floats, scores: Floats, row: int, spread: Floats) -> Floats:
        """Mix it into quantiles of a series. found, scores: (k, horizon). spread: (horizon,)."""
        share = _SHARE * np.minimum(np.abs(scores) / _FULL_FROM, 1.0)
        made = found.copy()
        for day in np.flatnonzero(np.isfinite(self.past[row])):
            moved = np.interp(scores[:, day], _SCORES, self.moves[row, day // 7])
            away = np.maximum(self.past[row, day] + moved, 0.0) - found[:, day]
            far = _FARTHEST * spread[day]
            made[:, day] += share[:, day] * np.clip(away, -far, far)
        return made


def last_week(values: Floats, horizon: int) -> LastWeek:
    """Look at what was sold. values: (series, days), not a number where closed or missing."""
    count, end = values.shape
    weeks = (horizon + 6) // 7
    past = np.full((count, horizon), np.nan)
    moves = np.zeros((count, weeks, len(_SCORES)))
    levels = need("scipy.special", "supply").ndtr(_SCORES)
    for row, sales in enumerate(values):
        for week in range(weeks):
            lag = 7 * (week + 1)
            errors = sales[lag:] - sales[:-lag] if end > lag else sales[:0]
            errors = errors[np.isfinite(errors)][-_MOVES:]
            if len(errors) < _LEAST:
                continue
            moves[row, week] = np.quantile(errors, levels)
            for day in range(7 * week, min(7 * week + 7, horizon)):
                places = end + day - lag - 7 * np.arange(_BACK_WEEKS)
                known = [at for at in places if at >= 0 and np.isfinite(sales[at])]
                if known:
                    past[row, day] = sales[known[0]]
    return LastWeek(past, moves)
