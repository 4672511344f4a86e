"""What any model of accounts has to beat: chance, the best single number, trees by default.

This module refuses to tune: the defaults of LightGBM are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from counterfoil.insight.accounts.model import raw_scores, train
from counterfoil.insight.accounts.precision import precision
from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["MODELS", "Fit", "chance", "counterfoil", "default_boosting", "one_number"]

Fit = Callable[["Floats", "Bools", "Floats"], "Floats"]
"""Learns from (n, d) values and (n,) labels, and scores (m, d) others: (m,), higher is worse."""


def chance(values: Floats, labels: Bools, others: Floats) -> Floats:  # noqa: ARG001
    """Score all alike: the average precision is the share of fraud."""
    found: Floats = need("numpy").zeros(len(others))
    return found


def one_number(values: Floats, labels: Bools, others: Floats) -> Floats:
    """Rank by the column that ranks best in the learned part, upwards or downwards."""
    np = need("numpy")
    filled = np.nan_to_num(values, nan=-1.0)
    best, at, sign = -1.0, 0, 1.0
    for column in range(filled.shape[1]):
        for way in (1.0, -1.0):
            found = precision(way * filled[:, column], labels)
            if found > best:
                best, at, sign = found, column, way
    ranked: Floats = sign * np.nan_to_num(others[:, at], nan=-1.0)
    return ranked


def default_boosting(values: Floats, labels: Bools, others: Floats) -> Floats:
    """Boost trees on the columns as LightGBM does by default: 100 of 31 leaves, rate 0.1."""
    lightgbm: Any = need("lightgbm")
    data = lightgbm.Dataset(values, labels.astype(float), params={"verbose": -1})
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True}
    booster = lightgbm.train(settings, data, num_boost_round=100)
    found: Floats = booster.predict(others, num_threads=1, raw_score=True)
    return found


def counterfoil(values: Floats, labels: Bools, others: Floats) -> Floats:
    """Learn as `train` does."""
    return raw_scores(train(values, labels), others)


MODELS: Final[Mapping[str, Fit]] = MappingProxyType(
    {
        "counterfoil": counterfoil,
        "default_boosting": default_boosting,
        "one_number": one_number,
        "chance": chance,
    }
)
"""Name -> how it learns and scores; the first is ours, the second the one to beat."""
