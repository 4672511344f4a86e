"""Demand: learn it from a table of sales, forecast it, and judge such forecasts.

This module refuses to guess which column is what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from counterfoil.apps.supply.predict.demand.judging import DemandJudged, judge_demand
from counterfoil.apps.supply.predict.demand.kept import (
    MODEL_MAX_BYTES,
    KeptDemand,
    format_model,
    parse_model,
)
from counterfoil.apps.supply.predict.demand.means import MEMBERS
from counterfoil.apps.supply.predict.demand.model import DemandModel, train
from counterfoil.apps.supply.predict.demand.recording import record_demand_model
from counterfoil.apps.supply.predict.demand.table import Mapped, read_history
from counterfoil.errors import InputError
from counterfoil.ops.files import keep_input, read_file, write_file
from counterfoil.ops.place import open_for_writing
from counterfoil.ports import Param, Progress, no_progress

__all__ = [
    "DayOfDemand",
    "SeriesDemand",
    "TrainedDemand",
    "demand_model",
    "forecast_demand",
    "judge_forecasts",
    "number_of",
    "train_demand",
]

Table = Annotated[
    Path,
    Param("Daily sales: CSV (.gz, too) or Parquet, oldest first or not.", "FILE", holds="file"),
]
Model = Annotated[Path, Param("A model that `supply demand-train` wrote.", "FILE", holds="file")]
_Date = Annotated[str, Param("The column with the days.", "COL")]
_Sales = Annotated[
    tuple[str, ...],
    Param("The column with the units sold; several where each series has its own.", "COL"),
]
_Series = Annotated[tuple[str, ...], Param("A column that tells series apart.", "COL")]
_Known = Annotated[
    tuple[str, ...], Param("A column of numbers known ahead, such as holidays.", "COL")
]
_Closed = Annotated[str | None, Param("The column that says that a day is closed.", "COL")]
_Zeros = Annotated[bool, Param("A day without a row sold nothing; else it is missing.")]


@dataclass(frozen=True, slots=True)
class TrainedDemand:
    """A model that was written. shares: of what is mixed -> 0 to 1. index: of its statement."""

    file: str
    bytes: int
    digest: str
    series: int
    known_until: str
    horizon_days: int
    shares: dict[str, float]
    index: int | None


@dataclass(frozen=True, slots=True)
class DayOfDemand:
    """Demand of a day, in units. low, high: the band's ends."""

    date: str
    mean: float
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class SeriesDemand:
    """Demand of a series. band: the share of outcomes that bands hold.

    total_low, total_median, total_high: of all days together.
    """

    series: str
    band: float
    days: tuple[DayOfDemand, ...]
    total_low: float
    total_median: float
    total_high: float


def train_demand(
    table: Table,
    *,
    out: Annotated[
        Path, Param("Write the model here.", "FILE", short="o", holds="output", ending=".json")
    ],
    horizon: Annotated[int, Param("How many days ahead to forecast, 1 to 120.", "DAYS")] = 28,
    date: _Date = "date",
    sales: _Sales = ("sales",),
    series: _Series = (),
    known: _Known = (),
    closed: _Closed = None,
    zeros: _Zeros = False,
    name: Annotated[str, Param("What the model is called on record.", "NAME")] = "demand",
    accountable: Annotated[str | None, Param("Who answers for it.", "NAME")] = None,
    ledger: Annotated[
        Path | None, Param("Record the table and the model here.", "DIR", holds="also-ledger")
    ] = None,
    progress: Progress = no_progress,
) -> TrainedDemand:
    """Learn demand from a table of daily sales, and write the model as a file.

    Raises as `read_history`, `train` and `record_demand_model`.
    """
    keep_input(table, out)
    mapped = Mapped(date, sales, series, known, closed, zeros)
    history = read_history(table, mapped)
    model = train(history, horizon, progress=progress)
    data = format_model(model, mapped)
    digest = parse_model(data).digest
    index = None
    if ledger is not None:
        with open_for_writing(ledger) as opened:
            told = opened.datasets.record(table, f"{name}-sales")
            index = record_demand_model(
                opened, data, name, trained_on=[told.index], accountable=accountable
            ).index
    write_file(out, data)
    shares = dict(zip(MEMBERS, model.shares.mean(axis=1).round(4).tolist(), strict=True))
    until = history.date(history.days - 1)
    return TrainedDemand(
        str(out), len(data), digest, len(history.names), until, horizon, shares, index
    )


def forecast_demand(
    table: Table,
    *,
    model: Model,
    only: Annotated[tuple[str, ...], Param("Only this series.", "NAME")] = (),
    band: Annotated[str, Param("The share of outcomes that bands hold.", "P")] = "0.9",
) -> Iterator[SeriesDemand]:
    """Forecast the days after a table's last sales, with bands, by a model.

    Rows of days to come, without sales, say what is known of them. Raises as `read_history`,
    `DemandModel.distribution`, InputError with code demand.model, demand.number or demand.level.
    """
    share = number_of(band)
    if not 0 < share < 1:
        raise InputError(
            "demand.level",
            f"expected a band of more than 0 and less than 1, found {share:g}",
            hint="Such as 0.9: nine of ten outcomes.",
        )
    kept = demand_model(model)
    history = read_history(table, kept.mapped)
    found: DemandModel = kept.model
    demand = found.distribution(history)
    low, middle, high = (demand.quantiles(p) for p in ((1 - share) / 2, 0.5, (1 + share) / 2))
    dates = demand.dates
    for name in only or demand.names:
        totals = [
            demand.total(name, demand.horizon_days, p)
            for p in ((1 - share) / 2, 0.5, (1 + share) / 2)
        ]
        row = demand.names.index(name)
        days = tuple(
            DayOfDemand(
                day,
                round(float(demand.mean[row, at]), 3),
                float(low[row, at]),
                float(middle[row, at]),
                float(high[row, at]),
            )
            for at, day in enumerate(dates)
        )
        yield SeriesDemand(name, share, days, *totals)


def judge_forecasts(
    table: Table,
    *,
    horizon: Annotated[int, Param("How many days ahead, 1 to 120.", "DAYS")] = 28,
    origins: Annotated[int, Param("From how many places, a horizon apart.", "N")] = 3,
    date: _Date = "date",
    sales: _Sales = ("sales",),
    series: _Series = (),
    known: _Known = (),
    closed: _Closed = None,
    zeros: _Zeros = False,
    progress: Progress = no_progress,
) -> DemandJudged:
    """Judge forecasts of a table's last days beside those of a week and of a year ago.

    Raises as `read_history` and `judge_demand`.
    """
    history = read_history(table, Mapped(date, sales, series, known, closed, zeros))
    return judge_demand(history, horizon, origins=origins, progress=progress)


def demand_model(path: Path) -> KeptDemand:
    """Read a model's file. Raises NotFound with code file.missing, and as `parse_model`."""
    return parse_model(read_file(path, MODEL_MAX_BYTES))


def number_of(text: str) -> float:
    """Read a number. Raises InputError with code demand.number."""
    try:
        return float(text)
    except ValueError as err:
        raise InputError(
            "demand.number",
            f"expected a number, found {text[:40]!a}",
            hint="Such as 12 or 0.95.",
        ) from err
