"""Forecasts: committed before the outcome, revealed after it; models for them, tried on the past.

This module refuses to take a time from this machine's clock for a forecast's: witnesses and chains
tell it. What is due is due by this machine's clock, which is its reader's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.extras import brings
from counterfoil.formats import json_text
from counterfoil.ledger import Ledger
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.quant_inputs import Cost, PricesFile, check_cost, now_ms, recorded_prices
from counterfoil.ports import Channel, Param, Progress

with brings("quant"):
    from counterfoil.apps.quant import book
    from counterfoil.apps.quant.backtest import Backtest
    from counterfoil.apps.quant.backtest import backtest as try_strategies
    from counterfoil.apps.quant.book import Committed, Revealed
    from counterfoil.apps.quant.forecasts import Asked, moment, parse_asked
    from counterfoil.apps.quant.model import PARAMETERS, examples_of, fit, forecast
    from counterfoil.apps.quant.prices import Prices, read_prices
    from counterfoil.apps.quant.records import SOURCE, Commitment, Reveal

__all__ = ["Trained", "backtest", "commit", "reveal", "train"]

_FORECAST_MAX_BYTES: Final = 1 << 20
_EVERY_MAX: Final = 252

_Every = Annotated[int, Param("Days of trade from a forecast's entry to its exit.", "N")]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that was trained and recorded. prices: index of the data set's statement."""

    index: int
    name: str
    digest: str
    examples: int
    prices: int


def train(
    prices: PricesFile,
    *,
    name: Annotated[str, Param("Name of the model.", "NAME")] = "trees",
    until: Annotated[str | None, Param("Learn from prices up to this day.", "DATE")] = None,
    every: _Every = 21,
    ledger: LedgerFolder = None,
) -> Trained:
    """Train boosted trees on prices, and record prices and model.

    Raises InputError with code quant.prices, quant.short, quant.date or quant.every, and as
    `Models.record`.
    """
    _check_every(every)
    found = read_prices(prices)
    known = found if until is None else found.upto(_rows_until(found, _date(until)))
    examples = list(examples_of(known, every, max(1, every // 4)))
    booster = fit(examples)
    with open_for_writing(ledger) as opened:
        data = recorded_prices(opened, prices)
        parameters = {**PARAMETERS, "every": every, "until": until or known.days[-1]}
        recorded = opened.models.record(
            booster,
            name,
            trained_on=[data],
            parameters={key: str(value) for key, value in parameters.items()},
            task="regression",
        )
        return Trained(recorded.index, name, recorded.digest, len(examples), data.index)


def commit(
    strategy: Annotated[str, Param("The strategy's name.", "STRATEGY")],
    forecast_file: Annotated[
        Path | None,
        Param(
            "A forecast as JSON, or - for standard input; not with --model.",
            "FORECAST",
            holds="file",
        ),
    ] = None,
    *,
    model: Annotated[str | None, Param("A recorded model of `quant train`.", "MODEL")] = None,
    prices: Annotated[
        Path | None, Param("Prices before the entry, for the model.", "FILE", holds="file")
    ] = None,
    entry: Annotated[str | None, Param("Day from which the model forecasts.", "DATE")] = None,
    exit: Annotated[str | None, Param("Day up to which it does.", "DATE")] = None,
    target: Annotated[tuple[str, ...], Param("What to forecast; else all.", "NAME")] = (),
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Committed:
    """Commit a forecast before its outcome: hidden, numbered, and timed by others.

    One that has begun already by this machine's clock is marked late: it counts as missed.
    Raises InputError with code quant.forecast, quant.which, quant.date, quant.short or
    quant.strategy, and as `book.commit`.
    """
    if (forecast_file is None) == (model is None):
        raise InputError(
            "quant.which",
            "expected a forecast's file, or --model with --prices, --entry and --exit",
            hint="A forecast's file is JSON; `counterfoil quant commit --help` shows both ways.",
        )
    asked = None
    if forecast_file is not None:
        said = json_text.parse(read_input(forecast_file, channel, _FORECAST_MAX_BYTES))
        asked = parse_asked(said if isinstance(said, dict) else {})
    with open_for_writing(ledger) as opened:
        digest = None
        if asked is None:
            digest, asked = _by_model(opened, model or "", prices, entry, exit, target)
        done = book.commit(opened, strategy, asked, model=digest)
        return replace(done, late=done.starts_ms <= now_ms())


def reveal(
    strategy: Annotated[str | None, Param("Of this strategy; else of all.", "STRATEGY")] = None,
    *,
    number: Annotated[
        int | None, Param("This one of the strategy, even if its time is not over.", "N")
    ] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Revealed]:
    """Reveal committed forecasts whose time is over, with the decisions of their models.

    Raises NotFound with code quant.unknown or quant.secret, and as `book.reveal`.
    """
    with open_for_writing(ledger) as opened:
        said = list(book.said_by(opened))
        shown_before = {one.said.commitment.leaf for one in said if isinstance(one.said, Reveal)}
        wanted = [
            one
            for one in said
            if isinstance(one.said, Commitment)
            and strategy in (None, one.said.source.removeprefix(SOURCE))
            and number in (None, one.said.number)
        ]
        if not wanted and (strategy is not None or number is not None):
            raise NotFound(
                "quant.unknown",
                f"expected a forecast {'' if number is None else f'{number} '}of "
                f"{(strategy or 'any strategy')[:64]!a}, found none",
                hint="`counterfoil quant report PRICES` lists all.",
            )
        for one in wanted:
            over = isinstance(one.said, Commitment) and one.said.ends_ms <= now_ms()
            if one.leaf not in shown_before and (over or number is not None):
                yield book.reveal(opened, one)


def backtest(
    prices: PricesFile,
    *,
    every: _Every = 21,
    cost_bps: Cost = 10,
    progress: Progress,
) -> Backtest:
    """Try a model and simple strategies on past prices, walking forward, after costs.

    Raises InputError with code quant.prices, quant.short, quant.every or quant.cost.
    """
    _check_every(every)
    check_cost(cost_bps)
    return try_strategies(read_prices(prices), every=every, cost_bps=cost_bps, progress=progress)


def _by_model(
    ledger: Ledger,
    model: str,
    prices: Path | None,
    entry: str | None,
    exit: str | None,
    targets: tuple[str, ...],
) -> tuple[str, Asked]:
    """Forecast with a recorded model."""
    if prices is None or entry is None or exit is None:
        raise InputError(
            "quant.which",
            "expected --prices, --entry and --exit with --model",
            hint="--prices is read up to the day before the entry.",
        )
    first, last = _date(entry), _date(exit)
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    if days < 1:
        raise InputError("quant.date", f"expected an exit after {first}, found {last}")
    scorer = ledger.models.load(model)
    made = forecast(read_prices(prices), first, days, scorer.score_many, targets)
    return scorer.digest, Asked(first, last, made, f"By the model {model[:200]}.")


def _rows_until(prices: Prices, day: str) -> int:
    return sum(one <= day for one in prices.days)


def _date(text: str) -> str:
    try:
        moment(text)
    except ValueError as err:
        raise InputError(
            "quant.date", f"expected a date, found {text[:40]!a}", hint="Such as 2031-03-03."
        ) from err
    return text


def _check_every(every: int) -> None:
    if not 1 <= every <= _EVERY_MAX:
        raise InputError(
            "quant.every",
            f"expected 1 to {_EVERY_MAX} days of trade, found {every}",
            hint="21 is about a month.",
        )
