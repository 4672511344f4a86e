"""Judge a track record by prices: every strategy of its issuer, beside naive forecasts.

This module refuses to choose a strategy: it tells all, and how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from counterfoil.apps.quant.figures import Figure, Floats, chance_of_skill, deflated
from counterfoil.apps.quant.periods import Period, figures_of, period_of
from counterfoil.apps.quant.prices import Prices
from counterfoil.apps.quant.track import Entered, Track

__all__ = ["Judged", "Left", "Report", "judge"]


@dataclass(frozen=True, slots=True)
class Left:
    """A forecast that does not count, or not yet."""

    number: int
    serial: int
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One strategy.

    committed: forecasts, each of one or more things. counted, missed, pending: of those. left: what
    does not count, and why. figures, naive: name -> figure of the strategy, and of naive forecasts
    of the same things at the same times. skill: how sure it is that its Sharpe ratio is above 0;
    deflated: the same after so many strategies were tried. An interval is of 95 %.
    """

    strategy: str
    committed: int
    counted: int
    missed: int
    pending: int
    left: tuple[Left, ...]
    figures: dict[str, Figure]
    naive: dict[str, Figure]
    skill: float | None = None
    deflated: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of an issuer's forecasts in one log.

    strategies: every one that it ever committed to there, in the order in which they began.
    tried: how many; more may have been tried where nobody looked. complete: a cut shows that none
    before it is left out. prices: digest of the prices. cost_bps: of the value that is traded.
    """

    issuer: str
    origin: str
    tried: int
    complete: bool
    forecasts: int
    prices: str
    cost_bps: int
    strategies: tuple[Judged, ...]
    says: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def judge(
    track: Track,
    prices: Prices,
    *,
    issuer: str,
    origin: str,
    digest: str,
    cost_bps: int = 10,
) -> Report:
    """Judge all strategies of a track record.

    digest: of the prices, as their data set has it. cost_bps: cost of trading, in 1/10,000 of what
    is bought or sold.
    """
    made = {
        name: _strategy(name, those, prices, cost_bps)
        for name, those in track.by_strategy().items()
    }
    ratios = [_ratio(returns) for _, returns in made.values() if len(returns) > 2]
    tried = len(made)
    judged = []
    for one, returns in made.values():
        if len(returns) > 2:
            one = replace(
                one, skill=chance_of_skill(returns), deflated=deflated(returns, ratios, tried)
            )
        judged.append(one)
    return Report(
        issuer,
        origin,
        tried,
        track.cut == len(track.entered) and bool(track.entered),
        len(track.entered),
        digest,
        cost_bps,
        tuple(judged),
        _says(judged, tried),
    )


def _strategy(
    name: str, entered: Sequence[Entered], prices: Prices, cost_bps: int
) -> tuple[Judged, Floats]:
    """Judge one strategy; gives its periods' returns after costs, too."""
    periods: list[Period] = []
    left: list[Left] = []
    missed: list[int] = []
    for one in entered:
        period = period_of(one, prices) if one.state == "counted" else None
        if period is not None:
            periods.append(period)
            continue
        state, why = one.state, one.why
        if state == "counted":  # proven and revealed, but the prices do not reach so far
            known = one.forecast is not None and prices.days[-1] > one.forecast.exit
            state = "missed" if known else "pending"
            why = "there is no price of what it forecasts" if known else "its prices are not known"
        if state == "missed":
            missed.append(one.targets)
        left.append(Left(one.number, one.serial, state, why))
    figures, naive, returns = figures_of(periods, missed, cost_bps)
    judged = Judged(
        name,
        len(entered),
        len(periods),
        len(missed),
        len(entered) - len(periods) - len(missed),
        tuple(left),
        figures,
        naive,
    )
    return judged, returns


def _says(judged: Sequence[Judged], tried: int) -> tuple[str, ...]:
    """Say in words what the figures do not."""
    said = [
        f"All {tried} strategies that this issuer committed to in this log are shown. What was "
        "tried without a commitment, or in another log, nobody sees."
    ]
    for one in judged:
        ratio = one.figures.get("sharpe")
        if one.deflated is None or ratio is None or ratio.low is None:
            said.append(f"{one.strategy}: too few forecasts that count to tell skill from luck.")
        elif one.deflated < 0.95:
            said.append(
                f"{one.strategy}: no skill is shown. Luck among {tried} strategies explains its "
                f"Sharpe ratio ({1 - one.deflated:.0%} that it has none or less)."
            )
        else:
            said.append(
                f"{one.strategy}: its Sharpe ratio is more than luck among {tried} strategies "
                f"explains ({one.deflated:.1%})."
            )
    return tuple(said)


def _ratio(returns: Floats) -> float:
    spread = float(returns.std(ddof=1))
    return float(returns.mean()) / spread if spread > 0 else math.nan
