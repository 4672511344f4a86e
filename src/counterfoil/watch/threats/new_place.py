"""A key that is used from a place from which it was not.

A log knows no network address. What it knows of where an entry comes from is the series that it is
numbered in (a producer's key, a file, a run), the organisation that it is said for, and of a
decision the machine that computed it; digits and digests are no part of a place. A key that often
comes from new places is not odd for it. This module refuses to guess an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import log
from typing import Final

import msgspec

from counterfoil.learn.account import Running
from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import HOUR_MS, Budget
from counterfoil.watch.threats.signers import remember, signer_of, told_key

__all__ = ["NEW_PLACE", "place_of"]

_VARIES: Final = re.compile(r"[0-9a-f]{12,}|[0-9]+")
_KEEP: Final = 0.999
_BORROWED: Final = 5.0
_PLACES_MAX: Final = 256
_FLOOR: Final = 1e-6


class _Key(msgspec.Struct):
    """places: place -> None, the last one last. new: share of entries from new ones."""

    places: dict[str, None] = {}
    new: Running = msgspec.field(default_factory=Running)


class State(msgspec.Struct):
    """The places of each key."""

    budget: Budget
    keys: dict[str, _Key] = {}
    everybody: Running = msgspec.field(default_factory=Running)


class _NewPlace:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)

    def start(self) -> State:
        return State(Budget(self._per_week, self._learn_ms))

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        signer = signer_of(event)
        if signer is None:
            return state, ()
        budget, place = state.budget, place_of(event)
        budget.tick(event.at_ms)
        key = state.keys.get(signer) or remember(state.keys, signer, _Key())
        noticed: list[Noticed] = []
        new = bool(key.places) and place not in key.places
        if new:
            chance = _newness(key.new, state.everybody)
            score = -log(chance)
            alarm = budget.judge(score)
            budget.learn(score)
            if alarm is not None:
                noticed.append(_noticed(event, signer, place, list(key.places), score, alarm))
        if key.places:
            key.new.add(float(new), 1.0, _KEEP)
            state.everybody.add(float(new), 1.0, 0.9999)
        key.places.pop(place, None)
        key.places[place] = None
        if len(key.places) > _PLACES_MAX:
            del key.places[next(iter(key.places))]
        return state, noticed


def place_of(entry: WatchedEntry) -> str:
    """Name where an entry comes from, as far as the log knows."""
    said = entry.said if entry.kind != "record" else {}
    parts = [f"series {_VARIES.sub('*', entry.source or 'none')}"]
    runtime = said.get("runtime")
    machine = runtime.get("machine") if isinstance(runtime, Mapping) else None
    for name, value in (("machine", machine), ("on behalf of", said.get("on_behalf_of"))):
        if isinstance(value, str):
            parts.append(f"{name} {value}")
    return ", ".join(parts)[:512]


def _newness(own: Running, everybody: Running) -> float:
    """Tell how often an entry of this key comes from a new place, 0 to 1."""
    weight = own.weight + _BORROWED
    common = everybody.mean if everybody.weight else 1.0
    return min(1.0, max(_FLOOR, (own.weight * own.mean + _BORROWED * common + 0.5) / (weight + 1)))


def _noticed(
    event: WatchedEntry, signer: str, place: str, known: list[str], score: float, chance: float
) -> Noticed:
    usual = "; ".join(known[-3:])
    return Noticed(
        kind="new-place",
        group=signer,
        title=f"{told_key(signer)} is used from a new place",
        why=f"It comes from {place}. Before, it came from {len(known)} others, the last ones: "
        f"{usual}.",
        score=score,
        p=chance,
        evidence=[event.sight],
    )


NEW_PLACE: Final = WatcherType(
    name="new-place",
    version="1",
    summary="A key is used from a place (series, machine, principal) from which it was not.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 72.0},
    make=_NewPlace,
)
