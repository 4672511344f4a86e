"""Try the forecast of spoilage on lots in the order of time: what learning adds, honestly told.

Each lot is asked about with what was known by then: its own readings, and what came of lots that
were looked at before. One lot in three is watched until it spoils, one is looked at once a day, and
one when it is to be sold, most often while it is good. This module refuses to learn ahead of time.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from counterfoil.apps.supply.predict.spoilage.correction import Learned
from counterfoil.apps.supply.predict.spoilage.judging import Figures, figures_of, printed_h
from counterfoil.apps.supply.predict.spoilage.shelf_life import remaining
from counterfoil.apps.supply.predict.spoilage.simulated import Lot
from counterfoil.ports import Progress, no_progress

__all__ = ["Asked", "Trial", "asked_of", "try_out"]

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_WAYS: Final = 3
_WATCHED, _LOOKED_AT = 0, 1  # the others are looked at when they are sold
_SOLD_BY: Final = 0.1  # of the printed life, once to five times


@dataclass(frozen=True, slots=True)
class Asked:
    """Forecasts for one lot, hours left (low, expected, high), beside the truth."""

    lot: Lot
    truth_h: float
    corrected: tuple[float, float, float]
    table: tuple[float, float, float]
    printed_h: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Figures on the later lots. learned: outcomes that had come by the end."""

    corrected: Figures
    table: Figures
    printed: Figures
    learned: int


def try_out(lots: Sequence[Lot], *, skip: float = 0.5, progress: Progress = no_progress) -> Trial:
    """Ask about every lot, and judge those after the first share `skip`, by when they are asked."""
    learned = Learned()
    asked = list(asked_of(lots, learned, progress))
    late = asked[round(len(asked) * skip) :]
    truths = [one.truth_h for one in late]
    printed = [(one.printed_h,) * 3 for one in late]
    return Trial(
        figures_of(truths, [one.corrected for one in late]),
        figures_of(truths, [one.table for one in late]),
        figures_of(truths, printed, band=False),
        len(learned),
    )


def asked_of(
    lots: Sequence[Lot], learned: Learned, progress: Progress = no_progress
) -> Iterator[Asked]:
    """Ask about lots in time, and learn from each when what came of it is known."""
    waiting: list[tuple[int, int]] = []
    ordered = sorted(lots, key=lambda one: one.at_ms)
    for number, lot in enumerate(ordered):
        while waiting and waiting[0][0] <= lot.at_ms:
            _, at = heapq.heappop(waiting)
            _learn(learned, ordered[at], at)
        yield _ask(lot, learned)
        heapq.heappush(waiting, (_known_ms(lot, number), number))
        progress(number + 1, len(ordered), "lots")


def _ask(lot: Lot, learned: Learned) -> Asked:
    readings = [one for one in lot.history if one[0] <= lot.at_ms]
    found = []
    for correction in (learned.correction(lot.product), None):
        left = remaining(
            lot.product,
            readings,
            lot.at_ms,
            ahead_c=lot.ahead_c,
            correction=correction,
            since_ms=lot.since_ms,
        )
        found.append((left.low_h, left.expected_h, left.high_h))
    date = max(0.0, printed_h(lot.product) - (lot.at_ms - lot.since_ms) / _HOUR_MS)
    return Asked(lot, (lot.spoiled_ms - lot.at_ms) / _HOUR_MS, found[0], found[1], date)


def _known_ms(lot: Lot, number: int) -> int:
    """Tell when it is known what came of a lot; no sooner than it is so."""
    if number % _WAYS == _WATCHED:
        return lot.spoiled_ms
    if number % _WAYS == _LOOKED_AT:
        days = math.ceil((lot.spoiled_ms - lot.at_ms) / _DAY_MS)
        return lot.at_ms + max(1, days) * _DAY_MS
    return lot.at_ms + round(_SOLD_BY * (1 + number % 5) * printed_h(lot.product) * _HOUR_MS)


def _learn(learned: Learned, lot: Lot, number: int) -> None:
    seen = _known_ms(lot, number)
    used, tilt = _used(lot, min(seen, lot.spoiled_ms))
    if number % _WAYS == _WATCHED:
        learned.observe(lot.product, used, used, tilt)
    elif number % _WAYS == _LOOKED_AT:
        learned.observe(lot.product, _used(lot, max(lot.at_ms, seen - _DAY_MS))[0], used, tilt)
    elif seen < lot.spoiled_ms:
        learned.observe(lot.product, used, None, tilt)
    else:
        learned.observe(lot.product, _used(lot, lot.at_ms)[0], used, tilt)


def _used(lot: Lot, at_ms: int) -> tuple[float, float]:
    left = remaining(lot.product, lot.history, at_ms, ahead_c=lot.ahead_c, since_ms=lot.since_ms)
    return left.chilled.used, left.tilt
