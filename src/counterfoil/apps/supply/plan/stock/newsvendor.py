"""How much to have for one period, when what is left over is worth less and what is short is lost.

The best quantity is the quantile of demand at the critical ratio: the cost of one unit short over
that and the cost of one unit left (Arrow, Harris and Marschak, Econometrica 19, 1951). This module
refuses to assume a form of demand: it goes by samples, or by a quantile function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from counterfoil.apps.supply.plan.stock.problem import Costs, Stock, demand_of, wrong_stock
from counterfoil.extras import need

__all__ = ["Newsvendor", "critical_ratio", "newsvendor", "newsvendor_at"]


@dataclass(frozen=True, slots=True)
class Newsvendor:
    """How much to have. quantity: to have when the period begins; order: beyond what is there.

    ratio: critical ratio, 0 to 1. cost, short_cost, left_cost: expected, minor units. short, left:
    units expected. risk: probability that some demand is not met, 0 to 1.
    """

    quantity: int
    order: int
    ratio: float
    cost: float
    short_cost: float
    left_cost: float
    short: float
    left: float
    risk: float


def critical_ratio(costs: Costs) -> float:
    """Give the share of periods in which all demand is best met, 0 to 1.

    Raises InputError with code plan.stock where nothing costs anything.
    """
    if costs.short + costs.waste + costs.hold == 0:
        raise wrong_stock("neither a unit short nor a unit left costs anything")
    return costs.short / (costs.short + costs.waste + costs.hold)


def newsvendor(stock: Stock) -> Newsvendor:
    """Choose the quantity of least expected cost for all days of the demand together.

    A unit left costs `waste` and one night's `hold`. What is there or under way counts, whatever
    its age. Raises InputError with code plan.stock.
    """
    np: Any = need("numpy", "supply")
    costs, ratio = stock.costs, critical_ratio(stock.costs)
    totals = np.sort(demand_of(stock).sum(axis=1))
    # the smallest quantity whose share of samples at or below it reaches the ratio
    place = min(max(int(np.ceil(ratio * len(totals) - 1e-9)) - 1, 0), len(totals) - 1)
    have = stock.there + sum(one.quantity for one in stock.on_order)
    wanted = max(float(totals[place]) - have, 0.0)
    whole = int(wanted // stock.pack)
    tries = {0, *(min(packs * stock.pack, _most(stock)) for packs in (whole, whole + 1))}
    made = [_at(np, totals, have, order, costs, ratio) for order in sorted(tries)]
    return min(made, key=lambda one: one.cost)


def newsvendor_at(quantile: Callable[[float], float], costs: Costs) -> int:
    """Choose by a quantile function, probability (0 to 1) -> units; whole units, rounded up."""
    return max(-int(-quantile(critical_ratio(costs)) // 1), 0)


def _most(stock: Stock) -> int:
    return 1 << 40 if stock.order_max is None else stock.order_max // stock.pack * stock.pack


def _at(np: Any, totals: Any, have: int, order: int, costs: Costs, ratio: float) -> Newsvendor:
    quantity = have + order
    short = float(np.maximum(totals - quantity, 0).mean())
    left = float(np.maximum(quantity - totals, 0).mean())
    short_cost = costs.short * short / costs.per
    left_cost = (costs.waste + costs.hold) * left / costs.per
    risk = float((totals > quantity).mean())
    cost = short_cost + left_cost + (costs.order if order else 0)
    return Newsvendor(quantity, order, ratio, cost, short_cost, left_cost, short, left, risk)
