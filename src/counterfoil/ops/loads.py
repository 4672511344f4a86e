"""Forecast a ledger's load, in records a second, from the times that stand in its own log.

Times are claims: of each record, or of the signature over its batch. Certain are the log's order
and when its kept checkpoints were committed, so a time that steps out of these is moved between
them. This module refuses to count signatures over batches as records.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from counterfoil.errors import InputError, Unavailable
from counterfoil.formats import entry as entries
from counterfoil.formats import predicates, signed_statement, verdict
from counterfoil.formats.entry import BatchEntry, CoseEntry, VerdictEntry
from counterfoil.formats.statement import Statement
from counterfoil.ledger import Ledger
from counterfoil.ops.forecasts import Step, require_horizon, steps_of
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param, Progress, Series, no_progress

if TYPE_CHECKING:
    from counterfoil.learn.forecast import Judged

__all__ = ["LoadForecast", "RecentLoad", "load", "recent"]

_EVERY_S: Final = (1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 86_400)
_ROWS: Final = 2_000  # steps that are aimed at where none are given
_ROWS_MAX: Final = 20_000
_PAGE: Final = 4_096
_DRAWN: Final = 480  # steps that a picture holds
_NEWEST: Final = 50_000


@dataclass(frozen=True, slots=True)
class LoadForecast:
    """Load to come, records a second.

    records: with a time. every_s: seconds in a step. counted: steps that were learned from.
    newest_s: load of the last of them. season: steps. windows, past: earlier places from which
    load was forecast alike, and how good that was; usual: how good it would have been to expect
    what was a season ago.
    """

    records: int
    every_s: int
    counted: int
    newest_s: float
    season: int
    level: float
    steps: list[Step]
    windows: int
    past: Judged | None
    usual: Judged | None
    notes: list[str]


@dataclass(frozen=True, slots=True)
class RecentLoad:
    """The load lately, and what is to come of it.

    records: that were counted, the newest. steps: (Unix seconds at a step's beginning, records a
    second), oldest first, without the one that is not over. every_s: seconds in a step; 0 where
    nothing could be counted. forecast: None where `why` says that there is none, and why.
    """

    records: int
    every_s: int
    steps: list[tuple[int, float]]
    forecast: LoadForecast | None
    why: str


def load(
    *,
    ledger: LedgerFolder = None,
    horizon: Annotated[int, Param("How many steps ahead to forecast, 1 to 1000.", "H")] = 24,
    every: Annotated[int | None, Param("Seconds in a step; else chosen.", "SECONDS")] = None,
    season: Annotated[int | None, Param("Steps after which it repeats; else found.", "N")] = None,
    forecaster: Annotated[str, Param("Which forecaster, by its entry point.", "NAME")] = "auto",
    progress: Progress = no_progress,
) -> LoadForecast:
    """Forecast how many records a second will come, with a band that holds nine in ten.

    Raises InputError with code load.every, forecast.horizon, forecast.season, forecast.short or
    learn.forecaster, and as `open_ledger`.
    """
    require_horizon(horizon)
    with open_for_reading(ledger) as opened:
        times = _times(opened, progress)
    counts, start, every = _counted(times, every)
    notes = [f"steps of {every} s; the one that is not over is left out"]
    if len(counts) == _ROWS_MAX:
        notes.append(f"the last {_ROWS_MAX} steps are used")
    return _forecast(
        counts, start, every, (horizon, season, forecaster), len(times), notes, progress
    )


def recent(opened: Ledger, *, newest: int = _NEWEST, horizon: int = 24) -> RecentLoad:
    """Count the newest records over time, and forecast from these where there are enough.

    newest: most entries that are read, however long the log is. horizon: steps ahead; 0 counts
    alone, which takes no time. A history that is too short to learn from is an answer, no error.
    """
    times = _times(opened, no_progress, max(0, opened.size - newest))
    try:
        counts, start, every = _counted(times, None, _DRAWN)
    except InputError as err:
        return RecentLoad(len(times), 0, [], None, err.message)
    steps = [(start + at * every, count / every) for at, count in enumerate(counts)]
    notes = [f"steps of {every} s, of the newest {len(times)} records"]
    why = f"the history is short, {len(steps)} steps of {every} s"
    for ahead in (
        (horizon, horizon // 4) if horizon else ()
    ):  # less far ahead takes less to learn from
        how = (ahead, None, "auto")
        try:
            found = _forecast(counts, start, every, how, len(times), notes, no_progress)
        except InputError:
            continue
        except Unavailable as err:  # an extra that is not installed
            why = err.message
            break
        return RecentLoad(len(times), every, steps, found, "")
    return RecentLoad(len(times), every, steps, None, why)


def _forecast(
    counts: list[int],
    start: int,
    every: int,
    how: tuple[int, int | None, str],
    records: int,
    notes: list[str],
    progress: Progress,
) -> LoadForecast:
    import numpy as np

    from counterfoil.learn.forecast import (
        LEVEL,
        find_season,
        judge,
        look_ahead,
        naive_error,
        plan,
        seasonal_naive,
    )
    from counterfoil.learn.forecast.registered import forecaster as named
    from counterfoil.ops.forecasts import require_season

    horizon, season, name = how
    rates = np.asarray(counts, dtype=np.float64) / every
    if season is None:
        season = find_season(rates, float(every))
    else:
        require_season(season, len(rates))
    series = Series(rates, season, float(start), float(every))
    laid = plan(len(rates), horizon, season, refits=2, least=1)
    found = look_ahead(
        partial(named, name),
        series,
        laid,
        lambda done, total: progress(done, total, "parts of models learned"),
    )
    past = usual = None
    if len(found.origins):
        actual = rates[found.origins[:, None] + np.arange(horizon)]
        unit = naive_error(rates[: int(found.origins[0])], season)
        under = np.maximum(found.past.low, 0)
        past = judge(actual, np.maximum(found.past.told, 0), under, found.past.high, unit)
        naive = seasonal_naive()
        naive.fit(series, len(rates), horizon)
        usual = judge(actual, naive.forecast(series, found.origins), under, found.past.high, unit)
    return LoadForecast(
        records=records,
        every_s=every,
        counted=len(counts),
        newest_s=float(rates[-1]),
        season=season,
        level=LEVEL,
        steps=steps_of(series, found, least=0.0),
        windows=len(found.origins),
        past=past,
        usual=usual,
        notes=notes,
    )


def _times(opened: Ledger, progress: Progress, first: int = 0) -> list[int]:
    """Read when each record from `first` on was made, Unix ms, by rising times."""
    kept = opened.checkpoints()
    sizes, committed = [one.size for one in kept], [one.at_ms for one in kept]
    found: list[int] = []
    waiting = 0

    def add(index: int, at_ms: int, records: int = 1) -> None:
        place = bisect_right(sizes, index)
        least = max(committed[place - 1] if place else 0, found[-1] if found else 0)
        most = committed[place] if place < len(kept) else at_ms
        found.extend([max(min(at_ms, most), least)] * records)

    size = opened.size
    for index, one in enumerate(opened.entries(first, size), first):
        if index % _PAGE == 0:
            progress(index, size, "entries read")
        parsed = entries.parse(one)
        if isinstance(parsed, BatchEntry):
            add(index, parsed.batch.at_ms, waiting)
            waiting = 0
        elif isinstance(parsed, VerdictEntry):
            add(index, verdict.decided_ms(parsed.verdict) or 0)
        elif isinstance(parsed, CoseEntry):
            add(index, signed_statement.issued_ms(parsed.statement) or 0)
        elif (at_ms := _said(parsed.statement)) is not None:
            add(index, at_ms)
        elif parsed.envelope.signatures:
            add(index, 0)  # tells no time: as early as the order of the log allows
        else:
            waiting += 1
    return found


def _said(statement: Statement) -> int | None:
    """Read the time that a statement itself tells; None where it tells none."""
    at_ms = getattr(predicates.parse_predicate(statement), "at_ms", None)
    return at_ms if type(at_ms) is int else None


def _counted(times: list[int], every: int | None, rows: int = _ROWS) -> tuple[list[int], int, int]:
    """Count records in even steps; gives counts, the first step's Unix seconds, and its length.

    rows: steps that are aimed at where no length is given.
    """
    if every is not None and not 1 <= every <= 7 * 86_400:
        raise InputError(
            "load.every",
            f"expected steps of 1 second to a week, found {every}",
            hint="Leave out --every to have it chosen.",
        )
    if not times:
        raise InputError(
            "forecast.short",
            "expected records with a time, found none",
            hint="Record something first; load is learned from the log.",
        )
    span = (times[-1] - times[0]) // 1000
    if every is None:
        every = next((one for one in _EVERY_S if span // one <= rows), _EVERY_S[-1])
    last = times[-1] // 1000 // every  # is not over
    first = max(times[0] // 1000 // every, last - _ROWS_MAX)
    counts = [0] * max(last - first, 0)
    for at_ms in times:
        place = at_ms // 1000 // every - first
        if 0 <= place < len(counts):
            counts[place] += 1
    if not counts:
        raise InputError(
            "forecast.short",
            f"expected records over more than one step of {every} s, found {len(times)} in one",
            hint="Give a shorter --every, or wait.",
        )
    return counts, first * every, every
