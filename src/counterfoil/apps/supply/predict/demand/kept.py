"""A trained demand model as one file: JSON that says all that forecasting again takes.

No pickle: the trees are LightGBM's own text. Whole numbers and decimals come back as they were, to
the bit. This module refuses a file that is not whole.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import numpy as np

from counterfoil.apps.supply.predict.demand.distribution import Dependence, Marks
from counterfoil.apps.supply.predict.demand.features import feature_names
from counterfoil.apps.supply.predict.demand.history import History
from counterfoil.apps.supply.predict.demand.model import DemandModel
from counterfoil.apps.supply.predict.demand.spread import Spread
from counterfoil.apps.supply.predict.demand.table import Mapped
from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.learn.forecast.features import Floats
from counterfoil.provenance.models import Artefact, open_artefact
from counterfoil.provenance.models.folder import pack
from counterfoil.provenance.models.lightgbm_text import read_lightgbm

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["MODEL_MAX_BYTES", "KeptDemand", "format_model", "parse_model", "recorded_model"]

MODEL_MAX_BYTES: Final = 256 << 20

_NAME: Final = "demand.json"

Row = list[float | None]
Rows = list[Row]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the file; shapes as in `DemandModel`."""

    type: Literal["counterfoil-demand/v1"] = msgspec.field(name="type")
    date: str
    sales: tuple[str, ...]
    series: tuple[str, ...]
    closed_by: str | None
    zeros: bool
    horizon_days: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    names: tuple[str, ...]
    first_day: int
    values: Rows
    closed: list[list[int]]
    covariates: tuple[str, ...]
    given: list[Rows]
    whole: bool
    index: tuple[list[float], list[float]]
    shares: list[list[float]]
    trees: str | None
    trees_digest: str | None
    by_mean: float
    by_square: float
    of_series: list[float]
    of_ahead: list[float]
    of_weekday: list[float]
    units: list[float]
    marks_given: list[float]
    marks_found: list[list[float]]
    marks_part: list[int]
    common: float
    fading: float
    kept: float


class KeptDemand(msgspec.Struct, frozen=True):
    """A model, how its table is read, and what is recorded of it: a folder of one file."""

    model: Any
    mapped: Mapped
    artefact: Artefact

    @property
    def digest(self) -> str:
        """SHA-256 of the folder's manifest: a recorded model is found by it."""
        return self.artefact.digest


def format_model(model: DemandModel, mapped: Mapped) -> bytes:
    """Write a model; `parse_model` gives it back. The same model gives the same bytes."""
    tail, spread, marks, hangs = model.tail, model.spread, model.marks, model.dependence
    trees = None if model.booster is None else model.booster.model_to_string()
    found = _File(
        type="counterfoil-demand/v1",
        date=mapped.date,
        sales=mapped.sales,
        series=mapped.series,
        closed_by=mapped.closed,
        zeros=mapped.zeros,
        horizon_days=model.horizon_days,
        names=tail.names,
        first_day=tail.first_day,
        values=[_row(one) for one in tail.values],
        closed=[np.flatnonzero(one).tolist() for one in tail.closed],
        covariates=tail.covariates,
        given=[[_row(day) for day in one] for one in tail.given],
        whole=tail.whole,
        index=(model.index[0].tolist(), model.index[1].tolist()),
        shares=model.shares.tolist(),
        trees=trees,
        trees_digest=None if trees is None else sha256(trees.encode()).hexdigest(),
        by_mean=spread.by_mean,
        by_square=spread.by_square,
        of_series=spread.series.tolist(),
        of_ahead=spread.ahead.tolist(),
        of_weekday=spread.weekday.tolist(),
        units=model.units.tolist(),
        marks_given=marks.given.tolist(),
        marks_found=marks.found.tolist(),
        marks_part=marks.part.tolist(),
        common=hangs.common,
        fading=hangs.fading,
        kept=hangs.kept,
    )
    return msgspec.json.encode(found)


def parse_model(data: bytes) -> KeptDemand:
    """Read a model.

    Raises InputError with code demand.model, Unavailable with code extra.missing.
    """
    lightgbm = need("lightgbm", "supply")
    try:
        said = msgspec.json.decode(data, type=_File)
        booster = None
        if said.trees is not None:
            _check_trees(said)
            booster = lightgbm.Booster(model_str=said.trees)
        model = _model(said, booster)
    except (msgspec.MsgspecError, ValueError, IndexError, InputError) as err:
        raise InputError(
            "demand.model",
            f"expected a demand model, but: {str(err)[:300]}",
            hint="`counterfoil supply demand-train` writes one.",
        ) from err
    mapped = Mapped(said.date, said.sales, said.series, said.covariates, said.closed_by, said.zeros)
    artefact = open_artefact(pack([_NAME], lambda _: data))
    return KeptDemand(model, mapped, artefact)


def recorded_model(ledger: Ledger, model: Any) -> KeptDemand:
    """Load a recorded model from beside the log. model: as for `Models.get`.

    Raises as `parse_model` and `Models.artefact`, InputError with code demand.model.
    """
    artefact = ledger.models.artefact(model)
    if [part.name for part in artefact.files] != [_NAME]:
        raise InputError(
            "demand.model",
            f"expected a demand model, found one of format {artefact.format}",
            hint="`counterfoil supply demand-train` writes one.",
        )
    return parse_model(artefact.read(_NAME))


def _model(said: _File, booster: Any) -> DemandModel:
    count, horizon = len(said.names), said.horizon_days
    values = np.array([_numbers(one) for one in said.values])
    days = values.shape[1]
    closed = np.zeros((count, days), dtype=bool)
    for row, places in enumerate(said.closed):
        closed[row, places] = True
    given = np.array([[_numbers(day) for day in one] for one in said.given]).reshape(
        len(said.given), days, len(said.covariates)
    )
    index = tuple(np.array(one) for one in said.index)
    shares, found = np.array(said.shares), np.array(said.marks_found)
    part = np.array(said.marks_part, dtype=np.int64)
    ahead, series = np.array(said.of_ahead), np.array(said.of_series)
    fit = (
        values.shape == (count, days)
        and closed.shape == values.shape
        and len(given) in (1, count)
        and all(one.shape == (days,) for one in index)
        and found.shape == (len(found), len(said.marks_given))
        and part.shape == ahead.shape == (horizon,)
        and series.shape == (count,)
        and len(said.of_weekday) == 7
        and len(said.units) == count
        and int(part.max()) < len(found)
    )
    if not fit:
        raise ValueError("its parts are not of one shape")
    tail = History(said.names, said.first_day, values, closed, said.covariates, given, said.whole)
    return DemandModel(
        horizon,
        tail,
        (index[0], index[1]),
        shares,
        booster,
        Spread(said.by_mean, said.by_square, series, ahead, np.array(said.of_weekday)),
        Marks(np.array(said.marks_given), found, part),
        Dependence(said.common, said.fading, said.kept),
        np.array(said.units),
    )


def _check_trees(said: _File) -> None:
    """Refuse trees that were damaged: LightGBM ends the process at some of them."""
    text = (said.trees or "").encode()
    if sha256(text).hexdigest() != said.trees_digest:
        raise ValueError("its trees are not those that were written")
    if len(read_lightgbm(text).features) != len(feature_names(said.covariates)):
        raise ValueError("its trees are of other features")


def _row(values: Floats) -> Row:
    return [float(one) if np.isfinite(one) else None for one in values]


def _numbers(row: Row) -> list[float]:
    return [np.nan if one is None else one for one in row]
