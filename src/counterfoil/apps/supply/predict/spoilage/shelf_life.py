"""How much of its life a thing has used, by its temperatures so far, and how much is left.

The rate of spoiling (`rates`) is summed over the history; at 1 the life that its table tells is
used up. What nobody measured costs what the rest of the history costs, at best what its coldest
reading would, and at worst what its warmest or 21 degrees C would; that is in the band, and each
gap is told. A frozen time and one above freezing are two clocks: freezing stops the one, and
thawing does not turn it back. What a table does not tell, such as how a thing keeps that was frozen
or thawed against it, makes the lower end of the band 0, and is told. This module refuses to decide.

Bands are of 90 %: lots differ (log-normal, as far apart as the table's own range), the slope over
temperature is uncertain, and so is what was learned.
Source: additive damage, Van Arsdel, Food Technol. 11, 1957; Taoukis and Labuza, as of `rates`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from counterfoil.apps.supply.predict.spoilage.clocks import (
    Clock,
    Clocks,
    Rates,
    by_table,
    gap_stretch,
    pieces_of,
    spread_of,
    stored_at,
    unseen_costs,
)
from counterfoil.apps.supply.predict.spoilage.correction import Correction
from counterfoil.apps.supply.predict.spoilage.history import (
    History,
    Reading,
    Span,
    clean,
    gap_limit,
    gaps_in,
)
from counterfoil.apps.supply.predict.spoilage.products import Product
from counterfoil.apps.supply.predict.spoilage.rates import BAND, law_of
from counterfoil.apps.supply.predict.spoilage.stretches import Stretch, stretches_of
from counterfoil.errors import InputError

__all__ = ["WORST_C", "Remaining", "remaining", "spans_of"]

WORST_C: Final = 21.0
"""What a place without cooling is taken to have, degrees C, unless a warmer reading is there."""

_HOUR_MS: Final = 3_600_000
_COSTLIEST: Final = 5
_MIDDLE, _END = 0.5, 0.95  # of a band of 90 %


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a thing's life at a time.

    low_h, expected_h, high_h: hours left at `ahead_c`, a band of 90 %. costliest: the stretches
    that cost most beyond proper storage. gaps: times that nobody measured, Unix ms. stretches: all
    of the history. chilled, frozen: its clocks. tilt: how warm it was kept, for `Learned.observe`.
    notes: what the table does not tell.
    """

    at_ms: int
    ahead_c: float
    low_h: float
    expected_h: float
    high_h: float
    costliest: tuple[Stretch, ...]
    gaps: tuple[Span, ...]
    stretches: tuple[Stretch, ...]
    chilled: Clock
    frozen: Clock
    tilt: float
    notes: tuple[str, ...]

    @property
    def used(self) -> float:
        """The share of its life that it used, from 0 on, by the clock that is farther."""
        return max(self.chilled.used, self.frozen.used)

    @property
    def used_low(self) -> float:
        """The same with all gaps at best."""
        return max(self.chilled.low, self.frozen.low)

    @property
    def used_high(self) -> float:
        """The same with all gaps at worst."""
        return max(self.chilled.high, self.frozen.high)

    def spoiled_within(self, hours: float) -> float:
        """Tell the probability that it is spoiled by `hours` from then on, at `ahead_c`; 0 to 1."""
        return 1 - (1 - self.chilled.past(hours)) * (1 - self.frozen.past(hours))

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        more = {"used": self.used, "used_low": self.used_low, "used_high": self.used_high}
        return {**asdict(self), **more, "spoiled": self.spoiled_within(0.0)}


def remaining(
    product: Product,
    history: Sequence[Reading],
    at_ms: int,
    *,
    ahead_c: float,
    correction: Correction | None = None,
    since_ms: int | None = None,
    gaps: Sequence[Span] | None = None,
    worst_c: float = WORST_C,
) -> Remaining:
    """Tell how much life a thing has left at a time.

    history: (Unix ms, degrees C) in any order; readings after `at_ms` are not looked at. ahead_c:
    how it is kept from then on. correction: what was learned of the product by then. since_ms: when
    its life began; else as a `History` says, else at the first reading. gaps: times that nobody
    measured, where the caller knows better than `history.gaps_in`. worst_c: warmest that it can
    have had in a gap. Raises InputError with code supply.reading or supply.history.
    """
    law = law_of(product)
    clean([(at_ms, ahead_c)])  # NaN would be safe for ever
    learned = correction or by_table(law)
    if since_ms is None and isinstance(history, History):
        since_ms = history.since_ms
    readings, spans = spans_of(history, at_ms, since_ms, gaps)
    rates = Rates(law, learned)
    seen = pieces_of(readings, spans, at_ms, rates)
    clocks = Clocks(rates)
    for piece in seen:
        clocks.add(piece)
    stored = stored_at(product)
    unseen = unseen_costs(clocks, seen, rates, stored, worst_c)
    proper = rates.of(stored)[0]
    stretches = [
        *stretches_of(seen, proper),
        *(gap_stretch(begin, until, unseen, proper) for begin, until in spans),
    ]
    stretches.sort(key=lambda one: (one.from_ms, one.until_ms))
    hours = sum(until - begin for begin, until in spans) / _HOUR_MS
    rate, ahead_frozen, told = rates.of(ahead_c)
    notes = clocks.notes()
    if not told:
        notes.append(f"its table does not tell how it keeps at {ahead_c:g} degrees C")
    chilled, frozen = (
        Clock(
            clocks.used[cold] + hours * unseen[cold].usual,
            clocks.used[cold] + hours * unseen[cold].best,
            clocks.used[cold] + hours * unseen[cold].worst,
            spread_of(law, learned, clocks, cold, ahead_c),
            rate if ahead_frozen == cold else 0.0,
        )
        for cold in (False, True)
    )
    mine, other = (frozen, chilled) if ahead_frozen else (chilled, frozen)
    gone = other.past(0.0)  # by its other clock, which stands still from now on
    low = (math.exp(-BAND * mine.spread) - mine.high) / rate
    high = (math.exp(BAND * mine.spread) - mine.low) / rate
    return Remaining(
        at_ms,
        ahead_c,
        0.0 if notes or gone > 1 - _END else max(0.0, low),
        0.0 if gone >= _MIDDLE else max(0.0, (1 - mine.used) / rate),
        0.0 if gone > _END else max(0.0, high),
        tuple(sorted(stretches, key=_costs)[:_COSTLIEST]),
        spans,
        tuple(stretches),
        chilled,
        frozen,
        clocks.tilt(),
        tuple(notes),
    )


def spans_of(
    history: Sequence[Reading],
    at_ms: int,
    since_ms: int | None,
    gaps: Sequence[Span] | None = None,
) -> tuple[tuple[Reading, ...], tuple[Span, ...]]:
    """Order the readings from `since_ms` to `at_ms`, and find what nobody measured of that time.

    Raises InputError with code supply.reading, and supply.history where nothing tells when the
    life began, or it began later.
    """
    readings = clean(history, at_ms)
    begin = since_ms if since_ms is not None else readings[0][0] if readings else None
    if begin is None or begin > at_ms:
        raise InputError(
            "supply.history",
            "expected a reading, or when its life began, by the time that is asked about; found "
            + ("none" if begin is None else "a later one"),
            hint="Give an earlier reading, or since_ms.",
        )
    readings = tuple(one for one in readings if one[0] >= begin)
    if gaps is not None:
        return readings, tuple((max(a, begin), min(b, at_ms)) for a, b in gaps if a < at_ms)
    spans = list(gaps_in(readings))
    wide = gap_limit(readings)
    first, last = (readings[0][0], readings[-1][0]) if readings else (at_ms, at_ms)
    if first - begin > (wide if readings else 0):
        spans.insert(0, (begin, first))
    if at_ms - last > wide:
        spans.append((last, at_ms))
    return readings, tuple(spans)


def _costs(one: Stretch) -> tuple[float, float]:
    return -max(one.excess, 0.0), -one.share
