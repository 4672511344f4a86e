"""How good forecasts of delay are, beside what anybody could do, on orders that came later.

Splits expand with time: a model learns from orders scheduled before a day whose outcome was known
by then, and is judged on those scheduled after it. The rivals: the share of late deliveries of the
vendor, and plain gradient boosting on the columns as they are, its texts as categories, which may
choose among three times as many settings by the same blocks and is calibrated on them too.
Intervals resample orders, not lines: the lines of one come together. This module refuses to choose
a model.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from counterfoil.apps.supply.predict.delay.drift import Drift
from counterfoil.apps.supply.predict.delay.features import USUAL, Fold
from counterfoil.apps.supply.predict.delay.layout import Layout
from counterfoil.apps.supply.predict.delay.orders import Order, moment_of
from counterfoil.apps.supply.predict.delay.rivals import plain, vendor_rate
from counterfoil.apps.supply.predict.delay.training import (
    Sheet,
    blocks_of,
    fold_orders,
    learn,
    require_labels,
    usable,
)
from counterfoil.extras import need
from counterfoil.learn.metrics import average_precision
from counterfoil.ports import Progress, no_progress

__all__ = ["SHARES", "Compared", "Interval", "Split", "area_of", "compare", "figures_of"]

SHARES: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Where splits begin and end, as shares of the lines by schedule."""

_ROUNDS: Final = 200
_LEAST: Final = 1e-6

Score = Callable[[Sheet, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Split:
    """Lines learned from and judged on, the share late of these, and figures by model.

    begins, ends: ISO dates of the first and last schedule that is judged. gains: figure -> how
    much better ours is than plain gradient boosting, by resampling orders.
    """

    begins: str
    ends: str
    learned: int
    judged: int
    late_share: float
    models: Mapping[str, Mapping[str, float]]
    gains: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Compared:
    """All splits. means: model -> figure -> mean of the splits. gains: of the means."""

    splits: Sequence[Split]
    means: Mapping[str, Mapping[str, float]]
    gains: Mapping[str, Interval]


def compare(
    orders: Sequence[Order],
    layout: Layout,
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Compared:
    """Judge ours and the rivals on the same splits. Raises as `learn`."""
    np: Any = need("numpy", "supply")
    sheet = fold_orders(Fold(layout), orders, layout, progress)
    rivals: dict[str, Score] = {"ours": partial(_ours, layout), "plain gradient boosting": plain}
    rivals |= {"vendor's rate": vendor_rate}
    labels = sheet.labels
    require_labels(labels[usable(sheet)])
    groups = np.unique([one.order for one in sheet.orders], return_inverse=True)[1]
    splits, drawn = list[Split](), list[dict[str, Any]]()
    for at, (known, later) in enumerate(blocks_of(sheet, shares)):
        progress(at, len(shares) - 1, "splits judged")
        told = labels[later]
        if not 0 < told.sum() < len(told):
            continue
        scores = {name: score(sheet, known, later) for name, score in rivals.items()}
        models = {name: figures_of(told, one) for name, one in scores.items()}
        gains = _draw(told, scores["ours"], scores["plain gradient boosting"], groups[later], seed)
        drawn.append(gains)
        days = [sheet.orders[place].scheduled for place in later]
        splits.append(
            Split(
                date.fromordinal(min(days)).isoformat(),
                date.fromordinal(max(days)).isoformat(),
                len(known),
                len(later),
                float(told.mean()),
                models,
                {name: _interval(_better(models, name), of) for name, of in gains.items()},
            )
        )
    progress(len(shares) - 1, len(shares) - 1, "splits judged")
    means = {
        name: {
            figure: float(np.mean([one.models[name][figure] for one in splits]))
            for figure in splits[0].models[name]
        }
        for name in (rivals if splits else ())
    }
    together = {
        name: _interval(_better(means, name), np.mean([one[name] for one in drawn], axis=0))
        for name in (drawn[0] if drawn else ())
    }
    return Compared(splits, means, together)


def figures_of(labels: Any, scores: Any) -> dict[str, float]:
    """Compute average precision, area under the ROC curve, log loss and Brier score.

    labels: 1 late, 0 not, (n,). scores: probabilities. Nothing where one class is missing.
    """
    np: Any = need("numpy", "supply")
    labels, scores = np.asarray(labels, float), np.asarray(scores, float)
    if not 0 < labels.sum() < len(labels):
        return {}
    said = np.clip(scores, _LEAST, 1 - _LEAST)
    return {
        "average_precision": average_precision(scores.tolist(), (labels > 0).tolist()),
        "auc": area_of(labels, scores),
        "log_loss": -float(np.log(np.where(labels > 0, said, 1 - said)).mean()),
        "brier": float(((scores - labels) ** 2).mean()),
    }


def area_of(labels: Any, scores: Any) -> float:
    """Compute the area under the ROC curve: how often a late one has the higher score."""
    np: Any = need("numpy", "supply")
    order = np.sort(scores[labels == 0])
    late = scores[labels > 0]
    below = np.searchsorted(order, late, "left") + np.searchsorted(order, late, "right")
    return float(below.mean() / 2 / len(order))


def _ours(layout: Layout, sheet: Sheet, known: Any, later: Any) -> Any:
    """Score as in service: forecasts are corrected by outcomes once these are known."""
    lightgbm: Any = need("lightgbm", "supply")
    learned = learn(sheet, known)
    booster = lightgbm.Booster(model_str=learned.text)
    values = sheet.values[later]
    foreseen = booster.predict(values, num_threads=1)
    drift, waiting = Drift(), list[tuple[int, float, bool]]()
    column = sheet.names.index(USUAL)
    for at, place in enumerate(later):  # a sheet is in the order of moments
        order = sheet.orders[place]
        day = moment_of(order, layout)
        while waiting and waiting[0][0] < day:
            told, probability, late = heapq.heappop(waiting)
            drift.add(told, probability, late=late)
        values[at, column] += learned.calibration.usual_for(drift.correction(day))
        heapq.heappush(
            waiting, (max(order.known or day, day), float(foreseen[at]), (order.late_days or 0) > 0)
        )
    return booster.predict(values, num_threads=1)


def _better(models: Mapping[str, Mapping[str, float]], figure: str) -> float:
    """Say how much better ours is: more of what should be high, less of what should be low."""
    gained = models["ours"][figure] - models["plain gradient boosting"][figure]
    return gained if figure in ("average_precision", "auc") else -gained


def _draw(labels: Any, ours: Any, theirs: Any, groups: Any, seed: int) -> dict[str, Any]:
    """Resample orders, and give the gains in each draw."""
    np: Any = need("numpy", "supply")
    rng = np.random.default_rng(seed)
    places = [np.nonzero(groups == one)[0] for one in np.unique(groups)]
    found: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        rows = np.concatenate([places[one] for one in rng.integers(0, len(places), len(places))])
        mine, other = figures_of(labels[rows], ours[rows]), figures_of(labels[rows], theirs[rows])
        for name in mine:
            models = {"ours": mine, "plain gradient boosting": other}
            found.setdefault(name, []).append(_better(models, name))
    return {name: np.array(values) for name, values in found.items()}


def _interval(value: float, drawn: Any) -> Interval:
    np: Any = need("numpy", "supply")
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))
