"""Choose a policy of ordering by playing many through the forecast's courses of days.

Candidates start from what theory says of goods that keep: order quantities about the square-root
formula (Harris, 1913), reorder points at quantiles of demand over lead time and review; the best is
then moved step by step. Every candidate meets the same demand and lead times. This module refuses
to call what it finds the best of all: it is the best that it tried, and it says how many.

Source: Zipkin, Foundations of Inventory Management, 2000, 6 and 9; Nahmias, Perishable Inventory
Systems, 2011.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from counterfoil.apps.supply.plan.stock.inventory import COST_NAMES, Policy, first_order, play
from counterfoil.apps.supply.plan.stock.problem import Stock, demand_of
from counterfoil.extras import need
from counterfoil.ports import Progress, no_progress

__all__ = ["Chosen", "best_policy", "judge_policy", "naive_policy"]

_QUANTILES: Final = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1.0)
_SHARES: Final = (0.5, 1.0, 1.5, 2.5)
_SPANS: Final = (0.0, 1.0, 2.0, 4.0, 7.0, 14.0)
_PATHS: Final = 300
_CELLS: Final = 4_000_000
_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """A policy, and what it is expected to come to over the samples' horizon.

    quantity: to order on the first day. costs: part -> minor units, expected. cost: their sum;
    error: its standard error over the samples. filled: share of demand that is met from stock.
    risk: probability that some day's demand is not met. stock: units overnight, mean. tried: how
    many policies were compared.
    """

    policy: Policy
    quantity: int
    cost: float
    error: float
    costs: dict[str, float]
    filled: float
    risk: float
    stock: float
    tried: int


def best_policy(stock: Stock, *, seed: int = 0, progress: Progress = no_progress) -> Chosen:
    """Choose when to order and up to how much, at least expected cost.

    seed: of lead times. With more than 300 samples of demand every so-manieth is used to search,
    and all to tell what the choice comes to. Raises Unavailable with code extra.missing.
    """
    np: Any = need("numpy", "supply")
    few = _fewer(np, stock)
    tried: dict[Policy, float] = {}
    _try(few, _first(np, stock), tried, seed, progress)
    step = _steps(stock)
    for _ in range(_ROUNDS):
        best = min(tried, key=lambda one: (tried[one], one))
        before = len(tried)
        _try(few, _around(stock, best, step), tried, seed, progress)
        now = min(tried, key=lambda one: (tried[one], one))
        if now == best and step <= stock.pack and before == len(tried):
            break
        if now == best:
            step = max(step // 2 // stock.pack * stock.pack, stock.pack)
    best = min(tried, key=lambda one: (tried[one], one))
    return judge_policy(stock, best, seed=seed, tried=len(tried))


def judge_policy(stock: Stock, policy: Policy, *, seed: int = 0, tried: int = 1) -> Chosen:
    """Tell what a policy is expected to come to."""
    np: Any = need("numpy", "supply")
    played = play(stock, [policy], seed=seed)
    total = played.costs[0].sum(axis=1)
    parts = played.costs[0].mean(axis=0)
    asked = float(played.asked.sum())
    return Chosen(
        policy,
        first_order(stock, policy),
        float(total.mean()),
        float(total.std(ddof=1) / np.sqrt(len(total))) if len(total) > 1 else 0.0,
        dict(zip(COST_NAMES, map(float, parts), strict=True)),
        1 - float(played.lost[0].sum()) / asked if asked else 1.0,
        float(played.out[0].mean()),
        float(played.stock[0]),
        tried,
    )


def naive_policy(stock: Stock, *, z: float, every: int = 1) -> Policy:
    """Give the rule of thumb: order up to mean plus z standard deviations of demand.

    Demand until the next order can be there, as if days were independent and goods kept.
    """
    np: Any = need("numpy", "supply")
    demand = demand_of(stock)
    days = float(np.mean(stock.lead_days)) + every
    level = demand.mean() * days + z * demand.std() * np.sqrt(days)
    return Policy(every, int(np.ceil(level)) - 1, int(np.ceil(level)))


def _fewer(np: Any, stock: Stock) -> Stock:
    if len(stock.demand) <= _PATHS:
        return stock
    places = np.linspace(0, len(stock.demand) - 1, _PATHS).round().astype(int)
    return msgspec.structs.replace(stock, demand=[stock.demand[at] for at in places])


def _until_next(np: Any, stock: Stock, every: int) -> Any:
    """Give sorted samples of demand from an order until the next one is there."""
    demand = demand_of(stock)
    sums = np.cumsum(np.pad(demand, ((0, 0), (1, 0))), axis=1)
    found = []
    for lead in sorted(set(stock.lead_days)):
        days = min(lead + every, demand.shape[1])
        longer = (lead + every) / days  # than the samples: those are drawn out
        found.append(longer * (sums[:, days:] - sums[:, :-days]).ravel())
    return np.sort(np.concatenate(found))


def _first(np: Any, stock: Stock) -> list[Policy]:
    """List the candidates that theory names."""
    mean = float(demand_of(stock).mean())
    costs = stock.costs
    root = np.sqrt(2 * mean * costs.order * costs.per / max(costs.hold, 1))
    perishing = (False,) if stock.shelf_life_days is None else (False, True)
    made = []
    for every in stock.review_days:
        samples = _until_next(np, stock, every)
        levels = sorted({int(np.ceil(np.quantile(samples, share))) for share in _QUANTILES})
        beyond = {int(np.ceil(mean * span)) for span in _SPANS}
        if costs.order:
            beyond |= {int(np.ceil(share * root)) for share in _SHARES}
        for level in levels:
            for more in sorted({max(one, 1) for one in beyond}):
                made += [Policy(every, level, level + more, ages) for ages in perishing]
            made += [Policy(every, level - 1, level, ages) for ages in perishing if level]
    return list(dict.fromkeys(made))


def _steps(stock: Stock) -> int:
    """Begin to move by about half a day's demand, in packs."""
    packs = round(float(demand_of(stock).mean()) / 2 / stock.pack)
    return int(max(packs, 1) * stock.pack)


def _around(stock: Stock, best: Policy, step: int) -> list[Policy]:
    """List the neighbours of a policy: both levels moved, together and apart."""
    moves = [(a, b) for a in (-step, 0, step) for b in (-step, 0, step) if a or b]
    made = [
        Policy(best.every, best.reorder + a, best.up_to + b, best.perishing)
        for a, b in moves
        if best.up_to + b > best.reorder + a >= -1
    ]
    up = [Policy(best.every, best.up_to - 1, best.up_to, best.perishing)] if best.up_to else []
    other = [one for one in stock.review_days if one != best.every]
    return made + up + [Policy(one, best.reorder, best.up_to, best.perishing) for one in other]


def _try(
    stock: Stock, policies: Iterable[Policy], tried: dict[Policy, float], seed: int,
    progress: Progress,
) -> None:  # fmt: skip
    """Play policies that were not tried yet, as many at once as fit into memory."""
    fresh = [one for one in dict.fromkeys(policies) if one not in tried]
    cells = len(stock.demand) * (stock.shelf_life_days or 1)
    size = max(_CELLS // cells, 1)
    for at in range(0, len(fresh), size):
        some: Sequence[Policy] = fresh[at : at + size]
        total = play(stock, some, seed=seed).total()
        tried.update(zip(some, map(float, total), strict=True))
        progress(len(tried), None, "policies tried")
