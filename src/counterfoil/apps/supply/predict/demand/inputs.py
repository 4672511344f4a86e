"""What a decision on demand rests on beyond its model, as plain JSON, and back again.

The model holds the sales that it learned from; the inputs hold those since, the days that are
closed, and what is given ahead, of one series. This module refuses more than a model may be old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.predict.demand.explained import explain
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.model import DemandModel
from counterfoil.apps.supply.predict.demand.shortage import Shortage
from counterfoil.errors import InputError
from counterfoil.provenance.statements.parts import decimal_text

__all__ = ["compute", "history_from", "inputs_of"]

_SINCE_MAX_DAYS: Final = 400


def compute(
    model: DemandModel, inputs: Mapping[str, Any]
) -> tuple[Shortage, float, dict[str, float]]:
    """Tell how the stock in a decision's inputs fares, and why; see `explain`."""
    return explain(
        model,
        history_from(model, inputs),
        float(inputs["stock_units"]),
        {int(day): float(units) for day, units in inputs["incoming"].items()},
        int(inputs["review_days"]),
        lead_days=int(inputs["lead_days"]),
        service=float(inputs["service"]),
    )


def inputs_of(model: DemandModel, history: History, series: str) -> dict[str, Any]:
    """Say what is known beyond the model: sales since, and days to come.

    Raises InputError with code demand.since or demand.other, NotFound with code demand.series.
    """
    only = model.seen(history.only(series)).lengthened(model.horizon_days)
    until = model.tail.days
    since = only.days - until
    if not 0 <= since <= _SINCE_MAX_DAYS:
        raise InputError(
            "demand.since",
            f"expected up to {_SINCE_MAX_DAYS} days of sales since the model was trained, found "
            f"{since}",
            hint="Train a new model.",
        )
    total = only.days + model.horizon_days
    given = only.given[0, until:total]
    return {
        "series": series,
        "first_day": only.date(only.days),
        "sold": [_text(one) for one in only.values[0, until:]],
        "closed": [int(one) for one in np.flatnonzero(only.closed[0, until:total])],
        "given": {
            name: [_text(one) for one in given[:, at]] for at, name in enumerate(only.covariates)
        },
    }


def history_from(model: DemandModel, inputs: Mapping[str, Any]) -> History:
    """Make of inputs what they were made from."""
    tail = model.tail.only(inputs["series"])
    sold = [np.nan if one is None else float(one) for one in inputs["sold"]]
    ahead = len(sold) + model.horizon_days
    closed = np.zeros((1, ahead), dtype=bool)
    closed[0, inputs["closed"]] = True
    given = np.full((1, ahead, len(tail.covariates)), np.nan)
    for at, name in enumerate(tail.covariates):
        given[0, :, at] = [np.nan if x is None else float(x) for x in inputs["given"][name]]
    return replace(
        tail,
        values=np.concatenate([tail.values, np.array(sold, float)[None]], axis=1),
        closed=np.concatenate([tail.closed, closed], axis=1),
        given=np.concatenate([tail.given, given], axis=1),
    )


def _text(value: float) -> str | None:
    return decimal_text(float(value)) if np.isfinite(value) else None
