"""What is known of deliveries at a moment: rates that fade, open and overdue orders, loads.

Time only goes forward. An outcome that is told waits until the day after it became known; nothing
of it is seen before. This module refuses to forecast: it remembers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

import msgspec

from counterfoil.apps.supply.predict.delay.drift import Drift

__all__ = ["HALF_LIVES_D", "Memory", "Open", "Outcome", "Rate", "Sample"]

HALF_LIVES_D: Final = (60.0, 365.0)
"""In which a delivery counts half: two months for what changed just now, a year for the rest."""

_LOADS: Final = 300
_SERIALS: Final = 200
_SAMPLES: Final = 400


class Rate(msgspec.Struct, array_like=True):
    """Deliveries and late ones, each counted with two half-lives, as of a day."""

    short: float = 0.0
    short_late: float = 0.0
    long: float = 0.0
    long_late: float = 0.0
    day: int = 0

    def fade(self, day: int) -> None:
        """Go forward to a day."""
        if day > self.day:
            passed, self.day = day - self.day, day
            first, second = (0.5 ** (passed / half) for half in HALF_LIVES_D)
            self.short *= first
            self.short_late *= first
            self.long *= second
            self.long_late *= second

    def add(self, day: int, *, late: bool) -> None:
        """Count a delivery whose outcome became known on a day."""
        self.fade(day)
        weight = [0.5 ** (max(0, self.day - day) / half) for half in HALF_LIVES_D]
        self.short += weight[0]
        self.short_late += weight[0] * late
        self.long += weight[1]
        self.long_late += weight[1] * late


class Open(msgspec.Struct, array_like=True):
    """An order that is not known to be delivered. rates, counts: keys that it belongs to.

    foreseen: probability of being late, without correction; None where nobody forecast it.
    """

    scheduled: int
    rates: tuple[str, ...]
    counts: tuple[str, ...]
    group: tuple[str, ...]
    overdue: bool = False
    foreseen: float | None = None


class Outcome(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What came of an order. known: day on which that became known."""

    known: int
    number: int
    id: str
    late_days: int


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """Days of a delivery. group: its main categories."""

    known: int
    late_days: int
    group: tuple[str, ...]


class Memory(msgspec.Struct):
    """All that features remember.

    day: up to which it went. rates: by key. open: by id. placed, overdue: open orders by
    key, and those of them past their schedule. waiting: outcomes told, not yet known. due: when
    open orders are scheduled. loads: key -> scheduled days. orders: order -> lines, value, largest
    quantity. serials: series -> number and scheduled day. late, kept: samples of days. drift: of
    forecasts.
    """

    day: int = 0
    told: int = 0
    rates: dict[str, Rate] = {}
    open: dict[str, Open] = {}
    placed: dict[str, int] = {}
    overdue: dict[str, int] = {}
    waiting: list[Outcome] = []
    due: list[tuple[int, str]] = []
    loads: dict[str, list[int]] = {}
    orders: dict[str, tuple[int, float, float]] = {}
    serials: dict[str, list[tuple[int, int]]] = {}
    late: list[Sample] = []
    kept: list[Sample] = []
    drift: Drift = msgspec.field(default_factory=Drift)

    def advance(self, day: int) -> None:
        """Go forward to the morning of a day: what became known before it counts from now on."""
        if day <= self.day:
            return
        self.day = day
        while self.waiting and self.waiting[0].known < day:
            self._close(heapq.heappop(self.waiting))
        while self.due and self.due[0][0] < day:
            _, name = heapq.heappop(self.due)
            if (found := self.open.get(name)) is not None and not found.overdue:
                found.overdue = True
                _count(self.overdue, found.counts, 1)

    def begin(self, name: str, opened: Open, order: str, value: float, quantity: float) -> None:
        """Take an order that is placed; one that is open already stays as it is."""
        if name in self.open:
            return
        self.open[name] = opened
        heapq.heappush(self.due, (opened.scheduled, name))
        _count(self.placed, opened.counts, 1)
        for key in opened.counts:
            _append(self.loads, key, opened.scheduled, _LOADS)
        lines, total, largest = self.orders.get(order, (0, 0.0, 0.0))
        self.orders[order] = (lines + 1, total + value, max(largest, quantity))

    def number(self, series: str, number: int, scheduled: int) -> None:
        """Remember the number of an order, for later ones of its series."""
        found = self.serials.setdefault(series, [])
        found.append((number, scheduled))
        del found[:-_SERIALS]

    def foresee(self, name: str, probability: float) -> None:
        """Remember what was forecast of an open order, without correction; the first one stays."""
        opened = self.open[name]
        if opened.foreseen is None:
            opened.foreseen = probability

    def tell(self, name: str, late_days: int, known: int) -> bool:
        """Take what came of an open order; False where it is not open.

        It counts from the day after `known` on, and from the day after the forecast at the
        earliest: an order's own outcome is in no forecast of it.
        """
        if name not in self.open:
            return False
        self.told += 1
        one = Outcome(max(known, self.day), self.told, name, late_days)
        heapq.heappush(self.waiting, one)
        return True

    def _close(self, outcome: Outcome) -> None:
        opened = self.open.pop(outcome.id, None)
        if opened is None:  # told twice
            return
        _count(self.placed, opened.counts, -1)
        if opened.overdue:
            _count(self.overdue, opened.counts, -1)
        late = outcome.late_days > 0
        if opened.foreseen is not None:
            self.drift.add(outcome.known, opened.foreseen, late=late)
        for key in opened.rates:
            self.rates.setdefault(key, Rate()).add(outcome.known, late=late)
        samples = self.late if late else self.kept
        samples.append(Sample(outcome.known, outcome.late_days, opened.group))
        del samples[:-_SAMPLES]


def _count(counts: dict[str, int], keys: Iterable[str], by: int) -> None:
    for key in keys:
        counts[key] = counts.get(key, 0) + by


def _append(lists: dict[str, list[int]], key: str, value: int, most: int) -> None:
    found = lists.setdefault(key, [])
    found.append(value)
    del found[:-most]
