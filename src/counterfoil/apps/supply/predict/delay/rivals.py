"""What forecasts of delay are compared with: the vendor's rate, and plain gradient boosting.

Both see what is known when an order is placed, as it stands in the file, and no outcome later than
what they learned from. This module refuses to be what decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.apps.supply.predict.delay.training import (
    Calibration,
    Sheet,
    blocks_of,
    calibrate,
)
from counterfoil.extras import need

__all__ = ["plain", "vendor_rate"]

_LEAVES: Final = (7, 15, 31)
_ROUNDS: Final = (50, 100, 200, 300)
_SHARES: Final = (0.55, 0.70, 0.85, 1.0)
_SEEDS: Final = 2
_PRIOR: Final = 5.0


def vendor_rate(sheet: Sheet, known: Any, later: Any) -> Any:
    """Score by the share of late deliveries of the vendor, drawn a little to that of all.

    The vendor is the first of the layout's categories; without any, all are of one.
    """
    np: Any = need("numpy", "supply")
    labels = sheet.labels
    usual = float(labels[known].mean())
    seen: dict[tuple[str, ...], list[float]] = {}
    for at in known:
        seen.setdefault(sheet.orders[at].categories[:1], []).append(labels[at])
    rates = {name: (sum(of) + _PRIOR * usual) / (len(of) + _PRIOR) for name, of in seen.items()}
    return np.array([rates.get(sheet.orders[at].categories[:1], usual) for at in later])


def plain(sheet: Sheet, known: Any, later: Any) -> Any:
    """Score by LightGBM on the columns as they are: texts as categories, dates as numbers.

    The size and number of trees are chosen by later blocks of what is known, as ours; the best is
    calibrated on these.
    """
    np: Any = need("numpy", "supply")
    values, texts = _columns(sheet)
    labels = sheet.labels
    part = sheet.part(known)
    own, told = values[known], labels[known]
    margins: dict[tuple[int, int], list[Any]] = {}
    forward = []
    for before, after in blocks_of(part, _SHARES):
        if not len(after) or not 2 <= told[before].sum() <= len(before) - 2:
            continue
        forward.append(after)
        for leaves in _LEAVES:
            booster = _boost(own[before], told[before], texts, leaves, 0)
            for rounds in _ROUNDS:
                said = booster.predict(own[after], raw_score=True, num_iteration=rounds)
                margins.setdefault((leaves, rounds), []).append(said)
    leaves, rounds, found = _LEAVES[0], _ROUNDS[0], Calibration()
    if forward:
        leaves, rounds, found = _best(margins, told[np.concatenate(forward)])
    margin = sum(
        _boost(own, told, texts, leaves, seed).predict(
            values[later], raw_score=True, num_iteration=rounds
        )
        for seed in range(_SEEDS)
    )
    trees = margin / _SEEDS
    return 1 / (1 + np.exp(-found.log_odds(trees, np.zeros_like(trees))))


def _best(
    margins: Mapping[tuple[int, int], Sequence[Any]], right: Any
) -> tuple[int, int, Calibration]:
    """Choose the size and number of trees with the least log loss, calibrated."""
    np: Any = need("numpy", "supply")
    tried = []
    for (leaves, rounds), said in margins.items():
        trees = np.concatenate(said)
        found = calibrate(trees, np.zeros_like(trees), right)
        share = 1 / (1 + np.exp(-found.log_odds(trees, np.zeros_like(trees))))
        loss = -float(np.log(np.where(right > 0, share, 1 - share)).mean())
        tried.append((loss, leaves, rounds, found))
    return min(tried, key=lambda one: one[0])[1:]


def _columns(sheet: Sheet) -> tuple[Any, list[int]]:
    """Give the columns that a file has: dates as days, what is between them, numbers, codes."""
    np: Any = need("numpy", "supply")
    plain_numbers = [
        at
        for at, (name, group) in enumerate(zip(sheet.names, sheet.groups, strict=True))
        if (group == "order" and name.startswith("column "))
        or name in ("value", "quantity", "month", "weekday", "day of the month")
        or name in ("days from order to schedule", "days from quote to schedule")
    ]
    codes = sheet.columns("category")
    days = np.array([[float(one.scheduled)] for one in sheet.orders])
    values = np.hstack([sheet.values[:, codes], sheet.values[:, plain_numbers], days])
    return values, list(range(len(codes)))


def _boost(values: Any, labels: Any, texts: list[int], leaves: int, seed: int) -> Any:
    lightgbm: Any = need("lightgbm", "supply")
    np: Any = need("numpy", "supply")
    settings = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": leaves,
        "min_data_in_leaf": 20,
        "lambda_l2": 5.0,
        "cat_smooth": 50.0,
        "feature_fraction": 0.5,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(
        np.ascontiguousarray(values), np.ascontiguousarray(labels), categorical_feature=texts,
        params={"verbosity": -1},
    )  # fmt: skip
    return lightgbm.train(settings, data, _ROUNDS[-1])
