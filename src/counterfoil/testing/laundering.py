"""Simulated payments between accounts, with laundering planted in them, to try detectors on.

The background has what makes real networks hard: few accounts with many payments, regular payees,
salaries and collections (honest fans), shops, refunds (honest cycles), rent passed on, round
amounts, days and weeks. The planted patterns are those of AMLSim (fan-in, fan-out, cycle,
bipartite, stack, scatter-gather, gather-scatter, random walks), at ordinary accounts, some
commission kept on the way. This module refuses to be a model of any bank: what is found here need
not be found there.

Source of the patterns: Suzumura and Kanezashi, AMLSim (2018); Altman et al., Realistic Synthetic
Financial Transactions for Anti-Money Laundering Models (NeurIPS 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

__all__ = ["LAUNDERING", "SimulatedPayments", "simulate_laundering"]

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class SimulatedPayments:
    """Payments in order of time.

    source, target: (n,) int64, accounts. at: (n,) int64, seconds. amount: (n,) float64. pattern:
    (n,) int64, number of the planted pattern, -1 for the background. kinds: of the patterns.
    """

    source: Any
    target: Any
    at: Any
    amount: Any
    pattern: Any
    kinds: tuple[str, ...]

    def dirty_accounts(self, accounts: int) -> Any:
        """Tell which accounts take part in a pattern, (accounts,) bool."""
        found = np.zeros(accounts, dtype=bool)
        planted = self.pattern >= 0
        found[self.source[planted]] = True
        found[self.target[planted]] = True
        return found


@dataclass(slots=True)
class _Plan:
    """Payments that one pattern is made of: parallel lists."""

    source: list[int]
    target: list[int]
    at: list[float]
    amount: list[float]

    def pay(self, source: int, target: int, at: float, amount: float) -> None:
        self.source.append(source)
        self.target.append(target)
        self.at.append(at)
        self.amount.append(amount)


def simulate_laundering(
    accounts: int = 10_000,
    payments: int = 200_000,
    days: int = 90,
    patterns: int = 80,
    seed: int = 0,
    commission: float = 0.08,
    patience_days: float = 3.0,
) -> SimulatedPayments:
    """Simulate payments.

    accounts: 100 or more. payments: of the background, about. patterns: how many are planted, of
    all kinds in turn. commission: largest share that is kept at each hop. patience_days: the
    hops of a pattern are within about so many days of each other.
    """
    random = np.random.default_rng(seed)
    back = _background(random, accounts, payments, days)
    names, plans = [], []
    for number in range(patterns):
        kind = LAUNDERING[number % len(LAUNDERING)]
        plan = _Plan([], [], [], [])
        begin = random.uniform(0.02, 0.9) * days * _DAY
        pace = patience_days * _DAY * random.uniform(0.2, 1.0)
        _MAKERS[kind](plan, random, accounts, begin, pace, commission)
        names.append(kind)
        plans.append(plan)
    source = np.concatenate([back[0], *(np.array(one.source, dtype=np.int64) for one in plans)])
    target = np.concatenate([back[1], *(np.array(one.target, dtype=np.int64) for one in plans)])
    at = np.concatenate([back[2], *(np.array(one.at).astype(np.int64) for one in plans)])
    amount = np.concatenate([back[3], *(np.array(one.amount) for one in plans)])
    label = np.concatenate(
        [np.full(len(back[0]), -1), *(np.full(len(one.at), n) for n, one in enumerate(plans))]
    )
    order = np.argsort(at, kind="stable")
    return SimulatedPayments(
        source[order],
        target[order],
        at[order],
        np.maximum(np.round(amount[order], 2), 0.01),
        label[order],
        tuple(names),
    )


# The background ------------------------------------------------------------------------------


def _background(random: Any, accounts: int, payments: int, days: int) -> tuple[Any, ...]:
    """Make honest payments of several kinds."""
    share = np.array([0.45, 0.25, 0.12, 0.10, 0.05, 0.03])
    makers = (_habits, _shops, _salaries, _bills, _chance, _refunds)
    parts = [
        make(random, accounts, int(payments * part), days)
        for make, part in zip(makers, share, strict=True)
    ]
    source, target, at, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    apart = source != target
    return source[apart], target[apart], at[apart].astype(np.int64), amount[apart]


def _when(random: Any, count: int, days: int) -> Any:
    """Draw times: days of work more than others, waking hours more than night."""
    day = random.integers(0, days, 3 * count)
    day = day[random.random(3 * count) < np.where(day % 7 < 5, 1.0, 0.45)][:count]
    day = np.resize(day, count)
    hour = np.clip(random.normal(13.5, 3.6, count), 0, 23.99)
    return day * _DAY + hour * 3_600 + random.uniform(0, 3_600, count)


def _active(random: Any, accounts: int, count: int) -> Any:
    """Draw accounts of which few are very active."""
    pull = random.pareto(1.4, accounts) + 0.2
    return random.choice(accounts, count, p=pull / pull.sum())


def _round(random: Any, amount: Any) -> Any:
    """Make some amounts round, as people do."""
    unit = np.where(amount > 300, 50.0, 5.0)
    return np.where(random.random(len(amount)) < 0.3, np.ceil(amount / unit) * unit, amount)


def _habits(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Payments to regular payees, near in number, of about the same amount each time."""
    pairs = max(accounts * 3, 10)
    payer = _active(random, accounts, pairs)
    near = (payer + np.round(random.laplace(0, accounts * 0.01, pairs)).astype(int)) % accounts
    usual = random.lognormal(4.6, 1.1, pairs)
    popular = random.pareto(1.2, pairs) + 0.1
    which = random.choice(pairs, count, p=popular / popular.sum())
    amount = usual[which] * random.lognormal(0, 0.25, count)
    return payer[which], near[which], _when(random, count, days), _round(random, amount)


def _shops(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Payments to shops and platforms, which many accounts pay."""
    shops = random.permutation(accounts)[: max(5, accounts // 100)]
    pull = random.pareto(1.1, len(shops)) + 0.2
    shop = random.choice(shops, count, p=pull / pull.sum())
    return (
        _active(random, accounts, count),
        shop,
        _when(random, count, days),
        random.lognormal(3.4, 0.9, count),
    )


def _salaries(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Employers pay all of theirs on one day of the month."""
    employers = random.permutation(accounts)[: max(3, accounts // 150)]
    months = max(1, days // 30)
    staff = max(1, count // months)
    size = random.pareto(1.3, len(employers)) + 0.3
    employer = random.choice(employers, staff, p=size / size.sum())
    worker, pay = random.integers(0, accounts, staff), random.lognormal(7.6, 0.35, staff)
    day = dict(zip(employers.tolist(), random.integers(0, 28, len(employers)), strict=True))
    source, target, at, amount = [], [], [], []
    for month in range(months):
        stays = random.random(staff) < 0.97
        source.append(employer[stays])
        target.append(worker[stays])
        days_paid = np.array([day[one] for one in employer[stays].tolist()])
        at.append((month * 30 + days_paid) * _DAY + random.uniform(8, 11, stays.sum()) * 3_600)
        amount.append(pay[stays] * np.where(random.random(stays.sum()) < 0.1, 1.1, 1.0))
    return tuple(np.concatenate(one) for one in (source, target, at, amount))


def _bills(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Rent and bills: monthly to few, who pay on some of it at once (agents and forwarders)."""
    agents = random.permutation(accounts)[: max(3, accounts // 80)]
    half = count // 2
    payer, agent = random.integers(0, accounts, half), random.choice(agents, half)
    owner = (agent * 7 + random.integers(0, 5, half)) % accounts
    at, amount = _when(random, half, days), _round(random, random.lognormal(6.3, 0.5, half))
    later = at + random.exponential(2 * _DAY, half) + 600
    return (
        np.concatenate([payer, agent]),
        np.concatenate([agent, owner]),
        np.concatenate([at, np.minimum(later, days * _DAY - 1)]),
        np.concatenate([amount, amount * random.uniform(0.9, 1.0, half)]),
    )


def _chance(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Payments between any two, once; a few of them large."""
    return (
        _active(random, accounts, count),
        random.integers(0, accounts, count),
        _when(random, count, days),
        _round(random, random.lognormal(5.2, 1.6, count)),
    )


def _refunds(random: Any, accounts: int, count: int, days: int) -> tuple[Any, ...]:
    """Payments that come back, all or in part: honest cycles."""
    half = max(1, count // 2)
    one, other = _active(random, accounts, half), random.integers(0, accounts, half)
    at, amount = _when(random, half, days), random.lognormal(4.4, 1.0, half)
    later = at + random.exponential(4 * _DAY, half) + 3_600
    part = np.where(random.random(half) < 0.6, 1.0, random.uniform(0.2, 1.0, half))
    return (
        np.concatenate([one, other]),
        np.concatenate([other, one]),
        np.concatenate([at, np.minimum(later, days * _DAY - 1)]),
        np.concatenate([amount, amount * part]),
    )


# What is planted -----------------------------------------------------------------------------


def _some(random: Any, accounts: int, count: int) -> list[int]:
    found: list[int] = random.choice(accounts, count, replace=False).tolist()
    return found


def _start(random: Any) -> float:
    return float(random.lognormal(8.2, 0.8))


def _kept(random: Any, commission: float) -> float:
    return 1.0 - float(random.uniform(0.0, commission))


def _split(random: Any, amount: float, parts: int) -> list[float]:
    shares = random.dirichlet(np.full(parts, 6.0))
    return [float(amount * share) for share in shares]


def _fan_in(plan: _Plan, random: Any, accounts: int, begin: float, pace: float, _c: float) -> None:
    hub, *others = _some(random, accounts, int(random.integers(6, 16)) + 1)
    for one in others:
        plan.pay(one, hub, begin + random.uniform(0, pace), _start(random) / 5)


def _fan_out(plan: _Plan, random: Any, accounts: int, begin: float, pace: float, _c: float) -> None:
    hub, *others = _some(random, accounts, int(random.integers(6, 16)) + 1)
    for one in others:
        plan.pay(hub, one, begin + random.uniform(0, pace), _start(random) / 5)


def _cycle(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, commission: float
) -> None:
    ring = _some(random, accounts, int(random.integers(3, 8)))
    amount = _start(random)
    for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
        plan.pay(one, other, begin, amount)
        amount *= _kept(random, commission)
        begin += random.uniform(0.1, 1.0) * pace


def _walk(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, commission: float
) -> None:
    way = _some(random, accounts, int(random.integers(4, 9)))
    amount = _start(random)
    for one, other in pairwise(way):
        plan.pay(one, other, begin, amount)
        amount *= _kept(random, commission)
        begin += random.uniform(0.1, 1.0) * pace


def _scatter_gather(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, commission: float
) -> None:
    start, end, *between = _some(random, accounts, int(random.integers(4, 9)) + 2)
    for one, amount in zip(between, _split(random, _start(random) * 2, len(between)), strict=True):
        at = begin + random.uniform(0, pace)
        plan.pay(start, one, at, amount)
        later = at + random.uniform(0.1, 1.0) * pace
        plan.pay(one, end, later, amount * _kept(random, commission))


def _gather_scatter(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, commission: float
) -> None:
    count, out = int(random.integers(4, 9)), int(random.integers(4, 9))
    hub, *others = _some(random, accounts, count + out + 1)
    total = 0.0
    for one in others[:count]:
        amount = _start(random) / 3
        total += amount
        plan.pay(one, hub, begin + random.uniform(0, pace / 2), amount)
    parts = _split(random, total * _kept(random, commission), out)
    for one, amount in zip(others[count:], parts, strict=True):
        plan.pay(hub, one, begin + pace / 2 + random.uniform(0, pace / 2), amount)


def _bipartite(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, _c: float
) -> None:
    left, right = int(random.integers(3, 6)), int(random.integers(3, 6))
    chosen = _some(random, accounts, left + right)
    for one in chosen[:left]:
        for other in chosen[left:]:
            plan.pay(one, other, begin + random.uniform(0, pace), _start(random) / 4)


def _stack(
    plan: _Plan, random: Any, accounts: int, begin: float, pace: float, commission: float
) -> None:
    widths = random.integers(2, 5, 3).tolist()
    chosen = _some(random, accounts, sum(widths))
    first = chosen[: widths[0]]
    second = chosen[widths[0] : widths[0] + widths[1]]
    third = chosen[widths[0] + widths[1] :]
    held = dict.fromkeys(second, 0.0)
    for one in first:
        for other, amount in zip(second, _split(random, _start(random), len(second)), strict=True):
            plan.pay(one, other, begin + random.uniform(0, pace / 2), amount)
            held[other] += amount
    for one, total in held.items():
        parts = _split(random, total * _kept(random, commission), len(third))
        for other, amount in zip(third, parts, strict=True):
            plan.pay(one, other, begin + pace / 2 + random.uniform(0, pace / 2), amount)


_MAKERS: Final[dict[str, Callable[[_Plan, Any, int, float, float, float], None]]] = {
    "fan-in": _fan_in,
    "fan-out": _fan_out,
    "cycle": _cycle,
    "walk": _walk,
    "scatter-gather": _scatter_gather,
    "gather-scatter": _gather_scatter,
    "bipartite": _bipartite,
    "stack": _stack,
}

LAUNDERING: Final = tuple(_MAKERS)
"""Kinds of patterns that are planted, in turn."""
