"""Play a policy of ordering through possible courses of days, lot by lot, and count what it costs.

Many policies are played at once on the same demand and the same lead times (common random numbers),
so that their difference is theirs and not luck's. The order of a day: review and order, arrivals,
demand, spoiling. This module refuses to look ahead: an order knows what is there, what is under
way, and the day's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.apps.supply.plan.stock.problem import Stock, demand_of
from counterfoil.extras import need

__all__ = ["COST_NAMES", "Played", "Policy", "first_order", "play"]

COST_NAMES: Final = ("order", "hold", "short", "waste")
"""Parts of a cost, in the order in which arrays have them."""


@dataclass(frozen=True, slots=True, order=True)
class Policy:
    """When the stock position is at or below `reorder` on a day of review, order up to `up_to`.

    every: days from review to review. With reorder one below up_to it is (R, S), else (s, S).
    Position: what is there and under way, less what is owed. perishing: what will spoil before the
    next order can be there, as far as usual demand does not take it, does not count (Broekmeulen
    and van Donselaar, Computers & Operations Research 36, 2009).
    """

    every: int
    reorder: int
    up_to: int
    perishing: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """What policies came to.

    costs: (policies, paths, 4), minor units over the horizon, parts as `COST_NAMES`. lost:
    (policies, paths) units that were not there when asked for; asked: (paths,). out: (policies,
    paths) whether that happened at all. stock: (policies,) units overnight, mean.
    """

    costs: Any
    lost: Any
    asked: Any
    out: Any
    stock: Any

    def total(self) -> Any:
        """Give the mean cost of each policy, (policies,)."""
        return self.costs.sum(axis=2).mean(axis=1)


def play(
    stock: Stock,
    policies: Sequence[Policy],
    *,
    seed: int = 0,
    demand: Any = None,
    leads: Any = None,
    usual: float | None = None,
) -> Played:
    """Play policies through the question's samples of demand.

    seed: of the lead times. demand: (paths, days), other courses to play through, such as what
    really came; leads: (paths, days), their lead times. usual: units a day that policies know of as
    usual; else the mean of the question's samples.
    """
    np: Any = need("numpy", "supply")
    samples = demand_of(stock)
    courses = samples if demand is None else np.asarray(demand, float)
    known = float(samples.mean()) if usual is None else usual
    if leads is None:
        chance = np.random.default_rng(seed)
        leads = chance.choice(np.asarray(stock.lead_days, int), size=courses.shape)
    table = _Table(np, stock, policies, len(courses), int(np.max(leads)), known)
    for day in range(courses.shape[1]):
        table.day(day, courses[:, day], leads[:, day])
    return table.result(courses)


def first_order(stock: Stock, policy: Policy) -> int:
    """Tell how much a policy orders on the first day."""
    np: Any = need("numpy", "supply")
    longest = max(stock.lead_days)
    table = _Table(np, stock, [policy], 1, longest, float(demand_of(stock).mean()))
    return int(table.orders(0)[0, 0])


class _Table:
    """Policies x paths, day by day; lots: (policies, paths, ages), soonest to spoil first."""

    def __init__(
        self,
        np: Any,
        stock: Stock,
        policies: Sequence[Policy],
        paths: int,
        longest: int,
        usual: float,
    ) -> None:
        self._np, self._stock, self._usual = np, stock, usual
        rows = [(one.every, one.reorder, one.up_to, one.perishing) for one in policies]
        self._every, self._reorder, self._up_to, self._perishing = np.asarray(rows).T[:, :, None]
        ages = stock.shelf_life_days or 1
        shape = (len(policies), paths)
        self._lots = np.zeros((*shape, ages))
        for lot in stock.on_hand:
            self._lots[:, :, min(lot.days_left, ages) - 1] += lot.quantity
        late = max([longest, *(one.in_days for one in stock.on_order)])
        self._coming = np.zeros((*shape, late + 1))
        for order in stock.on_order:
            self._coming[:, :, order.in_days] += order.quantity
        self._owed = np.zeros(shape)
        self._costs, self._lost = np.zeros((*shape, 4)), np.zeros(shape)
        self._held, self._days = np.zeros(len(policies)), 0
        self._lead = float(np.mean(stock.lead_days))

    def orders(self, day: int) -> Any:
        """Tell what is ordered on a day, (policies, paths)."""
        np, stock = self._np, self._stock
        position = self._lots.sum(axis=2) + self._coming.sum(axis=2) - self._owed
        if stock.shelf_life_days is not None and self._perishing.any():
            position = position - self._perishing * self._spoiling()
        wanted = np.where(position <= self._reorder, self._up_to - position, 0.0)
        packs = np.ceil(np.maximum(wanted, 0) / stock.pack - 1e-9)
        if stock.order_max is not None:
            packs = np.minimum(packs, stock.order_max // stock.pack)
        return np.where(day % self._every == 0, packs * stock.pack, 0.0)

    def _spoiling(self) -> Any:
        """Expect what spoils before an order of the next review would be there."""
        np = self._np
        days = int(np.ceil(self._lead + self._every.max()))
        lots, gone = self._lots.copy(), 0.0
        for _ in range(min(days, lots.shape[2])):
            lots = _take(np, lots, np.full(lots.shape[:2], self._usual), "fifo")
            gone = gone + lots[:, :, 0]
            lots = _aged(np, lots)
        return gone

    def day(self, day: int, demand: Any, leads: Any) -> None:
        """Play one day. demand, leads: (paths,)."""
        np, stock, costs = self._np, self._stock, self._stock.costs
        ordered = self.orders(day)
        self._costs[:, :, 0] += costs.order * (ordered > 0)
        self._coming[:, np.arange(len(leads)), leads] += ordered
        self._lots[:, :, -1] += self._coming[:, :, 0]
        self._coming = _aged(np, self._coming)
        wanted = demand[None, :] + self._owed
        there = self._lots.sum(axis=2)
        missing = np.maximum(wanted - there, 0)
        fresh = np.minimum(missing, demand[None, :])  # what is owed was counted when it was asked
        self._lots = _take(np, self._lots, np.minimum(wanted, there), stock.issue)
        self._lost += fresh
        self._costs[:, :, 2] += costs.short * (missing if stock.backorder else fresh) / costs.per
        self._owed = missing if stock.backorder else self._owed
        if stock.shelf_life_days is not None:
            self._costs[:, :, 3] += costs.waste * self._lots[:, :, 0] / costs.per
            self._lots = _aged(np, self._lots)
        left = self._lots.sum(axis=2)
        self._costs[:, :, 1] += costs.hold * left / costs.per
        self._held += left.mean(axis=1)
        self._days += 1

    def result(self, courses: Any) -> Played:
        """Close the books: of what is left, what usual demand will not take in time is waste."""
        np, stock = self._np, self._stock
        if stock.shelf_life_days is not None:
            lots, gone = self._lots, 0.0
            for _ in range(lots.shape[2]):
                lots = _take(np, lots, np.full(lots.shape[:2], self._usual), stock.issue)
                gone = gone + lots[:, :, 0]
                lots = _aged(np, lots)
            self._costs[:, :, 3] += stock.costs.waste * gone / stock.costs.per
        return Played(
            self._costs, self._lost, courses.sum(axis=1), self._lost > 0, self._held / self._days
        )


def _aged(np: Any, cells: Any) -> Any:
    """Let a day pass: what was at 1 is at 0, and nothing is new."""
    return np.concatenate([cells[:, :, 1:], np.zeros_like(cells[:, :, :1])], axis=2)


def _take(np: Any, lots: Any, amount: Any, issue: str) -> Any:
    """Take an amount, (policies, paths), at most what is there, out of lots in an order of age."""
    if lots.shape[2] == 1:
        return np.maximum(lots - amount[:, :, None], 0)
    turned = lots if issue == "fifo" else lots[:, :, ::-1]
    left = np.maximum(np.cumsum(turned, axis=2) - amount[:, :, None], 0)
    kept = np.diff(left, axis=2, prepend=0)
    return kept if issue == "fifo" else kept[:, :, ::-1]
