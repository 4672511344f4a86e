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
    """A series that is known up to now.

    values: (n,) float64, oldest first, finite. season: steps after which it tends to repeat, >= 1;
    1 for never. times: (n,) float64, seconds since 1970, evenly spaced, or None.
    """

    values: NDArray[np.float64]
    season: int = 1
    times: NDArray[np.float64] | None = None


class Forecaster(Protocol):
    """Learns from a series, and forecasts from any later state of it."""

    def fit(self, known: Series, horizon: int) -> None:
        """Learn from what is known, to forecast 1 to `horizon` steps ahead."""

    def forecast(self, known: Series) -> NDArray[np.float64]:
        """Give (horizon,) float64: the values after the last one of `known`, nothing learned."""
