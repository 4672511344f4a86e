"""Judge how well distrust is foreseen: learn from the early ratings, rank the late ones.

The split is by time: the first fifth only fills the graph, the next three are learned from, the
last fifth is judged. Intervals come from drawing rated accounts anew, since ratings of one are
alike. This module refuses to learn from any rating of the judged part; only the memory of the
graph goes on, as it would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.insight.accounts.judging import Judged, compare
from counterfoil.insight.accounts.trust import (
    GRAPH_FEATURES,
    PLAIN_FEATURES,
    Ratings,
    trust_features,
)
from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["JudgedTrust", "judge_trust"]

_WARM: Final = 0.2
_LEARNED: Final = 0.8
_LEAST: Final = 10
_ROUNDS: Final = 300
_PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "seed": 1,
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
}
_DEFAULTS: Final[dict[str, Any]] = {
    "objective": "binary",
    "verbose": -1,
    "num_threads": 1,
    "deterministic": True,
}


@dataclass(frozen=True, slots=True)
class JudgedTrust:
    """How well models foresee negative ratings.

    ratings: in all. learned, judged: of these. distrust: negative ones of the judged. models: name
    -> figures: `counterfoil` has all features, `plain_boosting` is LightGBM by default on what
    each side did by itself, `target_share` ranks by the share of negative ratings so far,
    `fairness_goodness` by fairness times goodness, `chance` not at all.
    """

    ratings: int
    learned: int
    judged: int
    distrust: int
    models: dict[str, Judged]


def judge_trust(ratings: Ratings, resamples: int = 1000) -> JudgedTrust:
    """Judge on the last fifth of ratings. Raises InputError with code accounts.ratings-few."""
    np = need("numpy")
    count = len(ratings.time)
    warm, end = int(_WARM * count), int(_LEARNED * count)
    bad = ratings.rating < 0
    if min(int(bad[warm:end].sum()), int(bad[end:].sum())) < _LEAST:
        raise InputError(
            "accounts.ratings-few",
            f"expected {_LEAST} negative ratings or more to learn from and to judge, found "
            f"{int(bad[warm:end].sum())} and {int(bad[end:].sum())}",
            hint="Give more ratings.",
        )
    table = trust_features(ratings)
    names = PLAIN_FEATURES + GRAPH_FEATURES
    usual = float(bad[:end].mean())
    share = np.nan_to_num(table[end:, names.index("target_negative")], nan=usual)
    plain = table[:, : len(PLAIN_FEATURES)]
    told = {
        "counterfoil": _boosted(table, bad, warm, end, _PARAMETERS, _ROUNDS),
        "plain_boosting": _boosted(plain, bad, warm, end, _DEFAULTS, 100),
        "target_share": share,
        "fairness_goodness": -table[end:, names.index("expected")],
        "chance": np.zeros(count - end),
    }
    groups = [int(one).to_bytes(8, "big") for one in ratings.target[end:]]
    figures = compare(
        {name: one[None, :] for name, one in told.items()}, bad[end:], groups, resamples
    )
    return JudgedTrust(count, end - warm, count - end, int(bad[end:].sum()), figures)


def _boosted(
    table: Floats, bad: Any, warm: int, end: int, parameters: dict[str, Any], rounds: int
) -> Floats:
    lightgbm = need("lightgbm")
    data = lightgbm.Dataset(table[warm:end], bad[warm:end].astype(float), params={"verbose": -1})
    booster = lightgbm.train(parameters, data, num_boost_round=rounds)
    found: Floats = booster.predict(table[end:], num_threads=1, raw_score=True)
    return found
