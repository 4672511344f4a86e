"""Turn a model's margin into a probability that means what it says, on payments that came later.

Beta calibration: log-odds = a ln p - b ln(1 - p) + c, with a and b not below 0, so that the order
stays. With few frauds one slope serves both, with hardly any the slope is 1. This module refuses
to fit on what the model learned from; who calls sees to that.
Source: Kull, Silva Filho and Flach, Beta calibration, AISTATS 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.extras import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Calibration", "calibrate"]

_SLOPE_FROM: Final = 10  # frauds, from which on a slope is fitted
_BOTH_FROM: Final = 60  # frauds, from which on it may differ on either side
_RIDGE: Final = 1.0
_STEPS: Final = 50


class Calibration(msgspec.Struct, frozen=True):
    """log-odds = b softplus(margin) - a softplus(-margin) + c; a, b >= 0."""

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def probability(self, margins: Floats) -> Floats:
        """Compute the probability of each margin."""
        np: Any = need("numpy", "finance")
        said = self.b * np.logaddexp(0, margins) - self.a * np.logaddexp(0, -margins) + self.c
        found: Floats = 1 / (1 + np.exp(-np.clip(said, -500, 500)))
        return found


def calibrate(margins: Floats, labels: Floats) -> Calibration:
    """Fit on margins of payments that the model did not learn from. labels: 1 fraud, 0 genuine."""
    np: Any = need("numpy", "finance")
    frauds = int(labels.sum())
    if frauds == 0 or frauds == len(labels):
        return Calibration()
    up, down = np.logaddexp(0, margins), -np.logaddexp(0, -margins)  # -ln(1 - p), ln p
    whole = np.ones_like(margins)
    if frauds < _SLOPE_FROM:
        (c,) = _fit(whole[:, None], labels, np.zeros(1), up + down)
        return Calibration(1.0, 1.0, c)
    if frauds >= _BOTH_FROM:
        a, b, c = _fit(np.column_stack([down, up, whole]), labels, np.array([1.0, 1.0, 0.0]))
        if a >= 0 and b >= 0 and a + b > 0:
            return Calibration(a, b, c)
    slope, c = _fit(np.column_stack([up + down, whole]), labels, np.array([1.0, 0.0]))
    slope = max(slope, 0.05)
    return Calibration(slope, slope, c)


def _fit(columns: Any, labels: Any, start: Any, offset: Any = 0.0) -> list[float]:
    """Fit a logistic regression by Newton's method, drawn a little to where it starts."""
    np: Any = need("numpy", "finance")
    weights = start.astype(float)
    pull = np.full(len(weights), _RIDGE)
    pull[-1] = 1e-6  # the base rate is free
    for _ in range(_STEPS):
        said = np.clip(columns @ weights + offset, -500, 500)
        share = 1 / (1 + np.exp(-said))
        slope = columns.T @ (labels - share) - pull * (weights - start)
        curve = (columns * (share * (1 - share) + 1e-12)[:, None]).T @ columns + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        weights = weights + np.clip(step, -5, 5)
        if float(np.abs(step).max()) < 1e-9:
            break
    found: list[float] = weights.tolist()
    return found
