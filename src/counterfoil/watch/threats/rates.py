"""A key that signs oftener than it does at this hour, and a log that is flooded.

Entries are counted in windows. The square root of a count has about the same spread whatever its
mean (Bartlett), so its mean and spread at this hour of a working day or weekend say how far a
count is out. A window is judged with each entry, so an alarm need not wait for its end. This
module refuses to call silence odd: a monitor tells of a log that stalls.

Source: Bartlett, The square root transformation in analysis of variance, 1936.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Final

import msgspec

from counterfoil.learn.account import Running
from counterfoil.ports.watchers import Noticed, Setting, Sight, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import HOUR_MS, Budget
from counterfoil.watch.threats.signers import (
    BINS,
    hour_bin,
    remember,
    signer_of,
    told_key,
    told_time,
)

__all__ = ["FLOOD", "ODD_RATE"]

_KEEP: Final = 0.995  # windows of this hour that are remembered: about 200
_KEEP_ALL: Final = 0.999
_BORROWED: Final = 3.0  # windows that all hours together are worth
_SPREAD: Final = 0.25  # variance of the root of a Poisson count
_GAP_MAX: Final = 20_000  # empty windows that are learned after a silence
_SHOWN: Final = 8


class _Series(msgspec.Struct):
    """Counts of one key, or of all. window: number of the current one; latest: its last entries."""

    window: int = -1
    count: int = 0
    hours: list[Running] = msgspec.field(default_factory=lambda: [Running() for _ in range(BINS)])
    always: Running = msgspec.field(default_factory=Running)
    latest: list[tuple[int, str]] = []


class State(msgspec.Struct):
    """What is known of how often each key signs."""

    budget: Budget
    series: dict[str, _Series] = {}


class _Rates:
    """Counts by key. key_of: None where an entry is not counted."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        kind: str,
        key_of: Callable[[WatchedEntry], str | None],
    ) -> None:
        self._kind, self._key_of = kind, key_of
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)
        self._window_ms = max(1, int(settings["window_s"])) * 1000
        self._least = int(settings["at_least"])

    def start(self) -> State:
        return State(Budget(self._per_week, self._learn_ms, least=100))

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        name = self._key_of(event)
        if name is None:
            return state, ()
        state.budget.tick(event.at_ms)
        series = state.series.get(name) or remember(state.series, name, _Series())
        self._move(state.budget, series, event.at_ms // self._window_ms)
        series.count += 1
        series.latest = [*series.latest, (event.index, event.leaf)][-_SHOWN:]
        if series.count < self._least:
            return state, ()
        score, usual = self._score(series)
        chance = state.budget.judge(score)
        if chance is None:
            return state, ()
        return state, [self._noticed(event, name, series, score, usual, chance)]

    def _move(self, budget: Budget, series: _Series, window: int) -> None:
        """End the current window, and learn it and the empty ones before the next."""
        if window <= series.window:
            return  # the log's clock goes on; what is in order counts here and now
        if series.window >= 0:
            budget.learn(self._score(series)[0])
            self._learn(series, series.window, series.count)
            for empty in range(max(series.window + 1, window - _GAP_MAX), window):
                self._learn(series, empty, 0)
        series.window, series.count, series.latest = window, 0, []

    def _learn(self, series: _Series, window: int, count: int) -> None:
        root = sqrt(count + 0.375)
        series.hours[hour_bin(window * self._window_ms)].add(root, 1.0, _KEEP)
        series.always.add(root, 1.0, _KEEP_ALL)

    def _score(self, series: _Series) -> tuple[float, float]:
        """Tell how far the current count is out, in spreads, and what is usual at this hour."""
        own, always = series.hours[hour_bin(series.window * self._window_ms)], series.always
        if not always.weight:
            return 0.0, 0.0
        mean = _shrunk(own.weight, own.mean, always.mean)
        var = _shrunk(own.weight, own.var, always.var)
        out = (sqrt(series.count + 0.375) - mean) / sqrt(var + _SPREAD)
        return max(0.0, out), max(0.0, mean * mean - 0.375)

    def _noticed(
        self,
        event: WatchedEntry,
        name: str,
        series: _Series,
        score: float,
        usual: float,
        chance: float,
    ) -> Noticed:
        who = "the log" if self._kind == "flood" else told_key(name)
        span = f"{self._window_ms // 1000} s"
        return Noticed(
            kind=self._kind,
            group=name,
            title=f"{series.count} entries of {who} within {span}, {usual:.1f} are usual",
            why=f"Up to {told_time(event.at_ms)} the count is {score:.1f} spreads above what is "
            f"usual at this hour. A window as full comes with chance {chance:.2g}.",
            severity="high" if self._kind == "flood" else "medium",
            score=score,
            p=chance,
            evidence=[Sight(index, leaf) for index, leaf in series.latest],
            measured={"entries": series.count, "usual": usual},
        )


def _shrunk(weight: float, own: float, always: float) -> float:
    return (weight * own + _BORROWED * always) / (weight + _BORROWED)


def _odd_rate(settings: Mapping[str, Setting]) -> _Rates:
    return _Rates(settings, "odd-rate", signer_of)


def _flood(settings: Mapping[str, Setting]) -> _Rates:
    return _Rates(settings, "flood", lambda entry: "log" if entry.at_ms > 0 else None)


ODD_RATE: Final = WatcherType(
    name="odd-rate",
    version="1",
    summary="A key signs oftener than it does at this hour.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 72.0, "window_s": 600, "at_least": 10},
    make=_odd_rate,
)

FLOOD: Final = WatcherType(
    name="flood",
    version="1",
    summary="More comes into the log than ever at this hour, whoever signs it.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 72.0, "window_s": 60, "at_least": 30},
    make=_flood,
    sees_alerts=True,
)
