"""The plainest detector: how far out in a normal distribution fitted to the last 1000 values.

It stands here to be beaten, and for those who want no more. This module refuses to weigh values:
it is the baseline that the benchmark publishes.

Source: the windowed Gaussian of the Numenta Anomaly Benchmark.
"""

from __future__ import annotations

from collections import deque
from math import fsum, sqrt
from typing import Final

import msgspec

__all__ = ["WindowedGaussian"]

_WINDOW: Final = 1000
_FEWEST: Final = 20


class WindowedGaussian:
    """|z|, by the mean and deviation of the last 1000 values; the benchmark's is its tail."""

    def __init__(self) -> None:
        self._window: deque[float] = deque(maxlen=_WINDOW)

    def odd(self, value: float, at: float | None) -> float | None:  # noqa: ARG002
        """Say how odd a value is, in deviations, then learn it; see `Member`."""
        found = None
        count = len(self._window)
        if count >= _FEWEST:
            mean = fsum(self._window) / count
            spread = sqrt(fsum((one - mean) ** 2 for one in self._window) / count)
            away = abs(value - mean)
            if away < 1e-12 * abs(mean):  # beneath is rounding
                away = 0.0
            found = away / (spread or 1e-6)
        self._window.append(value)
        return found

    def state(self) -> msgspec.Raw:
        """Give the window; see `Member`."""
        return msgspec.Raw(msgspec.json.encode(list(self._window)))

    def restore(self, state: msgspec.Raw) -> None:
        """Take back a window; see `Member`."""
        self._window = deque(msgspec.json.decode(state, type=list[float]), maxlen=_WINDOW)
