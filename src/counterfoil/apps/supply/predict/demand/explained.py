"""Why stock is likely to last or not: what each part of the forecast makes of the chance.

The chance is told with the present level alone on every day, then with weekdays, then with the year
and the trend, then with what is given ahead, then with what is under way. Each part's share is the
step from one to the next, so that they add up exactly. This module refuses to share out what parts
do only together: the order is always this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from counterfoil.apps.supply.predict.demand.distribution import Demand
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.model import DemandModel
from counterfoil.apps.supply.predict.demand.shortage import Shortage, shortage
from counterfoil.learn.forecast.features import Floats

__all__ = ["PARTS", "explain"]

PARTS: Final = ("weekdays", "year and trend", "given ahead", "arrivals")
"""The parts, in the order in which they are added."""


def explain(
    model: DemandModel,
    history: History,
    stock_on_hand: float,
    incoming: Mapping[int, float],
    review_days: int,
    *,
    lead_days: int,
    service: float,
    seed: int = 0,
) -> tuple[Shortage, float, dict[str, float]]:
    """Tell how stock of one series fares, and why.

    history: of one series, as for `DemandModel.distribution`. Gives the shortage, the chance with
    the level alone, and part -> what it adds to that chance. Raises as `shortage`.
    """
    demand = model.distribution(history)
    chances = []

    def chance(of: Demand, arriving: Mapping[int, float]) -> Shortage:
        found = shortage(
            stock_on_hand,
            arriving,
            of,
            review_days,
            lead_days=lead_days,
            service=service,
            seed=seed,
        )
        chances.append(found.probability)
        return found

    for mean in _stages(model, history):
        chance(_with_mean(model, demand, mean), {})
    chance(demand, {})
    last = chance(demand, incoming)
    steps = [round(later - before, 9) for before, later in pairwise(chances)]
    return last, chances[0], dict(zip(PARTS, steps, strict=True))


def _stages(model: DemandModel, history: History) -> list[Floats]:
    """Give means with the level alone, with weekdays, and with all but what is given ahead."""
    ahead = history.lengthened(model.horizon_days)
    blind = replace(ahead, given=np.full_like(ahead.given, np.nan))
    full, told = model.means(blind)
    weekly = np.where(full > 0, told[0], 0.0)
    days = np.maximum((weekly > 0).sum(axis=1, keepdims=True), 1)
    level = np.where(weekly > 0, weekly.sum(axis=1, keepdims=True) / days, 0.0)
    return [level, weekly, full]


def _with_mean(model: DemandModel, demand: Demand, mean: Floats) -> Demand:
    unit = model.units[[model.tail.names.index(name) for name in demand.names], None]
    variance = model.variance(mean, demand.names, demand.first_day)
    return replace(demand, mean=mean * unit, variance=variance * unit**2)
