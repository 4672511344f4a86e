"""Shortage: whether stock will do, on record, and what was sold in the end.

This module refuses to forecast with a model that was never trained.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from counterfoil.apps.supply.predict.demand.kept import MODEL_MAX_BYTES, parse_model
from counterfoil.apps.supply.predict.demand.outcomes import DemandDrift, demand_drift, record_sales
from counterfoil.apps.supply.predict.demand.recording import (
    ForeseenShortage,
    foresee_shortage,
    record_demand_model,
    record_shortage,
)
from counterfoil.apps.supply.predict.demand.table import read_history
from counterfoil.errors import InputError
from counterfoil.ops.files import read_file
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ops.supply.demand import Model, Table, number_of
from counterfoil.ops.supply.traces import moment_of
from counterfoil.ports import Param, SystemClock

__all__ = ["Foreseen", "Sold", "close_demand", "foresee"]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Whether stock will do. index: of the decision, where it was recorded."""

    found: ForeseenShortage
    index: int | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        said = asdict(self.found)
        return {**said.pop("shortage"), **said, "index": self.index}


@dataclass(frozen=True, slots=True)
class Sold:
    """What was recorded. index: of the statement. drift: of all forecasts so far."""

    index: int
    decision: int
    drift: DemandDrift


def foresee(
    table: Table,
    *,
    model: Model,
    only: Annotated[str, Param("Which series it is about.", "NAME")],
    stock: Annotated[str, Param("Units on hand.", "UNITS")],
    arriving: Annotated[
        tuple[str, ...], Param("Units that arrive at the beginning of a day ahead.", "DAY=UNITS")
    ] = (),
    review: Annotated[int, Param("Days until the next order.", "DAYS")] = 7,
    lead: Annotated[int, Param("Days from an order to its arrival.", "DAYS")] = 0,
    service: Annotated[str, Param("The chance of not running out that is wanted.", "P")] = "0.95",
    accountable: Annotated[str | None, Param("Who answers for it.", "NAME")] = None,
    ledger: Annotated[
        Path | None, Param("Record it as a decision here.", "DIR", holds="also-ledger")
    ] = None,
) -> Foreseen:
    """Tell whether stock will do until the order after next could arrive, and what to order.

    Raises as `record_shortage`, InputError with code demand.number or shortage.stock.
    """
    data = read_file(model, MODEL_MAX_BYTES)
    kept = parse_model(data)
    history = read_history(table, kept.mapped)
    asked: dict[str, Any] = {
        "stock_on_hand": number_of(stock),
        "incoming": dict(map(_arrival, arriving)),
        "review_days": review,
        "lead_days": lead,
        "service": number_of(service),
    }
    if ledger is None:
        return Foreseen(foresee_shortage(kept, history, only, **asked), None)
    with open_for_writing(ledger) as opened:
        record_demand_model(opened, data, accountable=accountable)
        done = record_shortage(opened, kept, history, only, accountable=accountable, **asked)
        return Foreseen(done, done.index)


def close_demand(
    decision: Annotated[int, Param("The entry of the decision on stock.", "ENTRY")],
    sold: Annotated[str, Param("Units sold, day by day, with commas.", "UNITS,UNITS")],
    *,
    ran_out: Annotated[bool, Param("Stock ran out: more was asked for than was sold.")] = False,
    at: Annotated[str | None, Param("When that was known; else now.", "TIME")] = None,
    note: Annotated[str, Param("What happened, in words.", "TEXT")] = "",
    ledger: LedgerFolder = None,
) -> Sold:
    """Record what was sold in the days of a decision on stock, and how forecasts fare.

    Raises InputError with code demand.sold, demand.number or demand.no-decision.
    """
    moment = moment_of(at)
    known_ms = SystemClock().now_ms() if moment is None else moment
    units = [number_of(one) for one in sold.split(",")]
    with open_for_writing(ledger) as opened:
        index = record_sales(opened, decision, units, known_ms=known_ms, ran_out=ran_out, note=note)
        return Sold(index, decision, demand_drift(opened))


def _arrival(text: str) -> tuple[int, float]:
    day, equals, units = text.partition("=")
    if not equals or not day.strip().isdecimal():
        raise InputError(
            "shortage.stock",
            f"expected arrivals as DAY=UNITS, found {text[:40]!a}",
            hint="Such as 3=40: 40 units at the beginning of the third day ahead.",
        )
    return int(day), number_of(units)
