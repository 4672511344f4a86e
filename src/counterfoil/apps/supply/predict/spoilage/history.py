"""Temperatures of a thing over time: checked, with the gaps told; and whether a cold chain broke.

Between two readings the temperature is taken to go straight from one to the other. Where they lie
too far apart nobody knows, and it is a gap. This module refuses readings that no food has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final, overload

from counterfoil.apps.supply.events.warmth import GOODS_C
from counterfoil.errors import InputError

__all__ = [
    "Breach",
    "History",
    "Reading",
    "Span",
    "breached",
    "clean",
    "gap_limit",
    "gaps_in",
    "thinned",
]

Reading = tuple[int, float]
"""(Unix ms, degrees C)."""

Span = tuple[int, int]
"""(from, until), Unix ms."""

_HOUR_MS: Final = 3_600_000
_GAP_LEAST_MS: Final = _HOUR_MS  # packed food does not warm up in less
_GAP_MOST_MS: Final = 4 * _HOUR_MS  # FDA Food Code 3-501.19: food without cooling may stand so long
_GAP_INTERVALS: Final = 3.0


@dataclass(frozen=True, slots=True)
class History(Sequence[Reading]):
    """Readings, oldest first, and where they are from.

    told_by: index of the entry that tells each reading, or nothing. since_ms: when the thing was
    made, or first seen.
    """

    readings: tuple[Reading, ...]
    told_by: tuple[int, ...] = ()
    since_ms: int | None = None

    @property
    def entries(self) -> tuple[int, ...]:
        """Indices of the events that tell the readings, each once."""
        return tuple(sorted(set(self.told_by)))

    def __len__(self) -> int:
        return len(self.readings)

    @overload
    def __getitem__(self, at: int) -> Reading: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Reading, ...]: ...
    def __getitem__(self, at: int | slice) -> Reading | tuple[Reading, ...]:
        """Give a reading, or some."""
        return self.readings[at]


@dataclass(frozen=True, slots=True)
class Breach:
    """A time for which it was too warm or too cold without a pause.

    limit: `high` or `low`. worst_c: farthest from it. mean_c: over that time. seconds: how long.
    """

    limit: str
    from_ms: int
    until_ms: int
    worst_c: float
    mean_c: float

    @property
    def seconds(self) -> float:
        """How long it took, seconds."""
        return (self.until_ms - self.from_ms) / 1000

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {**asdict(self), "seconds": self.seconds}


def clean(history: Iterable[Reading], until_ms: int | None = None) -> tuple[Reading, ...]:
    """Order readings in time, to a thousandth of a degree; of two at one time the warmer counts.

    until_ms: later ones are left out. Raises InputError with code supply.reading.
    """
    found: dict[int, float] = {}
    for at, celsius in history:
        if not (math.isfinite(celsius) and GOODS_C[0] <= celsius <= GOODS_C[1]):
            raise InputError(
                "supply.reading",
                f"expected degrees C from -100 to 100, found {celsius!r:.40} at {at!r:.40}",
                hint="A broken sensor's readings say nothing: leave them out, as a gap.",
            )
        if until_ms is None or at <= until_ms:
            found[int(at)] = max(round(celsius, 3), found.get(int(at), -math.inf))
    return tuple(sorted(found.items()))


def gaps_in(readings: Sequence[Reading]) -> tuple[Span, ...]:
    """Find where readings lie too far apart: three times their usual distance, one to four hours.

    readings: as `clean` gives them.
    """
    apart = [later[0] - earlier[0] for earlier, later in pairwise(readings)]
    limit = gap_limit(readings)
    return tuple(
        (readings[at][0], readings[at + 1][0]) for at, wide in enumerate(apart) if wide > limit
    )


def gap_limit(readings: Sequence[Reading]) -> float:
    """Tell from which distance of two readings on it is a gap, ms."""
    apart = [later[0] - earlier[0] for earlier, later in pairwise(readings)]
    usual = _GAP_INTERVALS * median(apart) if apart else 0.0
    return min(_GAP_MOST_MS, max(_GAP_LEAST_MS, usual))


def thinned(readings: Sequence[Reading], most: int) -> tuple[tuple[Reading, ...], float]:
    """Leave out readings that a straight line between others tells, until at most `most` are left.

    Gives them and the tolerance, degrees C; 0 where nothing but points of straight lines was left
    out. Ends of gaps stay. Raises InputError with code supply.history where that is too few.
    """
    whole = tuple(readings)
    kept_ends = {end for span in gaps_in(whole) for end in span}
    for tolerance in (0.0, 0.05, 0.1, 0.2, 0.5, 1.0):
        found = whole if len(whole) <= most else _thin(whole, kept_ends, tolerance)
        if len(found) <= most:
            return found, tolerance
    raise InputError(
        "supply.history",
        f"expected a history that {most} readings tell within 1 degree C, found one of "
        f"{len(whole)} that they do not",
        hint="Score a shorter time.",
    )


def breached(
    history: Iterable[Reading], low_c: float | None, high_c: float | None, grace_s: float
) -> Breach | None:
    """Find the first time that it was too warm, or too cold, for at least `grace_s` seconds.

    low_c, high_c: limits, degrees C, themselves allowed; None for any. A gap breaks nothing:
    nobody measured it. The first does not change when later readings come. Raises InputError with
    code supply.reading or supply.limit.
    """
    if low_c is not None and high_c is not None and low_c > high_c:
        raise InputError(
            "supply.limit",
            f"expected the coldest below the warmest, found {low_c:g} and {high_c:g}",
            hint="low_c is the coldest that is allowed, high_c the warmest.",
        )
    readings = clean(history)
    sides = [("high", high_c, 1.0)] if high_c is not None else []
    sides += [("low", low_c, -1.0)] if low_c is not None else []
    found = [
        one
        for name, limit, sign in sides
        if (one := _first(readings, name, limit, sign, grace_s)) is not None
    ]
    return min(found, key=lambda one: (one.from_ms, one.limit), default=None)


@dataclass(slots=True)
class _Run:
    """Readings beyond a limit without a pause. area: degrees C times ms."""

    begin: int
    until: int
    worst: float
    area: float = 0.0

    def go_on(self, from_c: float, until: int, to_c: float) -> None:
        """Go on to a later time, straight from one temperature to another."""
        self.area += (from_c + to_c) / 2 * (until - self.until)
        self.until = until

    def breach(self, name: str, grace_s: float) -> Breach | None:
        lasts = self.until - self.begin
        if lasts < grace_s * 1000:
            return None
        mean = self.area / lasts if lasts else self.worst
        return Breach(name, self.begin, self.until, self.worst, round(mean, 3))


def _first(
    readings: Sequence[Reading], name: str, limit: float, sign: float, grace_s: float
) -> Breach | None:
    """Find the first run beyond one limit that is long enough. sign: 1 for above, -1 for below."""
    wide = gap_limit(readings)
    run: _Run | None = None
    before: Reading | None = None
    for when, celsius in readings:
        if before is not None and when - before[0] > wide:
            if run is not None and (done := run.breach(name, grace_s)) is not None:
                return done
            run = before = None
        if sign * (celsius - limit) > 0:
            if run is None:
                begin = when if before is None else _crossing(before, (when, celsius), limit)
                run = _Run(begin, begin, celsius)
                run.go_on(celsius if before is None else limit, when, celsius)
            elif before is not None:
                run.go_on(before[1], when, celsius)
            run.worst = celsius if sign * (celsius - run.worst) > 0 else run.worst
        elif run is not None and before is not None:
            run.go_on(before[1], _crossing(before, (when, celsius), limit), limit)
            if (done := run.breach(name, grace_s)) is not None:
                return done
            run = None
        before = (when, celsius)
    return None if run is None else run.breach(name, grace_s)


def _crossing(before: Reading, after: Reading, limit: float) -> int:
    share = (limit - before[1]) / (after[1] - before[1])
    return round(before[0] + share * (after[0] - before[0]))


def _thin(readings: Sequence[Reading], ends: set[int], tolerance: float) -> tuple[Reading, ...]:
    """Keep a reading where the line from the last kept one would miss one between (open window)."""
    kept, anchor = [readings[0]], 0
    low, high = -math.inf, math.inf
    for at in range(1, len(readings)):
        when, celsius = readings[at]
        begin = readings[anchor]
        apart = when - begin[0]
        slope = (celsius - begin[1]) / apart
        if not low - 1e-12 <= slope <= high + 1e-12 or readings[at - 1][0] in ends:
            if at - 1 != anchor:
                kept.append(readings[at - 1])
            anchor = at - 1
            begin, (low, high) = readings[anchor], (-math.inf, math.inf)
            apart = when - begin[0]
        low = max(low, (celsius - tolerance - begin[1]) / apart)
        high = min(high, (celsius + tolerance - begin[1]) / apart)
    kept.append(readings[-1])
    return tuple(kept)
