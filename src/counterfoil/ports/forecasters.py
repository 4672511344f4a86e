"""How a package brings in a forecaster of numeric series.

Registered through the entry point group `counterfoil.forecasters`, as a function without arguments
that makes a new forecaster; those of `learn.forecast` are, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # listing operations must not load numpy
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Forecaster", "Series"]


@dataclass(frozen=True, slots=True)
class Series:
    """A series of numbers at even steps.

    values: (n,) float64, oldest first, finite. season: steps after which it tends to repeat, >= 1;
    1 for never. start, step: seconds since 1970 of the first value, and seconds between two; a
    step of 0 where times are not known.
    """

    values: NDArray[np.float64]
    season: int = 1
    start: float = 0.0
    step: float = 0.0


class Forecaster(Protocol):
    """Learns from the beginning of a series, and forecasts from any later place in it."""

    def fit(self, series: Series, end: int, horizon: int) -> None:
        """Learn from the first `end` values alone, to forecast 1 to `horizon` steps ahead."""

    def forecast(self, series: Series, origins: NDArray[np.int64]) -> NDArray[np.float64]:
        """Forecast from many places at once; nothing is learned.

        origins: (k,) how many values are known at each, at least the `end` of the last `fit`.
        Returns (k, horizon) float64: row i is made from `values[:origins[i]]` alone.
        """
