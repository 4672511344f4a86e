"""Score a numeric stream for anomalies, row by row, as if each row had just come.

This module refuses to look ahead: the score of a row is made from the rows before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Final

from counterfoil.errors import InputError
from counterfoil.ops.series_files import Measured, read_column
from counterfoil.ports import Channel, Detector, Param, Progress, no_progress

__all__ = ["ScoredRow", "score"]

_WEEK_S: Final = 7 * 86_400
_STEPS: Final = 501  # time steps that the usual one is the median of
_TOLD: Final = 500
_LATE: Final = 2.5  # usual steps: a longer one is a gap


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """How abnormal a row is, by the rows before it.

    row: counted from 0, the heading apart. time: as it stands in the file. value: None for a bad
    row. score: 0 to 1; 0 for a bad row. p: how often a score as high came before, by rank and
    tail. alarm: whether it is as rare as was asked for. note: what is to be said about the row.
    """

    row: int
    time: str | None
    value: float | None
    score: float
    p: float
    alarm: bool
    note: str


def score(
    file: Annotated[
        Path, Param("CSV file (.gz, too), or - for standard input.", "FILE", holds="file")
    ],
    *,
    value: Annotated[str, Param("The column with the numbers.", "COL")],
    time: Annotated[str | None, Param("The column with the times, oldest first.", "COL")] = None,
    detector: Annotated[str, Param("Which detector, by its entry point.", "NAME")] = "auto",
    one_in: Annotated[int, Param("Alarm where a row is as rare as one in N.", "N")] = 1000,
    alarms_per_week: Annotated[
        int | None, Param("Alarm so often on quiet data, in place of one in N.", "N")
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[ScoredRow]:
    """Score each row of a numeric stream for anomalies, from the rows before it alone.

    A row without a finite number is not learned and scores 0. Raises NotFound with code
    file.missing, InputError with code series.column, series.csv, series.rate or learn.detector.
    """
    from counterfoil.learn.anomaly import detector as named

    if one_in < 2 or (alarms_per_week is not None and (alarms_per_week < 1 or time is None)):
        raise InputError(
            "series.rate",
            f"expected an alarm in 2 rows or more, or 1 a week or more with a time column, found "
            f"one in {one_in}, {alarms_per_week} a week, time column {time}",
            hint="Say --one-in 1000, or --alarms-per-week 3 --time COLUMN.",
        )
    limit = _Limit(1 / one_in, alarms_per_week)
    made = named(detector)
    return _scored(read_column(file, value, time, channel), made, limit, progress)


def _scored(
    rows: Iterator[Measured], made: Detector, limit: _Limit, progress: Progress
) -> Iterator[ScoredRow]:
    from counterfoil.learn.anomaly import Tail

    tail = Tail()
    for row in rows:
        if row.row % _TOLD == 0:
            progress(row.row, None, "rows scored")
        if row.value is None:
            yield ScoredRow(row.row, row.time, None, 0.0, 1.0, False, row.note)
            continue
        note = "; ".join(filter(None, [row.note, limit.step(row.at)]))
        found = made.score(row.value, row.at)
        p = tail.p(found) if found > 0 else 1.0
        tail.add(found)
        yield ScoredRow(row.row, row.time, row.value, found, p, p <= limit.p, note)


class _Limit:
    """The p-value at which an alarm is raised, and the usual time step that it may depend on."""

    def __init__(self, p: float, per_week: int | None) -> None:
        self._p, self._per_week = p, per_week
        self._steps: deque[float] = deque(maxlen=_STEPS)
        self._last: float | None = None
        self._usual = 0.0

    @property
    def p(self) -> float:
        """The limit as of now; 0, so no alarm, until a week's rows can be told."""
        if self._per_week is None:
            return self._p
        return min(1.0, self._per_week * self._usual / _WEEK_S)

    def step(self, at: float | None) -> str:
        """Learn a time; says what is odd about it, or nothing."""
        if at is None:
            return ""
        step = None if self._last is None else at - self._last
        self._last = at
        if step is None:
            return ""
        if step <= 0:
            return "time does not advance"
        late = self._usual > 0 and step > _LATE * self._usual
        self._steps.append(step)
        if len(self._steps) % 50 == 1 or len(self._steps) < 50:
            self._usual = median(self._steps)
        return f"gap of {step:.0f} s" if late else ""
