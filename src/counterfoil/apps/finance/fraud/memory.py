"""What is remembered of a card, a terminal or a word, and of all payments together.

Everything is a number that the next payment changes, so that remembering costs the same on the
thousandth payment as on the first, and can be written down and read back bit for bit. This module
refuses to look at a label before it is known: `fold` tells it then.
"""

from __future__ import annotations

from math import log, log1p
from typing import Final

import msgspec

from counterfoil.apps.finance.fraud.windows import DAY_MS, HOUR_MS, Windows, new_windows

__all__ = [
    "LABEL_WINDOWS_MS",
    "WINDOWS_MS",
    "Card",
    "Clock",
    "Level",
    "Memory",
    "Party",
    "Waiting",
    "Word",
    "part_of_day",
    "size_of",
]

WINDOWS_MS: Final = (HOUR_MS, DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
"""Lengths of the windows over payments, ms."""

LABEL_WINDOWS_MS: Final = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)
"""Lengths of the windows over labels that have become known, ms."""

_AMOUNTS: Final = 20  # latest amounts of a card that are kept
_LEVEL_KEEP: Final = 0.97  # of a level's weight, from payment to payment
_LABEL_KEEP: Final = 0.5  # of what the labels before said
_WORD_KEEP: Final = 0.995
_PLACES: Final = 64  # terminals, or words of a column, that are remembered of a card
_PARTS: Final = 8  # of a day
_GAP_MS: Final = DAY_MS  # a longer silence of all payments is a gap in the data
_GAPS: Final = 64


class Level(msgspec.Struct, array_like=True):
    """An exponentially weighted mean and variance. weight: of what was seen.

    Source: West, Updating mean and variance estimates, CACM 22(9), 1979.
    """

    weight: float = 0.0
    mean: float = 0.0
    var: float = 0.0

    def add(self, value: float, keep: float = _LEVEL_KEEP) -> None:
        """Learn a value. keep: how much of what was seen before still counts."""
        self.weight = self.weight * keep + 1.0
        gain = 1.0 / self.weight
        step = value - self.mean
        self.mean += gain * step
        self.var = (1.0 - gain) * (self.var + gain * step * step)


class Party(msgspec.Struct):
    """One side of payments.

    paid: windows over amounts. known: windows over labels that are known; their totals are frauds.
    level: of the sizes of amounts. recent: share of fraud in the latest known labels, which halves
    with each genuine one; None before the first. fraud_ms: when the latest known fraud was paid.
    since: known genuine payments since that. last_ms: when it paid last, 0 for never.
    """

    paid: Windows = msgspec.field(default_factory=lambda: new_windows(WINDOWS_MS))
    known: Windows = msgspec.field(default_factory=lambda: new_windows(LABEL_WINDOWS_MS))
    level: Level = msgspec.field(default_factory=Level)
    recent: float | None = None
    fraud_ms: int | None = None
    since: int = 0
    last_ms: int = 0

    def pay(self, at_ms: int, amount: float, size: float | None) -> None:
        """Learn a payment."""
        for window in self.paid:
            window.add(at_ms, amount)
        if size is not None:
            self.level.add(size)
        self.last_ms = at_ms

    def tell(self, now_ms: int, paid_ms: int, label: int) -> None:
        """Learn a label. now_ms: when it became known. paid_ms: when the payment was made."""
        for window in self.known:
            window.slide(now_ms)
            window.add(now_ms, label)
        before = label if self.recent is None else self.recent
        self.recent = _LABEL_KEEP * before + (1 - _LABEL_KEEP) * label
        if label:
            self.fraud_ms = max(paid_ms, self.fraud_ms or paid_ms)
            self.since = 0
        else:
            self.since += 1


class Card(Party):
    """A card, with its habits.

    gap: of the logarithm of hours between payments. amounts: the latest. hours: weight of each of
    eight parts of the day. places: terminal -> payments there, the last one paid last. words: of
    each column with words, the same.
    """

    gap: Level = msgspec.field(default_factory=Level)
    amounts: list[float] = msgspec.field(default_factory=list)
    hours: list[float] = msgspec.field(default_factory=lambda: [0.0] * _PARTS)
    places: dict[str, int] = msgspec.field(default_factory=dict)
    words: list[dict[str, int]] = msgspec.field(default_factory=list)

    def visit(
        self, at_ms: int, amount: float, terminal: str | None, words: tuple[str | None, ...]
    ) -> None:
        """Learn what only a card's payments tell; before `pay`, which moves its clock."""
        if self.last_ms:
            self.gap.add(log1p((at_ms - self.last_ms) / HOUR_MS))
        self.amounts.append(amount)
        if len(self.amounts) > _AMOUNTS:
            del self.amounts[0]
        self.hours = [weight * _LEVEL_KEEP for weight in self.hours]
        self.hours[part_of_day(at_ms)] += 1.0
        if terminal is not None:
            _count(self.places, terminal)
        if words and not self.words:
            self.words = [{} for _ in words]
        for known, word in zip(self.words, words, strict=True):
            if word is not None:
                _count(known, word)


class Word(msgspec.Struct, array_like=True):
    """A word of one column. count: payments with it. risk: of its labels that are known."""

    count: int = 0
    risk: Level = msgspec.field(default_factory=Level)

    def tell(self, label: int) -> None:
        """Learn a label."""
        self.risk.add(label, _WORD_KEEP)


class Clock(msgspec.Struct):
    """Of which time there is data at all: a month of silence is no month without payments.

    start_ms: of the first payment; last_ms: of the latest. gaps: (end, length) of silences of more
    than a day, ms.
    """

    start_ms: int | None = None
    last_ms: int = 0
    gaps: list[tuple[int, int]] = msgspec.field(default_factory=list)

    def advance(self, at_ms: int) -> int:
        """Move on to a payment; the clock never goes back. Gives the time that counts, Unix ms."""
        if self.start_ms is None:
            self.start_ms = self.last_ms = at_ms
        if at_ms - self.last_ms > _GAP_MS:
            self.gaps.append((at_ms, at_ms - self.last_ms))
            del self.gaps[:-_GAPS]
        self.last_ms = max(self.last_ms, at_ms)
        return self.last_ms

    def covered_days(self, length_ms: int) -> float:
        """Tell of how much of the last `length_ms` there is data, days, at least one."""
        begin = max(self.last_ms - length_ms, self.start_ms or 0)
        covered = self.last_ms - begin
        for end, length in self.gaps:
            covered -= max(0, end - max(begin, end - length))
        return max(covered / DAY_MS, 1.0)


Waiting = tuple[int, int, int, str | None, str | None, int, tuple[str | None, ...]]
"""A label to come: known at, its number, paid at, card, terminal, label, words."""


class Memory(msgspec.Struct):
    """All that the features remember; it is saved by `msgspec.msgpack`.

    level: of the sizes of all amounts. base: share of fraud in labels that are known. waiting:
    labels that were told and are not known yet, as a heap. open: payment without a label -> what
    its label will be told of. seen: payments.
    """

    clock: Clock = msgspec.field(default_factory=Clock)
    cards: dict[str, Card] = msgspec.field(default_factory=dict)
    terminals: dict[str, Party] = msgspec.field(default_factory=dict)
    words: list[dict[str, Word]] = msgspec.field(default_factory=list)
    level: Level = msgspec.field(default_factory=Level)
    base: Level = msgspec.field(default_factory=Level)
    waiting: list[Waiting] = msgspec.field(default_factory=list)
    open: dict[str, tuple[int, str | None, str | None, tuple[str | None, ...]]] = msgspec.field(
        default_factory=dict
    )
    seen: int = 0


def size_of(amount: float) -> float | None:
    """Turn an amount into its size, a logarithm; None for nothing.

    In another currency every size moves by the same, so that no difference of sizes changes.
    """
    return log(abs(amount)) if amount else None


def part_of_day(at_ms: int) -> int:
    """Tell which of eight parts of the day (UTC) a moment is in."""
    return at_ms % DAY_MS * _PARTS // DAY_MS


def _count(known: dict[str, int], one: str) -> None:
    """Count something, and forget the one that was not met for longest where there are many."""
    known[one] = known.pop(one, 0) + 1
    if len(known) > _PLACES:
        del known[next(iter(known))]
