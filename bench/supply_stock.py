"""Stock policies on simulated demand, beside rules of thumb and the best that hindsight allows.

Each product has a past of 26 weeks, from which a distribution of the next 8 weeks is drawn by
resampling days of the same weekday (no policy sees the process itself), and a future that is played
once the policies are chosen. Hindsight: the constant policy that is best on that very future. Rules
of thumb: order up to mean plus z standard deviations, at a service level of 95 %, and at the
critical ratio of the costs. Plain: 6 products a row, a minute or three; `--campaign`: 40.

    ./dev bench supply_stock [--campaign]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from bench.measure import table
from counterfoil.apps.supply.plan.stock.inventory import Policy, play
from counterfoil.apps.supply.plan.stock.newsvendor import critical_ratio, newsvendor
from counterfoil.apps.supply.plan.stock.policies import best_policy, naive_policy
from counterfoil.apps.supply.plan.stock.problem import Costs, stock_of

__all__ = ["Kind", "simulate"]

PAST, AHEAD, PATHS = 26 * 7, 8 * 7, 200
WEEK = (0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product. mean: units a day. spread: of a gamma, smaller is wilder."""

    name: str
    mean: float
    spread: float
    costs: Costs
    leads: tuple[int, ...]
    life: int | None
    issue: str = "fifo"
    pack: int = 1


KINDS = (
    Kind("dry, keeps", 20, 4, Costs(short=300, hold=3, order=800), (2, 3, 4), None),
    Kind("dry, slow and wild", 2, 0.5, Costs(short=900, hold=6, order=400), (3, 5, 9), None),
    Kind("milk, 6 days", 40, 6, Costs(short=120, waste=80, hold=1, order=300), (1, 2), 6, pack=12),
    Kind("berries, 3 days", 15, 3, Costs(short=250, waste=180, hold=1), (1,), 3, pack=6),
    Kind("bread, lifo, 2 days", 60, 8, Costs(short=150, waste=60), (1,), 2, "lifo"),
    Kind("fish, long lead", 10, 3, Costs(short=600, waste=500, hold=2, order=500), (2, 4), 5),
)


def simulate(kind: Kind, chance: np.random.Generator, days: int, begin: int = 0) -> Any:
    """Draw a course of days: a week's shape, a slow wave, and gamma-Poisson days."""
    at = np.arange(begin, begin + days)
    level = kind.mean * np.asarray(WEEK)[at % 7] * (1 + 0.15 * np.sin(2 * np.pi * at / 90))
    return chance.poisson(chance.gamma(kind.spread, level / kind.spread)).astype(float)


def forecast(past: Any, chance: np.random.Generator) -> Any:
    """Resample days of the same weekday, (PATHS, AHEAD)."""
    columns = [chance.choice(past[(day + len(past)) % 7 :: 7], PATHS) for day in range(AHEAD)]
    return np.column_stack(columns)


def main(products: int) -> None:
    """Play and print."""
    rows = []
    for kind in KINDS:
        sums: dict[str, float] = {}
        for seed in range(products):
            for name, cost in _product(kind, seed).items():
                sums[name] = sums.get(name, 0.0) + cost
        best = sums.pop("hindsight")
        ours = sums.pop("ours")
        vendor, thumb = sums.pop("newsvendor"), sums.pop("mean + z sd, one period")
        shares = [f"{ours / cost:.3f}" for cost in sums.values()]
        rows.append([kind.name, f"{ours / products:,.0f}", *shares, f"{ours / best:.3f}",
                     f"{vendor / thumb:.3f}"])  # fmt: skip
        print(f"{kind.name}: done", file=sys.stderr, flush=True)
    heads = ["", "ours, a product", "to z 95 %", "to z at ratio", "to hindsight", "newsvendor to z"]
    table(
        f"cost over {AHEAD} days as a share of the other's, {products} products each", heads, rows
    )


def _product(kind: Kind, seed: int) -> dict[str, float]:
    chance = np.random.default_rng([seed, len(kind.name)])
    past, came = simulate(kind, chance, PAST), simulate(kind, chance, AHEAD, PAST)
    more: dict[str, Any] = {"lead_days": kind.leads, "shelf_life_days": kind.life,
                            "issue": kind.issue, "pack": kind.pack}  # fmt: skip
    stock = stock_of(forecast(past, chance), kind.costs, **more)
    leads = chance.choice(kind.leads, (1, AHEAD))
    ratio = critical_ratio(kind.costs)
    policies: list[Policy] = [
        best_policy(stock).policy,
        naive_policy(stock, z=NormalDist().inv_cdf(0.95)),
        naive_policy(stock, z=NormalDist().inv_cdf(min(max(ratio, 0.01), 0.999))),
    ]
    known = stock_of(came[None, :], kind.costs, **(more | {"lead_days": tuple(leads[0])}))
    policies.append(_hindsight(known, came, leads))
    played = play(stock, policies, demand=came[None, :], leads=leads).total()
    names = ("ours", "mean + 1.64 sd", "mean + z sd", "hindsight")
    found = dict(zip(names, map(float, played), strict=True))
    return found | _one_period(kind, past, came, ratio)


def _hindsight(known: Any, came: Any, leads: Any) -> Policy:
    """Search the best constant policy on what came, from every level that could matter."""
    top = int(came.mean() * (leads.max() + 8)) + 2
    step = max(top // 40, 1)
    levels = range(0, top + step, step)
    tries = [
        Policy(1, level, up_to, ages)
        for level in levels
        for up_to in (level + 1, *range(level + step, top + 2 * step, step))
        for ages in (False, True)
    ]
    for _ in range(6):
        costs = np.concatenate(
            [play(known, tries[at : at + 400], demand=came[None, :], leads=leads).total()
             for at in range(0, len(tries), 400)]
        )  # fmt: skip
        best = tries[int(np.argmin(costs))]
        step = max(step // 2, 1)
        tries = [best] + [
            Policy(1, best.reorder + a * step, best.up_to + b * step, best.perishing)
            for a in (-1, 0, 1) for b in (-1, 0, 1)
            if best.up_to + b * step > best.reorder + a * step >= -1
        ]  # fmt: skip
    return best


def _one_period(kind: Kind, past: Any, came: Any, ratio: float) -> dict[str, float]:
    """Order day by day for one day each: the quantile of its weekday, or mean plus z sd."""
    costs, found = kind.costs, [0.0, 0.0]
    for day, asked in enumerate(came):
        same = past[(day + len(past)) % 7 :: 7]
        rule = same.mean() + NormalDist().inv_cdf(min(max(ratio, 0.01), 0.999)) * same.std()
        for at, have in enumerate((newsvendor(stock_of(same, costs)).quantity, round(rule))):
            left, short = max(have - asked, 0), max(asked - have, 0)
            found[at] += costs.short * short + (costs.waste + costs.hold) * left
    return {"newsvendor": found[0], "mean + z sd, one period": found[1]}


if __name__ == "__main__":
    main(40 if "--campaign" in sys.argv else 6)
