"""Forecast a column of a file, and judge forecasts of it beside others.

This module refuses a long run without saying so: of a long file the last values count, and how
many is told.
"""

from __future__ import annotations

import csv
import io
import time as clock
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from counterfoil.errors import InputError
from counterfoil.ops.files import write_file
from counterfoil.ops.series_files import Measured, read_column
from counterfoil.ports import Channel, Param, Progress, Series, no_progress

if TYPE_CHECKING:
    from counterfoil.learn.forecast import Ahead, Judged

__all__ = [
    "Evaluated",
    "Forecast",
    "Step",
    "evaluate",
    "require_horizon",
    "require_season",
    "run",
    "steps_of",
]

_KEPT: Final = 20_000
_LARGEST: Final = 1e100  # sums and products of larger numbers leave what a float can hold
_HORIZON_MAX: Final = 1000
_SKEW: Final = 0.02  # of the usual step: what times may be off it and still count as even


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How good forecasts of a series are.

    rows: of the file. kept: the last ones that were used. filled: of those, rows without a finite
    number, which got the last one before, and are not judged. season: steps. step_s: seconds
    between rows; 0 where not known. windows: origins that were judged, `every` rows apart.
    first_origin: the row of the last known value in the first of them. models: name -> figures.
    notes: what else is to be known.
    """

    rows: int
    kept: int
    filled: int
    horizon: int
    season: int
    step_s: float
    windows: int
    every: int
    first_origin: int
    level: float
    models: dict[str, Judged]
    seconds: float
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One value to come. time: UTC, None where rows have none. low, high: None where not known."""

    step: int
    time: str | None
    forecast: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What comes next. kept, filled, season, level, notes: as in `Evaluated`.

    windows, past: earlier places from which rows were forecast alike, and how good that was; past
    is None where there were none.
    """

    rows: int
    kept: int
    filled: int
    season: int
    level: float
    steps: list[Step]
    windows: int
    past: Judged | None
    notes: list[str]


@dataclass(slots=True)
class _Loaded:
    series: Series
    outcomes: Any  # as the values, but not a number where filled
    rows: int
    kept: int
    filled: int
    notes: list[str]


def evaluate(
    file: Annotated[
        Path, Param("CSV file (.gz, too), or - for standard input.", "FILE", holds="file")
    ],
    *,
    value: Annotated[str, Param("The column with the numbers, oldest first.", "COL")],
    horizon: Annotated[int, Param("How many rows ahead to forecast, 1 to 1000.", "H")],
    time: Annotated[str | None, Param("The column with the times.", "COL")] = None,
    season: Annotated[int | None, Param("Rows after which it repeats; else found.", "N")] = None,
    forecaster: Annotated[str, Param("Which forecaster, by its entry point.", "NAME")] = "auto",
    out: Annotated[
        Path | None,
        Param(
            "Write every forecast here, as CSV.", "FILE", short="o", holds="output", ending=".csv"
        ),
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Evaluated:
    """Judge forecasts of a column from many places in it, beside a naive and a strong model.

    Models learn four times, from 45 % of the rows on; at least 200 windows are judged. Raises
    NotFound with code file.missing, InputError with code series.column, series.csv, series.order,
    forecast.horizon, forecast.season, forecast.short, forecast.range or learn.forecaster.
    """
    import numpy as np

    from counterfoil.learn.forecast import LEVEL, judge, naive_error, plan, roll
    from counterfoil.learn.forecast.registered import forecaster as named

    began = clock.monotonic()
    loaded = _load(file, value, time, season, horizon, channel, progress)
    series = loaded.series
    laid = plan(len(series.values), horizon, series.season)
    origins = laid.origins[laid.counted :]
    actual = loaded.outcomes[origins[:, None] + np.arange(horizon)]
    _require_outcomes(actual)
    unit = naive_error(series.values[: int(origins[0])], series.season)
    names = {"counterfoil": forecaster, "seasonal_naive": "seasonal-naive", "strong": "strong"}
    figures: dict[str, Judged] = {}
    for place, (name, point) in enumerate(names.items()):

        def tell(done: int, total: int, place: int = place) -> None:
            progress(place * total + done, len(names) * total, "parts of models learned")

        found = roll(partial(named, point), series, laid, tell, outcomes=loaded.outcomes)
        figures[name] = judge(actual, found.told, found.low, found.high, unit)
        if name == "counterfoil" and out is not None:
            skipped = loaded.rows - loaded.kept
            _write(out, skipped + origins - 1, actual, found.told, found.low, found.high)
    return Evaluated(
        rows=loaded.rows,
        kept=loaded.kept,
        filled=loaded.filled,
        horizon=horizon,
        season=series.season,
        step_s=series.step,
        windows=len(origins),
        every=laid.every,
        first_origin=int(loaded.rows - loaded.kept + origins[0] - 1),
        level=LEVEL,
        models=figures,
        seconds=round(clock.monotonic() - began, 3),
        notes=loaded.notes,
    )


def run(
    file: Annotated[
        Path, Param("CSV file (.gz, too), or - for standard input.", "FILE", holds="file")
    ],
    *,
    value: Annotated[str, Param("The column with the numbers, oldest first.", "COL")],
    horizon: Annotated[int, Param("How many rows ahead to forecast, 1 to 1000.", "H")],
    time: Annotated[str | None, Param("The column with the times.", "COL")] = None,
    season: Annotated[int | None, Param("Rows after which it repeats; else found.", "N")] = None,
    forecaster: Annotated[str, Param("Which forecaster, by its entry point.", "NAME")] = "auto",
    progress: Progress = no_progress,
    channel: Channel,
) -> Forecast:
    """Forecast the next rows of a column, with a band that holds nine in ten.

    Raises as `forecast eval`; a short series is forecast, too, with bands only where it allows.
    """
    import numpy as np

    from counterfoil.learn.forecast import LEVEL, judge, look_ahead, naive_error, plan
    from counterfoil.learn.forecast.registered import forecaster as named

    loaded = _load(file, value, time, season, horizon, channel, progress)
    series = loaded.series
    laid = plan(len(series.values), horizon, series.season, refits=2, least=1)
    found = look_ahead(
        partial(named, forecaster),
        series,
        laid,
        lambda done, total: progress(done, total, "parts of models learned"),
        outcomes=loaded.outcomes,
    )
    past = None
    actual = loaded.outcomes[found.origins[:, None] + np.arange(horizon)]
    if np.isfinite(actual).any():
        unit = naive_error(series.values[: int(found.origins[0])], series.season)
        past = judge(actual, found.past.told, found.past.low, found.past.high, unit)
    return Forecast(
        rows=loaded.rows,
        kept=loaded.kept,
        filled=loaded.filled,
        season=series.season,
        level=LEVEL,
        steps=steps_of(series, found),
        windows=len(found.origins),
        past=past,
        notes=loaded.notes,
    )


def steps_of(series: Series, found: Ahead, least: float = float("-inf")) -> list[Step]:
    """Write what comes next, step by step. least: what the numbers cannot be below."""
    steps = []
    for at, told in enumerate(found.told):
        low, high = max(float(found.low[at]), least), float(found.high[at])
        known = isfinite(float(found.low[at])) and isfinite(high)
        steps.append(
            Step(
                at + 1,
                _moment(series, at),
                max(float(told), least),
                low if known else None,
                max(high, least) if known else None,
            )
        )
    return steps


def require_horizon(horizon: int) -> None:
    """Refuse a horizon out of range: InputError with code forecast.horizon."""
    if not 1 <= horizon <= _HORIZON_MAX:
        raise InputError(
            "forecast.horizon",
            f"expected 1 to {_HORIZON_MAX} rows ahead, found {horizon}",
            hint="Give fewer, or a file with longer steps.",
        )


def require_season(season: int, rows: int) -> None:
    """Refuse a season that does not fit three times: InputError with code forecast.season."""
    if not 1 <= season <= max(rows // 3, 1):
        raise InputError(
            "forecast.season",
            f"expected a season of 1 to a third of the {rows} rows, found {season}",
            hint="Leave out --season to have it found.",
        )


def _load(
    file: Path,
    value: str,
    time: str | None,
    season: int | None,
    horizon: int,
    channel: Channel,
    progress: Progress,
) -> _Loaded:
    import numpy as np

    from counterfoil.learn.forecast import find_season

    require_horizon(horizon)
    rows = list(read_column(file, value, time, channel))
    progress(len(rows), None, "rows read")
    kept = rows[-_KEPT:]
    values, filled = _values(kept)
    array = np.asarray(values, dtype=np.float64)
    outcomes = np.where([row.value is None for row in kept], np.nan, array)
    notes = [f"the last {_KEPT} of {len(rows)} rows are used"] if len(kept) < len(rows) else []
    if filled:
        notes.append(f"{filled} rows without a number repeat the last one before")
    start, step = _times(kept, notes) if time is not None else (0.0, 0.0)
    if season is None:
        season = find_season(array, step)
    else:
        require_season(season, len(values))
    series = Series(array, season, start, step)
    return _Loaded(series, outcomes, len(rows), len(kept), filled, notes)


def _values(rows: list[Measured]) -> tuple[list[float], int]:
    known = next((row.value for row in rows if row.value is not None), None)
    if known is None:
        raise InputError(
            "forecast.short",
            f"expected numbers, found none in {len(rows)} rows",
            hint="Name the column that holds them.",
        )
    values: list[float] = []
    filled = 0
    for row in rows:
        if row.value is None:
            filled += 1
        elif abs(row.value) > _LARGEST:
            raise InputError(
                "forecast.range",
                f"expected numbers up to {_LARGEST:g}, found {row.value:g} in row {row.row}",
                hint="Give the column in a larger unit.",
            )
        else:
            known = row.value
        values.append(known)
    return values, filled


def _require_outcomes(actual: Any) -> None:
    """Refuse a file without a number in its last part."""
    import numpy as np

    if not np.isfinite(actual).any():
        raise InputError(
            "forecast.short",
            "expected numbers in the last part of the file, to judge forecasts by, found none",
            hint="Cut off the rows without a number.",
        )


def _times(rows: list[Measured], notes: list[str]) -> tuple[float, float]:
    """Give the first time and the usual step; (0, 0) where the times are of no use."""
    import numpy as np

    times = np.asarray([row.at for row in rows if row.at is not None])
    if len(times) < len(rows) or len(times) < 3:
        notes.append("times are not used: some cannot be read")
        return 0.0, 0.0
    steps = np.diff(times)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0)) + 1
        raise InputError(
            "series.order",
            f"expected rows by rising time, but row {rows[at].row} ({rows[at].time}) is not later "
            "than the one before",
            hint="Sort the file by time, one series only.",
        )
    usual = float(np.median(steps))
    odd = float((np.abs(steps - usual) > _SKEW * usual).mean())
    if odd > 0:
        notes.append(f"{odd:.2%} of the steps are not the usual {usual:g} s; rows count as even")
    return float(times[-1]) - usual * (len(rows) - 1), usual


def _moment(series: Series, at: int) -> str | None:
    if not series.step:
        return None
    seconds = series.start + series.step * (len(series.values) + at)
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _write(out: Path, rows: Any, actual: Any, told: Any, low: Any, high: Any) -> None:
    """Write (origin, step, actual, forecast, low, high); origin: row of the last known value.

    An actual of a row without a number is written as nan.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["origin", "step", "actual", "forecast", "low", "high"])
    for at, row in enumerate(rows):
        for step in range(told.shape[1]):
            numbers = (actual[at, step], told[at, step], low[at, step], high[at, step])
            writer.writerow([int(row), step + 1, *(repr(float(one)) for one in numbers)])
    write_file(out, text.getvalue().encode())
