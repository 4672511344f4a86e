"""An entry whose claimed time is not the time at which it came.

The log's own clock says between which two checkpoints an entry came; where that is not known, the
times that others claimed before it stand in. How odd it is follows from how far off the time is,
and from how many of a key's hours had an entry that was as far off: a producer that is cut off now
and then is not odd for being late. This module refuses to say who is wrong: a signer's clock, a
signer, or the log's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log, log1p
from typing import Final

import msgspec

from counterfoil.ports.watchers import Noticed, Setting, Sight, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import HOUR_MS, Budget
from counterfoil.watch.threats.signers import remember, signer_of, told_key, told_time

__all__ = ["BACK_DATED"]

_LATE_KEPT: Final = 32


class _Key(msgspec.Struct):
    """hours: in which it signed. late: of the last hours that were, the most minutes.

    hour: the current one; worst: minutes in it, score: of those.
    """

    hours: int = 0
    late: list[float] = []
    hour: int = -1
    worst: float = 0.0
    score: float = 0.0


class State(msgspec.Struct):
    """How late each key is used to be."""

    budget: Budget
    keys: dict[str, _Key] = {}


class _BackDated:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)
        self._tolerance_ms = int(float(settings["tolerance_s"]) * 1000)

    def start(self) -> State:
        return State(Budget(self._per_week, self._learn_ms))

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        signer = signer_of(event)
        if signer is None or event.claimed_ms is None:
            return state, ()
        state.budget.tick(event.at_ms)
        key = state.keys.get(signer) or remember(state.keys, signer, _Key())
        hour = event.at_ms // HOUR_MS
        if hour > key.hour:  # what comes within an hour counts once, by its worst
            if key.worst:
                state.budget.learn(key.score)
                key.late = [*key.late, key.worst][-_LATE_KEPT:]
            key.hours, key.hour, key.worst, key.score = key.hours + 1, hour, 0.0, 0.0
        off_ms = abs(event.at_ms - event.claimed_ms)
        if off_ms <= self._tolerance_ms:
            return state, ()
        minutes = off_ms / 60_000
        share = (sum(one >= minutes for one in key.late) + 0.5) / (key.hours + 1)
        score = max(0.0, log1p(minutes) - log(share))
        chance = state.budget.judge(score)
        if score > key.score:
            key.worst, key.score = max(key.worst, minutes), score
        if chance is None:
            return state, ()
        return state, [_noticed(event, signer, score, chance)]


def _noticed(event: WatchedEntry, signer: str, score: float, chance: float) -> Noticed:
    claimed = event.claimed_ms or 0
    way = "back" if claimed < event.at_ms else "ahead"
    hours = abs(event.at_ms - claimed) / HOUR_MS
    known = event.after_ms is not None or event.before_ms is not None
    by = "by the log's clock" if known else "by what others claim around it"
    return Noticed(
        kind="back-dated",
        group=f"{signer} {way}",
        title=f"{told_key(signer)} dates an entry {hours:.1f} hours {way}",
        why=f"It claims {told_time(claimed)} and came about {told_time(event.at_ms)} {by}. This "
        f"key is not used to be as far off: chance {chance:.2g}.",
        score=score,
        p=chance,
        evidence=[Sight(event.index, event.leaf)],
        measured={"seconds_off": (event.at_ms - claimed) / 1000},
    )


BACK_DATED: Final = WatcherType(
    name="back-dated",
    version="1",
    summary="An entry claims a time that is not the time at which it came.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 24.0, "tolerance_s": 300.0},
    make=_BackDated,
)
