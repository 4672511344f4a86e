"""Put forecasts beside what came, and tell how good they were, beside naive ones.

What is missed counts against its strategy: as wrong in the hit rate, as wrong as can be in the
Brier score, as the worst period in the Sharpe ratio and the information coefficient. What can be
told of counted forecasts alone says so. This module refuses a thing without a price: it counts as
wrong, or a forecast of what never traded would cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from counterfoil.apps.quant.baselines import Guess, guess
from counterfoil.apps.quant.figures import Figure, Floats, figure, rank_correlation, sharpe
from counterfoil.apps.quant.prices import Prices
from counterfoil.apps.quant.track import Entered

__all__ = ["Period", "figures_of", "period_of"]

_DAY_MS: Final = 86_400_000
_LEVELS: Final = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Period:
    """One counted forecast beside what came. All arrays are (k,), a thing each."""

    told: Floats
    came: Floats
    up: Floats
    low: Floats
    high: Floats
    weights: dict[str, float]
    naive: Guess
    days: float
    lost: int  # things without a price


def period_of(one: Entered, prices: Prices) -> Period | None:
    """Put a forecast beside the prices; None where not one thing has both."""
    forecast = one.forecast
    if forecast is None:
        return None
    rows, lost = [], 0
    for made in forecast.forecasts:
        first, last = prices.at(made.target, forecast.entry), prices.at(made.target, forecast.exit)
        if first is None or last is None or last[0] <= first[0]:
            lost += 1
            continue
        rows.append((made, last[1] / first[1] - 1))
    if not rows:
        return None
    told = np.array([float(made.expected) for made, _ in rows])
    share = 1 / len(rows)
    weights = {
        made.target: math.copysign(share, float(made.expected)) * (float(made.expected) != 0)
        if made.weight is None
        else float(made.weight)
        for made, _ in rows
    }
    return Period(
        told,
        np.array([came for _, came in rows]),
        _column([made.up for made, _ in rows]),
        _column([made.low for made, _ in rows]),
        _column([made.high for made, _ in rows]),
        weights,
        guess(prices, [made.target for made, _ in rows], forecast.entry, forecast.exit),
        (one.said.ends_ms - one.said.starts_ms) / _DAY_MS,
        lost,
    )


def figures_of(
    periods: Sequence[Period], missed: Sequence[int], cost_bps: int
) -> tuple[dict[str, Figure], dict[str, Figure], Floats]:
    """Tell how good a strategy's counted forecasts were, beside naive ones.

    missed: how many things each missed forecast is of. cost_bps: of what is traded, in 1/10,000.
    Gives the strategy's figures, the naive ones, and its returns a period after costs.
    """
    gone = [[0.0, float(count)] for count in missed]
    if not periods:
        lost = figure(np.array(gone), _share) if gone else None
        return {} if lost is None else {"hit_rate": lost}, {}, np.zeros(0)
    own: dict[str, Figure | None] = {}
    naive: dict[str, Figure | None] = {}
    hits = [((p.told > 0) == (p.came > 0)) & (p.told != 0) for p in periods]
    things = [len(p.came) + p.lost for p in periods]
    table = [[float(h.sum()), float(n)] for h, n in zip(hits, things, strict=True)]
    own["hit_rate"] = figure(np.array(table + gone), _share)
    ups = [[float((p.came > 0).sum()), float(len(p.came))] for p in periods]
    naive["hit_rate of always up"] = figure(np.array(ups), _share)
    own["hit_rate of counted"] = figure(np.array(table), _share)
    _coefficients(periods, len(missed), own, naive)
    _scores(periods, missed, own, naive)
    returns = _returns(periods, missed, cost_bps, own, naive)
    return (
        {name: one for name, one in own.items() if one is not None},
        {name: one for name, one in naive.items() if one is not None},
        returns,
    )


def _coefficients(
    periods: Sequence[Period],
    missed: int,
    own: dict[str, Figure | None],
    naive: dict[str, Figure | None],
) -> None:
    """Compute information coefficients, of the things of one moment where there are three."""
    several = [p for p in periods if len(p.told) >= 3]
    if several:
        found = [rank_correlation(p.told, p.came) for p in several]
        known = [one for one in found if math.isfinite(one)]
        worst = [-1.0] * missed
        own["information_coefficient"] = figure(np.array(known + worst)[:, None], _mean)
        own["information_coefficient of counted"] = figure(np.array(known)[:, None], _mean)
        other = [rank_correlation(p.naive.momentum, p.came) for p in several]
        other = [one for one in other if math.isfinite(one)]
        naive["information_coefficient of momentum"] = figure(np.array(other)[:, None], _mean)
        return
    told = np.array([float(p.told[0]) for p in periods])
    came = np.array([float(p.came[0]) for p in periods])
    own["information_coefficient of counted"] = figure(
        np.column_stack([told, came]),
        lambda drawn: np.array([rank_correlation(d[:, 0], d[:, 1]) for d in drawn]),
    )


def _scores(
    periods: Sequence[Period],
    missed: Sequence[int],
    own: dict[str, Figure | None],
    naive: dict[str, Figure | None],
) -> None:
    """Compute Brier scores and pinball losses, where there are probabilities and quantiles."""
    table, other = [], []
    for p in periods:
        there = np.isfinite(p.up)
        if there.any():
            came = (p.came[there] > 0).astype(float)
            table.append([float(((p.up[there] - came) ** 2).sum()), float(there.sum())])
            other.append([float(((p.naive.up[there] - came) ** 2).sum()), float(there.sum())])
    if table:
        worst = [[float(count), float(count)] for count in missed]
        own["brier"] = figure(np.array(table + worst), _share)
        naive["brier of the share of rises before"] = figure(np.array(other), _share)
    table, other = [], []
    for p in periods:
        there = np.isfinite(p.low) & np.isfinite(p.high)
        if there.any():
            came = p.came[there]
            edges = (p.low[there], p.told[there], p.high[there])
            past = tuple(edge[there] for edge in p.naive.quantiles)
            table.append([_pinball(came, edges), float(len(came))])
            other.append([_pinball(came, past), float(len(came))])
    if table:
        own["pinball of counted"] = figure(np.array(table), _share)
        naive["pinball of quantiles before"] = figure(np.array(other), _share)


def _returns(
    periods: Sequence[Period],
    missed: Sequence[int],
    cost_bps: int,
    own: dict[str, Figure | None],
    naive: dict[str, Figure | None],
) -> Floats:
    """Compute the book's returns after costs, a missed period at the worst; gives them."""
    cost = cost_bps / 10_000
    per_year = 365.25 / float(np.median([p.days for p in periods]))

    def ratio(drawn: Floats) -> Floats:
        return sharpe(drawn[..., 0], per_year)

    books = {
        "": [p.weights for p in periods],
        "equal weight": [p.naive.equal for p in periods],
        "momentum": [p.naive.long for p in periods],
    }
    found = {name: _after_costs(periods, held, cost) for name, held in books.items()}
    mine = found[""]
    whole = np.append(mine, np.full(len(missed), min(float(mine.min()), 0.0)))
    own["sharpe"] = figure(whole[:, None], ratio)
    own["return_a_period of counted"] = figure(mine[:, None], _mean)
    for name in ("equal weight", "momentum"):
        naive[f"sharpe of {name}"] = figure(found[name][:, None], ratio)
        naive[f"return_a_period of {name}"] = figure(found[name][:, None], _mean)
    return whole


def _after_costs(
    periods: Sequence[Period], books: Sequence[dict[str, float]], cost: float
) -> Floats:
    found, before = [], dict[str, float]()
    for period, book in zip(periods, books, strict=True):
        came = dict(zip(period.weights, period.came, strict=True))
        traded = sum(abs(book.get(n, 0.0) - before.get(n, 0.0)) for n in {*book, *before})
        found.append(sum(w * float(came[n]) for n, w in book.items()) - cost * traded)
        before = book
    return np.array(found)


def _share(drawn: Floats) -> Floats:
    found: Floats = drawn[..., 0].sum(axis=-1) / drawn[..., 1].sum(axis=-1)
    return found


def _mean(drawn: Floats) -> Floats:
    found: Floats = drawn[..., 0].mean(axis=-1)
    return found


def _pinball(came: Floats, edges: Sequence[Floats]) -> float:
    losses = []
    for edge, level in zip(edges, _LEVELS, strict=True):
        away = came - edge
        losses.append(np.maximum(level * away, (level - 1) * away))
    return float(np.mean(losses, axis=0).sum())


def _column(texts: Sequence[str | None]) -> Floats:
    return np.array([math.nan if text is None else float(text) for text in texts])
