"""Fit the weights of a matcher on labelled pairs: logistic regression with signs kept.

Each weight may only speak in the direction that its feature is documented to speak in, and at least
a little: two equal names score more than any other pair with one of them, and a long name more than
a short one, whatever the training pairs were. This module refuses pairs of one label only.
Source: logistic regression with an L2 penalty on the weights of standardised features, by L-BFGS-B
(Byrd et al. 1995), whose bounds keep the signs.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy.optimize import minimize

from counterfoil.apps.finance.names.features import FEATURES
from counterfoil.errors import InputError

__all__ = ["PENALTY", "fit"]

PENALTY: Final = 1.0
"""Of the squared weights of standardised features, in units of one pair's loss."""


def fit(values: Any, labels: Any, weights: Any = None, *, penalty: float = PENALTY) -> Any:
    """Fit a weight for each feature, and a bias.

    values: (n, d) float64, columns as `features.NAMES`. labels: (n,) bool. weights: (n,) of pairs,
    else 1 each. Returns (d + 1,) float64, log-odds per unit of the feature, the bias last.
    Raises InputError with code names.labels.
    """
    values, labels = np.asarray(values, float), np.asarray(labels, bool)
    if len(labels) == 0 or labels.all() or not labels.any():
        raise InputError(
            "names.labels",
            "expected pairs that match and pairs that do not, found only one of the two",
            hint="Add pairs of the other kind.",
        )
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    scale = values.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.hstack([values / scale, np.ones((len(values), 1))])
    signed = np.where(labels, 1.0, -1.0)

    def loss(found: Any) -> tuple[float, Any]:
        margin = signed * (design @ found)
        rest = np.append(found[:-1], 0.0)
        cost = float(weights @ np.logaddexp(0.0, -margin) + 0.5 * penalty * rest @ rest)
        slope = -weights * signed / (1.0 + np.exp(np.clip(margin, -500, 500)))
        return cost, design.T @ slope + penalty * rest

    bounds = _bounds(scale)
    start = np.array([(low if high is None else high) or 0.0 for low, high in bounds])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return np.append(found[:-1] / scale, found[-1])


def _bounds(scale: Any) -> list[tuple[float | None, float | None]]:
    """Bound the weights of standardised features; the bias is free."""
    found: list[tuple[float | None, float | None]] = []
    for one, size in zip(FEATURES.values(), scale, strict=True):
        if one.sign < 0:
            found.append((None, -one.least * size))
        else:
            found.append((one.least * size if one.sign else None, None))
    return [*found, (None, None)]
