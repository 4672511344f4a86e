"""Watchers as one would write them in an afternoon: fixed rules, to be compared with.

Each reads what ours reads and is grouped as ours are. They refuse to learn more than a mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final

import msgspec

from counterfoil.learn.account import Running
from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.watch import Chosen
from counterfoil.watch.threats.new_place import place_of
from counterfoil.watch.threats.signers import hour_bin, signer_of

__all__ = ["NAIVE"]

WARM = 200


class State(msgspec.Struct):
    """Anything, by key."""

    seen: int = 0
    sets: dict[str, set[str]] = {}
    means: dict[str, Running] = {}
    counts: dict[str, tuple[int, int]] = {}
    recent: list[float] = []


def _known(state: State, event: WatchedEntry, what: str) -> bool:
    known = state.sets.setdefault(signer_of(event) or "", set())
    new = bool(known) and what not in known
    known.add(what)
    return new


def new_place(state: State, event: WatchedEntry) -> bool:
    """Alarm at any place that is new for a key."""
    return _known(state, event, place_of(event))


def odd_hours(state: State, event: WatchedEntry) -> bool:
    """Alarm at any hour that is new for a key, working days and weekends apart."""
    return _known(state, event, str(hour_bin(event.at_ms)))


def _rate(state: State, event: WatchedEntry, key: str, window_ms: int) -> bool:
    """Alarm where a window has more than three times the mean of the windows before it."""
    window = event.at_ms // window_ms
    before, count = state.counts.get(key, (window, 0))
    mean = state.means.setdefault(key, Running())
    if window != before:
        mean.add(float(count), 1.0, 0.999)
        count = 0
    state.counts[key] = (window, count + 1)
    return mean.weight > 20 and count + 1 > 3 * max(mean.mean, 3.0)


def odd_rate(state: State, event: WatchedEntry) -> bool:
    """Alarm where a key signs more than three times its mean in ten minutes."""
    return _rate(state, event, signer_of(event) or "", 600_000)


def flood(state: State, event: WatchedEntry) -> bool:
    """Alarm where a minute has more than three times the mean."""
    return _rate(state, event, "log", 60_000)


def back_dated(_: State, event: WatchedEntry) -> bool:
    """Alarm at any time that is more than five minutes off."""
    return event.claimed_ms is not None and abs(event.at_ms - event.claimed_ms) > 300_000


def habits(state: State, event: WatchedEntry) -> bool:
    """Alarm at a size more than four deviations from the key's mean."""
    own = state.means.setdefault(signer_of(event) or "", Running())
    away = abs(event.size - own.mean) / sqrt(max(own.var, 1.0)) if own.weight > 20 else 0.0
    own.add(float(event.size), 1.0, 0.999)
    return away > 4


def model_drift(state: State, event: WatchedEntry) -> bool:
    """Alarm where a hundred scores have a mean three standard errors off that of all before."""
    score = event.said.get("score")
    if event.kind != "decision" or not isinstance(score, str):
        return False
    state.recent.append(float(score))
    if len(state.recent) < 100:
        return False
    whole = state.means.setdefault("all", Running())
    mean = sum(state.recent) / len(state.recent)
    off = whole.weight > 0 and abs(mean - whole.mean) > 3 * sqrt(whole.var / 100)
    for value in state.recent:
        whole.add(value, 1.0, 0.9999)
    state.recent = []
    return off


def poisoning(_: State, event: WatchedEntry) -> bool:
    """Alarm where a check for poisoning failed."""
    return event.kind == "check" and event.said.get("passed") is False


class _Rule:
    def __init__(self, name: str, rule: Any) -> None:
        self._name, self._rule = name, rule

    def start(self) -> State:
        return State()

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        if signer_of(event) is None:
            return state, ()
        state.seen += 1
        if not self._rule(state, event) or state.seen < WARM:
            return state, ()
        group = signer_of(event) or ""
        return state, [Noticed(self._name, group, self._name, "", evidence=[event.sight])]


def _chosen(name: str, rule: Any) -> Chosen:
    def make(_: Mapping[str, Setting]) -> _Rule:
        return _Rule(name, rule)

    return Chosen(WatcherType(name, "naive", rule.__doc__ or "", State, {}, make), {}, 3600)


NAIVE: Final[dict[str, Chosen]] = {
    name: _chosen(name, rule)
    for name, rule in (
        ("new-place", new_place),
        ("odd-hours", odd_hours),
        ("odd-rate", odd_rate),
        ("flood", flood),
        ("back-dated", back_dated),
        ("habits", habits),
        ("model-drift", model_drift),
        ("poisoning", poisoning),
    )
}
"""Name of the watcher that it is compared with -> the rule."""
