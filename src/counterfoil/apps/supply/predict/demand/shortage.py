"""Say when stock runs out, with what probability, how much is missing, and how much to order.

Stock falls along many paths of demand, and rises where something arrives; what is not there is not
sold later. The order brings the chance of running out between its arrival and the one after that
below a level. This module refuses to know a price: `apps.supply.plan` weighs costs.

Source: Silver, Pyke and Thomas, Inventory and production management in supply chains, 4th edition,
2017, 7.9 (periodic review, order up to a level; P1, the chance of no stock-out in a cycle).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from counterfoil.apps.supply.predict.demand.distribution import PATHS, Demand
from counterfoil.errors import InputError
from counterfoil.learn.forecast.features import Floats

__all__ = ["SERVICE", "Shortage", "shortage"]

SERVICE: Final = 0.95
"""The chance of not running out that an order is made for."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """What stock is likely to come to within the `days` that were looked at.

    probability: of running out. day: the first day ahead, from 1, by whose end it is more likely
    than not that stock ran out, else None; day_10: with a chance of 10 %. expected_missing: units
    that are asked for and not there, on the mean. by_day: chance of having run out by the end of
    each day. demand_mean, low_units, high_units: of all days; the latter two are 5 and 95 %.
    units_to_order: what has to arrive after `lead_days` so that with a chance of `service` nothing
    is missing from then until the next order's arrival; 0 where stock is enough.
    """

    series: str
    days: int
    probability: float
    expected_missing: float
    day: int | None
    day_10: int | None
    by_day: tuple[float, ...]
    units_to_order: float
    service: float
    lead_days: int
    demand_mean: float
    low_units: float
    high_units: float


def shortage(
    stock_on_hand: float,
    incoming: Mapping[int, float],
    demand: Demand,
    review_days: int,
    *,
    series: str | int = 0,
    lead_days: int = 0,
    service: float = SERVICE,
    seed: int = 0,
) -> Shortage:
    """Tell how stock fares until an order of today and the one after it have arrived.

    stock_on_hand: units now. incoming: days ahead, from 1, at whose beginning something arrives ->
    units. demand: forecast. review_days: until the next order. lead_days: from order to arrival,
    0 for before the first day. service: within 0 and 1. Looks at review_days + lead_days days,
    which have to be within the forecast. low_units, high_units: of the demand in these days, 5 and
    95 %. Raises InputError with code shortage.stock or shortage.days.
    """
    _check(stock_on_hand, incoming, demand, review_days, lead_days, service)
    days = review_days + lead_days
    name = series if isinstance(series, str) else demand.names[series]
    paths = demand.samples(series, PATHS, seed)[:, :days]
    arriving = np.zeros(days)
    for day, units in incoming.items():
        if day <= days:
            arriving[day - 1] += units
    _, missing = _run(paths, stock_on_hand, arriving)
    short = np.cumsum(missing, axis=1) > 0
    by_day = short.mean(axis=0)
    units = _order(paths, stock_on_hand, arriving, lead_days, service)
    if demand.whole:
        units = float(np.ceil(units - 1e-9)) + 0.0
    sums = paths.sum(axis=1)
    return Shortage(
        name,
        days,
        float(by_day[-1]),
        float(missing.sum(axis=1).mean()),
        _first(by_day, 0.5),
        _first(by_day, 0.1),
        tuple(float(one) for one in by_day),
        units,
        service,
        lead_days,
        float(sums.mean()),
        float(np.quantile(sums, 0.05, method="inverted_cdf")),
        float(np.quantile(sums, 0.95, method="inverted_cdf")),
    )


def _run(paths: Floats, stock: float, arriving: Floats) -> tuple[Floats, Floats]:
    """Follow stock along each path: what is left in the end, (paths,), and is missing by day."""
    left = np.full(len(paths), float(stock))
    missing = np.empty_like(paths)
    for day in range(paths.shape[1]):
        left = left + arriving[day]
        missing[:, day] = np.maximum(paths[:, day] - left, 0.0)
        left = np.maximum(left - paths[:, day], 0.0)
    return left, missing


def _order(paths: Floats, stock: float, arriving: Floats, lead_days: int, service: float) -> float:
    """Find the least order whose arrival keeps stock from running out, with a chance of service.

    An order that is there from day `lead_days` + 1 on has to cover the deepest hole of what comes
    after, on each path; the quantile of these is the order.
    """
    before, _ = _run(paths[:, :lead_days], stock, arriving[:lead_days])
    after = np.cumsum(paths[:, lead_days:] - arriving[lead_days:], axis=1)
    holes = np.maximum(after.max(axis=1) - before, 0.0)
    return float(np.quantile(holes, service, method="inverted_cdf"))


def _first(by_day: Floats, level: float) -> int | None:
    there = np.flatnonzero(by_day >= level)
    return int(there[0]) + 1 if len(there) else None


def _check(
    stock: float,
    incoming: Mapping[int, float],
    demand: Demand,
    review_days: int,
    lead_days: int,
    service: float,
) -> None:
    numbers = [stock, *incoming.values()]
    if not all(np.isfinite(one) and one >= 0 for one in numbers) or not 0 < service < 1:
        raise InputError(
            "shortage.stock",
            "expected stock and arrivals of 0 units and more, and a service within 0 and 1, found "
            f"{stock} units, service {service}",
            hint="Goods that are owed to customers already count as demand, not as negative stock.",
        )
    fit = review_days >= 1 and lead_days >= 0 and all(day >= 1 for day in incoming)
    if not fit or review_days + lead_days > demand.horizon_days:
        raise InputError(
            "shortage.days",
            f"expected a review of 1 day and more, arrivals from day 1 on, and at most "
            f"{demand.horizon_days} days in all, found a review of {review_days} days and a lead "
            f"time of {lead_days}",
            hint="Train a model that forecasts further ahead.",
        )
