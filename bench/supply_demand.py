"""Demand forecasts beside the seasonal naive and LightGBM's quantiles, on two sets of sales.

Origins lie one horizon apart at the end of each file. The newsvendor's cost is told at five ratios,
with what ours saves and a 95 % interval over weeks. LightGBM learns each ratio by itself on lags,
rolling means, the calendar and what is known ahead. The restaurant is judged over its last half
year, with `--campaign` over its last year; the shops from 2 origins, with it from 6. With a part of
a name only that set. About ten minutes on one core.

    ./dev bench supply_demand [PART OF A NAME] [--campaign]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from bench.measure import table
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.judging import OURS, RATIOS, judge_demand
from counterfoil.apps.supply.predict.demand.table import Mapped, read_history

__all__ = ["boosted_quantiles", "main"]

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("COUNTERFOIL_DATA") or ROOT.parent / "shared" / "data")
DISHES = ("calamari", "fish", "shrimp", "chicken", "koefte", "lamb", "steak")
WEATHER = ("is_holiday", "wind", "clouds", "rain", "sunshine", "temperature")
SETS: dict[str, tuple[Path, Mapped]] = {
    "restaurant": (
        DATA / "restaurant_demand_yaz" / "yaz.csv",
        Mapped(sales=DISHES, known=WEATHER, closed="is_closed"),
    ),
    "restaurant, no weather": (
        DATA / "restaurant_demand_yaz" / "yaz.csv",
        Mapped(sales=DISHES, known=("is_holiday",), closed="is_closed"),
    ),
    "shops": (
        DATA / "store_item_demand" / "store_item.parquet",
        Mapped(series=("store", "item")),
    ),
}
PAIRS = 120_000


def boosted_quantiles(history: History, horizon: int, levels: Sequence[float]) -> Any:
    """Forecast by LightGBM, a model for each level: (levels, series, days)."""
    values, end = history.values, history.days
    chance = np.random.default_rng(1)
    rows, target = np.nonzero(np.isfinite(values))
    ahead = chance.integers(1, horizon + 1, len(rows))
    fit = target - ahead >= 28
    rows, target, ahead = rows[fit], target[fit], ahead[fit]
    some = np.sort(chance.permutation(len(rows))[:PAIRS])
    rows, target, ahead = rows[some], target[some], ahead[some]
    data = lightgbm.Dataset(_lags(history, rows, target + 1 - ahead, ahead), values[rows, target])
    data.free_raw_data = False
    count = len(values)
    later = np.tile(np.arange(1, horizon + 1), count)
    asked = _lags(history, np.repeat(np.arange(count), horizon), np.full(len(later), end), later)
    found = []
    for level in levels:
        options = {
            "objective": "quantile",
            "alpha": level,
            "learning_rate": 0.05,
            "num_leaves": 31,
            "num_threads": 1,
            "deterministic": True,
            "seed": 1,
            "verbose": -1,
        }
        model = lightgbm.train(options, data, 250)
        found.append(np.maximum(model.predict(asked), 0).reshape(count, horizon))
    return np.stack(found)


def _lags(history: History, rows: Any, origins: Any, ahead: Any) -> Any:
    values = history.values
    target = origins - 1 + ahead
    days = (history.first_day + target).astype("datetime64[D]")
    columns = [ahead, rows, (history.first_day + target + 3) % 7]
    columns.append((days - days.astype("datetime64[Y]")).astype(float))
    columns.append((days - days.astype("datetime64[M]")).astype(float))
    columns += [values[rows, origins - 1 - back] for back in range(14)]
    whole = (ahead + 6) // 7 * 7
    for week in range(5):
        place = target - whole - 7 * week
        columns.append(np.where(place >= 0, values[rows, np.maximum(place, 0)], np.nan))
    place = target - 364
    columns.append(np.where(place >= 0, values[rows, np.maximum(place, 0)], np.nan))
    sums = np.cumsum(np.pad(np.nan_to_num(values), ((0, 0), (1, 0))), axis=1)
    counts = np.cumsum(np.pad(np.isfinite(values), ((0, 0), (1, 0))), axis=1)
    for width in (7, 28, 91):
        low = np.maximum(origins - width, 0)
        number = np.maximum(counts[rows, origins] - counts[rows, low], 1)
        columns.append((sums[rows, origins] - sums[rows, low]) / number)
    shared = rows if len(history.given) > 1 else np.zeros_like(rows)
    columns += list(history.given[shared, target].T)
    return np.column_stack(columns)


def main(part: str, *, campaign: bool) -> None:
    """Judge and print."""
    rows, gains = [], []
    for name, (path, mapped) in SETS.items():
        if part not in name:
            continue
        history = read_history(path, mapped)
        many = len(history.names) > 50
        for horizon in (28, 7):
            half, whole = (2, 6) if many else (182 // horizon, 364 // horizon)
            origins = whole if campaign else half
            began = time.process_time()
            rivals = {"LightGBM quantiles": boosted_quantiles}
            found = judge_demand(history, horizon, origins=origins, rivals=rivals)
            taken = time.process_time() - began
            for who, one in found.figures.items():
                first = who == OURS
                rows.append(
                    [
                        f"{name}, {horizon} days x {origins}" if first else "",
                        who,
                        f"{one.mase:.3f}",
                        f"{one.pinball:.3f}",
                        f"{one.cover_80:.3f}",
                        f"{one.cover_90:.3f}",
                        *(f"{one.costs[f'{ratio:g}']:.3f}" for ratio in RATIOS),
                        f"{taken:.0f}" if first else "",
                    ]
                )
            for than in list(found.figures)[1:]:
                saved = [one for one in found.gains if one.than == than]
                shown = [f"{one.gain:+.1%} ({one.low:+.1%} to {one.high:+.1%})" for one in saved]
                gains.append([f"{name}, {horizon} days", than, *shown])
            print(f"{name}, {horizon} days: done", file=sys.stderr)
    ratios = [f"at {ratio:g}" for ratio in RATIOS]
    heads = ["", "", "MASE", "pinball", "in 80 %", "in 90 %", *ratios, "CPU s for all"]
    table("demand, and the newsvendor's cost a day in units", heads, rows)
    table("what ours saves", ["", "beside", *ratios], gains)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    main(words[0] if words else "", campaign="--campaign" in sys.argv)
