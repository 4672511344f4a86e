"""A key that signs at an hour at which it does not.

What counts is the hour in which an entry came into the log, not the one that it claims. Each key
has a histogram of hours, working days apart from weekends, smoothed to the hours beside; a key
that is hardly known borrows from all. A key counts once an hour, however much it signs. This
module refuses to know time zones and holidays: they are learned, or an alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Final

import msgspec

from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import HOUR_MS, Budget
from counterfoil.watch.threats.signers import BINS, hour_bin, remember, signer_of, told_key

__all__ = ["ODD_HOURS"]

_KEEP: Final = 0.997  # a key's last 300 hours or so
_BORROWED: Final = 1.0  # hours that the habits of all are worth
_BESIDE: Final = 0.25  # what an hour says of each of its neighbours
_OTHER_DAYS: Final = 0.1  # what a working day's hour says of a Saturday's
_FLOOR: Final = 1e-6


class _Key(msgspec.Struct):
    bins: list[float] = msgspec.field(default_factory=lambda: [0.0] * BINS)
    hour: int = -1
    chance: float | None = None  # of this hour, where it is an alarm


class State(msgspec.Struct):
    """What is known of the hours of each key, and of all."""

    budget: Budget
    keys: dict[str, _Key] = {}
    everybody: list[float] = msgspec.field(default_factory=lambda: [0.0] * BINS)


class _OddHours:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)

    def start(self) -> State:
        return State(Budget(self._per_week, self._learn_ms, least=50))

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        signer = signer_of(event)
        if signer is None:
            return state, ()
        state.budget.tick(event.at_ms)
        key = state.keys.get(signer) or remember(state.keys, signer, _Key())
        hour = event.at_ms // HOUR_MS
        if hour > key.hour:
            score = _oddness(key.bins, state.everybody, hour_bin(event.at_ms))
            key.hour, key.chance = hour, state.budget.judge(score)
            state.budget.learn(score)
            _learn(key.bins, state.everybody, hour_bin(event.at_ms))
        if key.chance is None or hour != key.hour:
            return state, ()
        return state, [_noticed(event, signer, key.chance)]


def _noticed(event: WatchedEntry, signer: str, chance: float) -> Noticed:
    at, weekend = hour_bin(event.at_ms) % 24, hour_bin(event.at_ms) >= 24
    day = "a weekend" if weekend else "a working day"
    return Noticed(
        kind="odd-hours",
        group=signer,
        title=f"{told_key(signer)} signs at {at:02d} UTC on {day}",
        why=f"In all that is known of it this key hardly ever signed between {at:02d}:00 and "
        f"{at:02d}:59 UTC on {day}. An hour as odd comes with chance {chance:.2g}.",
        score=-log(max(chance, _FLOOR)),
        p=chance,
        evidence=[event.sight],
    )


def _oddness(own: Sequence[float], everybody: Sequence[float], now: int) -> float:
    """Tell how rare an hour is for a key: -ln of the share of hours that are at most as usual."""
    of_all = sum(everybody)
    if not of_all:
        return 0.0
    weights = []
    for at in range(BINS):
        day, hour = at // 24 * 24, at % 24
        beside = own[day + (hour + 1) % 24] + own[day + (hour - 1) % 24]
        mine = own[at] * (1 - 2 * _BESIDE) + _BESIDE * beside
        other = own[(at + 24) % BINS]
        weights.append(mine + _OTHER_DAYS * other + _BORROWED * everybody[at] / of_all)
    rare = sum(weight for weight in weights if weight <= weights[now])
    return -log(max(rare / sum(weights), _FLOOR))


def _learn(own: list[float], everybody: list[float], now: int) -> None:
    for bins, keep in ((own, _KEEP), (everybody, 0.9999)):
        for at in range(BINS):
            bins[at] *= keep
        bins[now] += 1.0


ODD_HOURS: Final = WatcherType(
    name="odd-hours",
    version="1",
    summary="A key signs at an hour at which it does not.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 72.0},
    make=_OddHours,
)
