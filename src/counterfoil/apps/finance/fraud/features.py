"""The features of a payment: its names, and how each is computed from what is remembered.

Counts of a week and a month are rates a day, of the time that there is data of: a memory that is
ten days old must not make everybody look quiet. Amounts are compared with the party's own, so that
a feature means the same in every currency. This module refuses to change what is remembered.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, inf, log1p, nan, pi, sin, sqrt
from typing import Final

from counterfoil.apps.finance.fraud.memory import (
    WINDOWS_MS,
    Card,
    Level,
    Memory,
    Party,
    part_of_day,
    size_of,
)
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.windows import DAY_MS, HOUR_MS

__all__ = ["Named", "describe"]

_SURE: Final = 4.0  # payments that everybody's average counts for, beside a party's own
_SPREAD: Final = 0.5  # least spread of sizes that a deviation is measured by
_LARGEST: Final = 3.0e38  # of a 32-bit float

_ALL: Final = ("amount", "size_z", "hour_sin", "hour_cos", "weekday")
_PARTY: Final = (
    "count_1h",
    "count_1d",
    "rate_7d",
    "rate_30d",
    "busy",
    "mean_1d",
    "mean_7d",
    "mean_30d",
    "of_mean_7d",
    "of_mean_30d",
    "size_z",
    "since_h",
    "risk_1d",
    "risk_7d",
    "risk_30d",
    "frauds_30d",
    "recent_risk",
    "since_fraud_d",
    "genuine_since_fraud",
)
_CARD: Final = (
    "card_of_median",
    "card_of_largest",
    "card_rank",
    "card_gap_z",
    "card_hour_share",
)
_PLACE: Final = ("card_visits",)
_WORD: Final = ("share", "risk", "known_to_card")


@dataclass(frozen=True, slots=True)
class Named:
    """What the data has. card, terminal: it names them. numbers, words: its further columns."""

    card: bool = True
    terminal: bool = True
    numbers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Name the features in order."""
        found = list(_ALL)
        if self.card:
            found += [f"card_{name}" for name in _PARTY] + list(_CARD)
        if self.terminal:
            found += [f"terminal_{name}" for name in _PARTY]
        if self.card and self.terminal:
            found += _PLACE
        found += [f"column {name}" for name in self.numbers]
        found += [f"column {name} {part}" for name in self.words for part in _WORD]
        return tuple(found)


def describe(
    named: Named,
    memory: Memory,
    payment: Payment,
    now: int,
    card: Card | None,
    terminal: Party | None,
) -> list[float]:
    """Compute the features of a payment at a moment, in the order of `Named.features`.

    now: Unix ms, not before anything that is remembered. Each is a float that 32 bits hold.
    """
    amount = payment.amount
    size = size_of(amount)
    turn = 2 * pi * (now % DAY_MS) / DAY_MS
    weekday = (now // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
    days = [memory.clock.covered_days(length) for length in WINDOWS_MS[2:]]
    found = [amount, _apart(size, memory.level, None), sin(turn), cos(turn), weekday]
    base = memory.base.mean
    if named.card:
        if card is None:
            found += _NOBODY
            found += _NO_HABITS
        else:
            found += _party(card, amount, size, now, days, memory.level, base)
            found += _habits(card, amount, now)
    if named.terminal:
        if terminal is None:
            found += _NOBODY
        else:
            found += _party(terminal, amount, size, now, days, memory.level, base)
    if named.card and named.terminal:
        place = payment.terminal
        known = card is not None and place is not None
        found.append(card.places.get(place, 0) if known and card and place else nan)
    found += [nan if value is None else value for value in payment.numbers]
    for at, word in enumerate(payment.words):
        found += _word(memory, at, word, card, base)
    return _floats(found)


_NOBODY: Final = (nan,) * len(_PARTY)
_NO_HABITS: Final = (nan,) * len(_CARD)


def _party(
    party: Party,
    amount: float,
    size: float | None,
    now: int,
    days: Sequence[float],
    level: Level,
    base: float,
) -> list[float]:
    for window in party.paid:
        window.slide(now)
    for window in party.known:
        window.slide(now)
    hour, day, week, month = party.paid
    risk_day, risk_week, risk_month = party.known
    rate = month.count / days[1]
    fraud = party.fraud_ms
    return [
        hour.count,
        day.count,
        week.count / days[0],
        rate,
        (day.count + 1) / (rate + 1),
        day.total / day.count if day.count else nan,
        week.total / week.count if week.count else nan,
        month.total / month.count if month.count else nan,
        amount * week.count / week.total if week.total > 0 else nan,
        amount * month.count / month.total if month.total > 0 else nan,
        _apart(size, party.level, level),
        (now - party.last_ms) / HOUR_MS if party.last_ms else nan,
        (risk_day.total + base) / (risk_day.count + 1),
        (risk_week.total + base) / (risk_week.count + 1),
        (risk_month.total + base) / (risk_month.count + 1),
        risk_month.total,
        nan if party.recent is None else party.recent,
        nan if fraud is None else (now - fraud) / DAY_MS,
        nan if fraud is None else party.since,
    ]


def _habits(card: Card, amount: float, now: int) -> list[float]:
    ranked = sorted(card.amounts)
    gap = nan
    if card.last_ms and card.gap.weight:
        step = log1p((now - card.last_ms) / HOUR_MS) - card.gap.mean
        gap = step / sqrt(card.gap.var + _SPREAD * _SPREAD)
    weights = sum(card.hours)
    if not ranked:
        return [nan, nan, nan, gap, nan]
    middle, largest = ranked[len(ranked) // 2], ranked[-1]
    below = sum(1 for one in ranked if one < amount)
    return [
        amount / middle if middle > 0 else nan,
        amount / largest if largest > 0 else nan,
        below / len(ranked),
        gap,
        card.hours[part_of_day(now)] / weights if weights else nan,
    ]


def _word(
    memory: Memory, at: int, word: str | None, card: Card | None, base: float
) -> tuple[float, float, float]:
    if word is None:
        return nan, nan, nan
    known = memory.words[at].get(word)
    mine = card.words[at].get(word, 0) if card is not None and card.words else 0
    if known is None:
        return 0.0, base, mine
    weight = known.risk.weight
    risk = (known.risk.mean * weight + base * _SURE) / (weight + _SURE)
    return known.count / memory.seen, risk, mine


def _apart(size: float | None, own: Level, others: Level | None) -> float:
    """Tell how many spreads a size is from a party's own, which leans on everybody's."""
    if size is None or not (own.weight or (others is not None and others.weight)):
        return nan
    if others is None:
        return (size - own.mean) / sqrt(own.var + _SPREAD * _SPREAD)
    whole = own.weight + _SURE
    mean = (own.weight * own.mean + _SURE * others.mean) / whole
    var = (own.weight * own.var + _SURE * others.var) / whole
    return (size - mean) / sqrt(var + _SPREAD * _SPREAD)


def _floats(values: Sequence[float]) -> list[float]:
    """Round to what 32 bits hold, as the served model sees them; what is larger is cut off."""
    try:
        found = array("f", values)
    except OverflowError:
        found = array("f", [min(max(value, -_LARGEST), _LARGEST) for value in values])
    if inf in found or -inf in found:
        found = array("f", [min(max(value, -_LARGEST), _LARGEST) for value in found])
    return found.tolist()
