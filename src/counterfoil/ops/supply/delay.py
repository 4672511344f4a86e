"""Delay: learn which deliveries come late, forecast orders on record, tell what came of them.

This module refuses to forecast an order line twice, and to use what is known only afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import msgspec

from counterfoil.apps.supply.predict.delay.forecasting import train
from counterfoil.apps.supply.predict.delay.judging import Compared, compare
from counterfoil.apps.supply.predict.delay.kept import OUTCOMES, load_kept, save_kept
from counterfoil.apps.supply.predict.delay.layout import read_layout
from counterfoil.apps.supply.predict.delay.orders import read_orders
from counterfoil.apps.supply.predict.delay.recording import Forecaster, record_delay_training
from counterfoil.errors import InputError
from counterfoil.ops.files import shown
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_writing
from counterfoil.ops.supply.seeds import seed_of
from counterfoil.ports import Param, Progress, no_progress

__all__ = [
    "ClosedOrder",
    "DelayModel",
    "ForecastOrder",
    "close_delays",
    "judge_delay",
    "score_delay",
    "train_delay",
]

_FOLDER: Final = Path("supply", "delay")
_SPLITS_MOST: Final = 20

_Orders = Annotated[
    Path, Param("Orders: CSV, Parquet or NDJSON, one line of an order a row.", "DATA", holds="file")
]
_Columns = Annotated[
    Path | None,
    Param(
        "Which column is what: TOML or JSON; else as the SCMS delivery history.",
        "FILE",
        holds="file",
    ),
]
_ModelFolder = Annotated[Path, Param("What `supply delay-train` wrote.", "MODEL", holds="tree")]
_Accountable = Annotated[str | None, Param("The human who answers for it.", "NAME")]


@dataclass(frozen=True, slots=True)
class DelayModel:
    """A model that was learned.

    rows, late: with an outcome, that it learned from. trees: of each booster. figures: on orders
    that were later than what the scoring model had learned. digest: of what scores. index: in the
    ledger; None where it was not recorded. until: last day that it remembers. notes: what was left
    out.
    """

    rows: int
    late: int
    features: int
    trees: int
    threshold: float
    figures: dict[str, float]
    until: str
    digest: str
    out: str
    index: int | None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ForecastOrder:
    """A forecast of an order line, on record.

    moment: ISO date as of which it is decided. probability: of coming after the scheduled day.
    low_days, expected_days, high_days: after it, negative is early; four of five deliveries are
    between low and high. reasons: features that say most, in log-odds. again: it was forecast
    before, as entry `index`. error: why a row is no order; it is not forecast.
    """

    id: str
    scheduled: str
    moment: str
    outcome: str
    probability: float | None
    low_days: float | None
    expected_days: float | None
    high_days: float | None
    index: int | None
    reasons: dict[str, float] = field(default_factory=dict)
    again: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClosedOrder:
    """What came of a forecast line. index: of its entry; None where it was never forecast."""

    id: str
    late_days: int
    index: int | None


def train_delay(
    data: _Orders,
    *,
    out: Annotated[
        Path, Param("Folder to write the model to.", "MODEL", short="o", holds="output-folder")
    ],
    columns: _Columns = None,
    threshold: Annotated[str, Param("At risk from this probability on.", "P")] = "0.25",
    seed: Annotated[int, Param("Of the rows that each tree sees.", "N")] = 0,
    ledger: Annotated[
        Path | None,
        Param("Also record data, model and evaluation in this ledger.", "DIR", holds="also-ledger"),
    ] = None,
    name: Annotated[str, Param("What to call the model there.", "NAME")] = "delivery-delay",
    check: Annotated[tuple[str, ...], Param("Index or leaf of a check.", "INDEX|LEAF")] = (),
    accountable: _Accountable = None,
    progress: Progress = no_progress,
) -> DelayModel:
    """Learn from past orders which ones come late, from what is known when they are placed.

    Raises InputError with code delay.layout, delay.column, delay.late-column, delay.rows,
    delay.labels, delay.threshold or supply.seed, and as `open_source`; Refused with code check.*
    where a policy asks for checks.
    """
    layout = read_layout(columns)
    made = train(data, layout, progress, threshold=_probability(threshold), seed=seed_of(seed))
    save_kept(out, made.manifest, made.text, made.memory)
    kept = load_kept(out)
    index = None
    if ledger is not None:
        with open_for_writing(ledger) as opened:
            checks = [int(one) if one.isdecimal() else one for one in check]
            index = record_delay_training(
                opened, kept, data, name, checks=checks, accountable=accountable
            ).index
    manifest = kept.manifest
    return DelayModel(
        rows=manifest.rows,
        late=manifest.late,
        features=len(kept.model.features),
        trees=manifest.trees,
        threshold=manifest.threshold,
        figures=dict(manifest.figures),
        until=manifest.until,
        digest=kept.digest,
        out=shown(out),
        index=index,
        notes=list(manifest.notes),
    )


def score_delay(
    data: _Orders,
    *,
    model: _ModelFolder,
    ledger: LedgerFolder = None,
    accountable: _Accountable = None,
    progress: Progress = no_progress,
) -> Iterator[ForecastOrder]:
    """Forecast how late new orders will be, each once and on record, and why.

    Dates of delivery in the file are not looked at. Raises NotFound with code delay.model-missing,
    VerificationError with code delay.model-changed, InputError with code delay.column or
    delay.rows, FatalLogError with code delay.state, and as `open_source`.
    """
    kept = load_kept(model)
    read = read_orders(data, kept.manifest.layout, progress)
    folder = find_ledger(ledger)
    with open_for_writing(ledger) as opened:
        forecaster = Forecaster(opened, kept, folder / _FOLDER, accountable=accountable)
        done = 0
        for line, delay, index in forecaster.forecast(read.orders):
            done += 1
            progress(done, len(read.orders), "orders forecast")
            if delay is None:
                yield ForecastOrder(line, "", "", "", None, None, None, None, index, again=True)
                continue
            yield ForecastOrder(
                delay.id,
                delay.scheduled,
                delay.moment,
                OUTCOMES[delay.at_risk],
                delay.probability,
                delay.low_days,
                delay.expected_days,
                delay.high_days,
                index,
                dict(delay.reasons),
            )
        forecaster.save()
    for why in read.bad.values():
        yield ForecastOrder("", "", "", "", None, None, None, None, None, error=why)


def close_delays(
    data: _Orders,
    *,
    model: _ModelFolder,
    ledger: LedgerFolder = None,
    progress: Progress = no_progress,
) -> Iterator[ClosedOrder]:
    """Tell what came of forecast orders; later forecasts learn from it once it was known.

    Rows without a date of delivery are passed over. Raises as `score_delay`.
    """
    kept = load_kept(model)
    read = read_orders(data, kept.manifest.layout, progress)
    told = [one for one in read.orders if one.late_days is not None and one.known is not None]
    if not told:
        raise InputError(
            "delay.outcomes",
            f"expected dates of delivery as {kept.manifest.layout.delivered[:80]!a}, found none",
            hint="Give the same file again when goods have arrived, with their dates.",
        )
    folder = find_ledger(ledger)
    with open_for_writing(ledger) as opened:
        forecaster = Forecaster(opened, kept, folder / _FOLDER)
        for done, one in enumerate(sorted(told, key=lambda one: (one.known or 0, one.id))):
            progress(done, len(told), "outcomes told")
            days, known = one.late_days or 0, date.fromordinal(one.known or 1)
            yield ClosedOrder(one.id, days, forecaster.close(one.id, days, known))
        forecaster.save()


def judge_delay(
    data: _Orders,
    *,
    columns: _Columns = None,
    moment: Annotated[
        int | None,
        Param("Decide so many days before the schedule, not when the order is placed.", "DAYS"),
    ] = None,
    splits: Annotated[int, Param("Parts of the later half of the orders to judge on.", "N")] = 5,
    progress: Progress = no_progress,
) -> Compared:
    """Judge forecasts on later orders, beside the vendor's rate and plain gradient boosting.

    Raises InputError with code delay.number, and as `supply delay-train`.
    """
    if not 1 <= splits <= _SPLITS_MOST or (moment is not None and not 0 <= moment <= 365):
        raise InputError(
            "delay.number",
            f"expected 1 to {_SPLITS_MOST} splits and 0 to 365 days, found {splits} and {moment}",
            hint="For example --splits 5 --moment 14.",
        )
    layout = read_layout(columns)
    if moment is not None:
        layout = msgspec.structs.replace(layout, moment="notice", notice_days=moment)
    read = read_orders(data, layout, progress)
    shares = [0.5 + 0.5 * at / splits for at in range(splits + 1)]
    return compare(read.orders, layout, shares=shares, progress=progress)


def _probability(text: str) -> float:
    try:
        return float(text)
    except ValueError as err:
        raise InputError(
            "delay.threshold",
            f"expected a probability, found {text[:20]!a}",
            hint="Such as 0.25.",
        ) from err
