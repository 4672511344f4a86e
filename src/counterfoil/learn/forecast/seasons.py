"""Find after how many steps a series repeats, by its autocorrelation.

This module refuses to see a season in noise: a peak has to stand out above what lies
between its multiples, and to fit three times.

Source: Box, Jenkins, Reinsel and Ljung, Time series analysis, 5th edition, 2.1; differences are
taken first, so that a trend is no season.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_season"]

_LATEST: Final = 20_000  # values looked at
_STANDS_OUT: Final = 0.15
_RETURNS: Final = 0.3  # of levels, where moves are mostly noise
_LONGER: Final = 1.25  # a multiple of a season has to explain so much more
_TEETH: Final = 6  # multiples of a lag that are looked at
_CALENDAR_S: Final = (3600, 86_400, 7 * 86_400)


def find_season(values: NDArray[np.float64], step: float = 0.0) -> int:
    """Give the season of a series, in steps; 1 where there is none.

    values: (n,) finite, oldest first. step: seconds between two, 0 where not known; then hours,
    days and weeks are candidates of their own, of which levels may tell, too, and others have to be
    clearer.
    """
    some = values[-_LATEST:]
    count = len(some)
    longest = count // 3
    if longest < 2 or np.ptp(some) == 0:
        return 1
    moves = np.diff(some)
    low, high = np.quantile(moves, [0.02, 0.98])
    moves = np.clip(moves, low, high)
    found = _autocorrelation(moves)[: 2 * longest + 1]
    if not found[0]:
        return 1
    combed = _combed(found, longest)
    inner = np.arange(2, longest)
    peaks = inner[(found[inner] > found[inner - 1]) & (found[inner] >= found[inner + 1])]
    noise = max(_STANDS_OUT, 4 / np.sqrt(count))
    if step > 0:
        natural = [round(span / step) for span in _CALENDAR_S if span % step == 0]
        near = [at for at in natural if 2 <= at < longest and found[at] > noise]
        if near:
            return _shortest(np.asarray(near), found)
        level = np.zeros(longest + 1)
        for at in natural:
            if 2 <= at < longest:
                level[at] = _returns(some, at)
        near = [at for at in natural if at < longest and level[at] > max(_RETURNS, 5 / count**0.5)]
        if near:
            return _shortest(np.asarray(near), level)
    peaks = peaks[combed[peaks] > noise]
    return _shortest(peaks, combed) if len(peaks) else 1


def _shortest(lags: NDArray[np.int64], height: NDArray[np.float64]) -> int:
    """Choose the shortest of the lags that explain nearly as much as the best one."""
    best = float(height[lags].max())
    return int(next(at for at in np.sort(lags) if height[at] * _LONGER >= best))


def _combed(found: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """Tell how much higher multiples of each lag stand than what lies half-way between them."""
    combed = np.full(longest + 1, -np.inf)
    for lag in range(2, longest):
        whole = np.arange(1, min((len(found) - 1 - lag) // lag, _TEETH) + 1) * lag
        if len(whole):
            combed[lag] = (found[whole] - found[whole + lag // 2]).mean() / 2
    return combed


def _returns(values: NDArray[np.float64], lag: int) -> float:
    """Tell how far levels repeat after `lag`, in their distance from the mean around them."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    away = values[lag // 2 :][: len(sums) - lag] - (sums[lag:] - sums[:-lag]) / lag
    low, high = np.quantile(away, [0.02, 0.98])
    away = np.clip(away, low, high)
    away = away - away.mean()
    power = float((away**2).sum())
    return float((away[lag:] * away[:-lag]).sum()) / power if power > 0 else 0.0


def _autocorrelation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - values.mean()
    size = 2 ** int(np.ceil(np.log2(2 * len(centred))))
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    found = np.fft.irfft(power, size)[: len(centred)]
    return np.asarray(found / found[0]) if found[0] > 0 else np.zeros(len(centred))
