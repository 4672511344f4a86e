"""Try strategies on prices of the past, as they would have been run: walking forward, after costs.

At each step a strategy sees the prices before it alone; its book is bought at the next price. The
same figures are told for the app's model, a strong baseline (momentum), a naive one (equal weight)
and one that bets on the opposite. A back-test is no track record: whoever writes one has seen the
outcomes. This module refuses to choose among strategies by how they did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import msgspec
import numpy as np

from counterfoil.apps.quant.figures import (
    Figure,
    Floats,
    chance_of_skill,
    deflated,
    figure,
    rank_correlation,
    sharpe,
)
from counterfoil.apps.quant.model import examples_of, score
from counterfoil.apps.quant.prices import Prices
from counterfoil.errors import InputError
from counterfoil.ports import Example

__all__ = ["Backtest", "Step", "Tried", "backtest", "steps"]

_STRATEGIES: Final = ("model", "momentum", "reversal", "equal weight")
_LEAST: Final = 24


@dataclass(frozen=True, slots=True)
class Step:
    """A moment. row: of the entry's price. targets, came: what was there, and its return.

    signals: strategy -> (k,) float64, higher is better; books: strategy -> weights of the targets.
    """

    row: int
    day: str
    targets: tuple[str, ...]
    came: Floats
    signals: dict[str, Floats]
    books: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Tried:
    """A strategy over all steps, after costs.

    sharpe, growth_a_year: with 95 % intervals; turnover: of the book, a step. drawdown: the worst
    fall from a peak. ahead: mean return a step above that of equal weight; edge: its Sharpe ratio
    above that of equal weight, which more risk alone does not raise. hit_rate: of signs;
    information_coefficient: of its signals; these are absent for equal weight. skill, deflated: as
    of a track record.
    """

    strategy: str
    sharpe: Figure | None
    growth_a_year: float
    drawdown: float
    turnover: float
    ahead: Figure | None
    edge: Figure | None
    information_coefficient: Figure | None
    hit_rate: Figure | None
    skill: float | None
    deflated: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """A back-test. first, last: days of entries. steps: how many; every: days of trade apart."""

    first: str
    last: str
    steps: int
    every: int
    cost_bps: int
    targets: int
    strategies: tuple[Tried, ...]
    says: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def steps(prices: Prices, every: int) -> list[Step]:
    """Walk forward over prices. every: days of trade that a book is held.

    The steps before the model has learned anything are left out.
    """
    examples = list(examples_of(prices, every))
    scored = zip(examples, score(examples), strict=True)
    found = []
    for row, group in groupby(scored, key=lambda pair: pair[0].inputs["at"]):
        moment = list(group)
        told = np.array([value for _, value in moment])
        if len(moment) < 3 or not told.any():
            continue
        found.append(_step(prices, row, [one for one, _ in moment], told))
    return found


def backtest(
    prices: Prices,
    *,
    every: int = 21,
    cost_bps: int = 10,
    progress: Callable[[int, int | None, str], None] = lambda _done, _total, _unit: None,
) -> Backtest:
    """Try the app's model and three simple strategies on prices.

    every: days of trade a book is held, 1 to 252. cost_bps: cost of trading, in 1/10,000 of what is
    bought or sold. Raises InputError with code quant.short for prices that are too short.
    """
    progress(0, None, "walking forward")
    walked = steps(prices, every)
    if len(walked) < _LEAST:
        raise InputError(
            "quant.short",
            f"expected prices for at least {_LEAST} steps after a first year and what is learned "
            f"from, found {len(walked)}",
            hint="Give longer prices, prices of more things, or a shorter --every.",
        )
    cost = cost_bps / 10_000
    returns = {name: _returns(walked, name, cost) for name in _STRATEGIES}
    ratios = [_ratio(one) for one, _ in returns.values()]
    base = returns["equal weight"][0]
    tried = tuple(_tried(walked, name, *returns[name], base, ratios, every) for name in _STRATEGIES)
    return Backtest(
        walked[0].day,
        walked[-1].day,
        len(walked),
        every,
        cost_bps,
        len(prices.names),
        tried,
        _says(tried),
    )


def _step(prices: Prices, row: int, moment: Sequence[Example], told: Floats) -> Step:
    signals = {
        "model": told,
        "momentum": np.array([one.inputs["momentum"] for one in moment]),
        "reversal": np.array([-one.inputs["return_21"] for one in moment]),
        "equal weight": np.zeros(len(moment)),
    }
    return Step(
        row,
        prices.days[row],
        tuple(str(one.inputs["target"]) for one in moment),
        np.array([one.outcome for one in moment]),
        signals,
        {name: _best_third(signal) for name, signal in signals.items()},
    )


def _best_third(signal: Floats) -> Floats:
    """Hold the best third at equal weights, and more where signals are equal: long alone."""
    edge = np.sort(signal)[::-1][max(1, len(signal) // 3) - 1]
    held = signal >= edge
    found: Floats = held / held.sum()
    return found


def _returns(walked: Sequence[Step], name: str, cost: float) -> tuple[Floats, float]:
    """Follow a book: its returns after costs, and the mean of what is traded a step."""
    found, traded, before = [], [], dict[str, float]()
    for step in walked:
        book = dict(zip(step.targets, map(float, step.books[name]), strict=True))
        moved = sum(abs(book.get(n, 0.0) - before.get(n, 0.0)) for n in {*book, *before})
        grown = float(step.books[name] @ step.came)
        found.append(grown - cost * moved)
        traded.append(moved)
        before = {  # weights drift with prices until the next step
            n: book[n] * (1 + float(came)) / (1 + grown)
            for n, came in zip(step.targets, step.came, strict=True)
        }
    return np.array(found), float(np.mean(traded))


def _tried(
    walked: Sequence[Step],
    name: str,
    returns: Floats,
    turnover: float,
    base: Floats,
    ratios: Sequence[float],
    every: int,
) -> Tried:
    per_year = 252 / every
    wealth = np.cumprod(1 + returns)
    peak = np.maximum.accumulate(np.append(1.0, wealth))[1:]
    signal = name != "equal weight"
    ranks = [rank_correlation(step.signals[name], step.came) for step in walked]
    known = np.array([one for one in ranks if math.isfinite(one)])
    hits = [
        [float(((step.signals[name] > 0) == (step.came > 0)).sum()), float(len(step.came))]
        for step in walked
    ]
    return Tried(
        name,
        figure(returns[:, None], lambda drawn: sharpe(drawn[..., 0], per_year)),
        float(wealth[-1] ** (per_year / len(returns)) - 1),
        float((wealth / peak - 1).min()),
        turnover,
        figure((returns - base)[:, None], _mean) if signal else None,
        figure(
            np.column_stack([returns, base]),
            lambda drawn: sharpe(drawn[..., 0], per_year) - sharpe(drawn[..., 1], per_year),
        )
        if signal
        else None,
        figure(known[:, None], _mean) if signal else None,
        figure(np.array(hits), _share) if signal else None,
        chance_of_skill(returns),
        deflated(returns, ratios, len(ratios)),
    )


def _says(tried: Sequence[Tried]) -> tuple[str, ...]:
    said = [
        "A back-test is no track record: the outcomes were there when it was made, and so was the "
        "choice of what is in the prices. Shares that survived are not all that there were."
    ]
    for one in tried:
        if one.edge is None or one.edge.low is None or one.edge.high is None:
            continue
        found = f"{one.edge.value:+.2f} ({one.edge.low:+.2f} to {one.edge.high:+.2f})"
        word = "no edge is shown"
        if one.edge.low > 0:
            word = "ahead of equal weight"
        elif one.edge.high < 0:
            word = "behind equal weight"
        said.append(f"{one.strategy}: {word}; its Sharpe ratio differs by {found}.")
    return tuple(said)


def _ratio(returns: Floats) -> float:
    spread = float(returns.std(ddof=1))
    return float(returns.mean()) / spread if spread > 0 else math.nan


def _mean(drawn: Floats) -> Floats:
    found: Floats = drawn[..., 0].mean(axis=-1)
    return found


def _share(drawn: Floats) -> Floats:
    found: Floats = drawn[..., 0].sum(axis=-1) / drawn[..., 1].sum(axis=-1)
    return found
