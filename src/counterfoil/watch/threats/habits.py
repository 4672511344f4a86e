"""A signer whose habits changed: what it says, how much, how soon, and when.

Each entry is scored by the model of normal behaviour (`learn.normal`) before it is learned: its
size in the place of an amount, its kind and fields in the place of a payee. The reasons are that
model's contributions. This module refuses to look at values: only at names, sizes and times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Final

import msgspec

from counterfoil.learn import BehaviourState, Event, NormalBehaviour, Scored
from counterfoil.ports.watchers import Noticed, Setting, WatchedEntry, WatcherType
from counterfoil.watch.threats.budget import HOUR_MS, Budget
from counterfoil.watch.threats.signers import signer_of, told_key

__all__ = ["HABITS", "shape_of"]

_FIELDS_MAX: Final = 64
_WORDS: Final = {
    "amount": "its size",
    "gap": "how soon it follows the one before",
    "payee": "its kind and fields",
    "hour": "the hour",
}


class State(msgspec.Struct, dict=True):
    """What is known of each signer. known: by the model of normal behaviour."""

    budget: Budget
    known: BehaviourState = msgspec.field(default_factory=BehaviourState.new)

    @cached_property
    def normal(self) -> NormalBehaviour:
        """The model over what is known."""
        return NormalBehaviour(self.known)


class _Habits:
    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._per_week = float(settings["per_week"])
        self._learn_ms = int(float(settings["learn_hours"]) * HOUR_MS)

    def start(self) -> State:
        return State(Budget(self._per_week, self._learn_ms, least=500))

    def see(self, state: State, event: WatchedEntry) -> tuple[State, Sequence[Noticed]]:
        signer = signer_of(event)
        if signer is None:
            return state, ()
        state.budget.tick(event.at_ms)
        shape = shape_of(event)
        scored = state.normal.learn(Event(signer, event.at_ms, max(1, event.size), shape))
        logit = scored.base + sum(scored.contributions.values())
        chance = state.budget.judge(logit)
        state.budget.learn(logit)
        if chance is None:
            return state, ()
        return state, [_noticed(event, signer, scored, shape, chance)]


def shape_of(entry: WatchedEntry) -> str:
    """Name the kind of an entry and the fields that it has, whatever their values."""
    fields = ",".join(sorted(map(str, entry.said))[:_FIELDS_MAX])
    return f"{entry.kind} {sha256(fields.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _noticed(
    event: WatchedEntry, signer: str, scored: Scored, shape: str, chance: float
) -> Noticed:
    ranked = sorted(scored.contributions.items(), key=lambda one: -one[1])
    odd = [_WORDS[name] for name, share in ranked if share > 1] or [_WORDS[ranked[0][0]]]
    return Noticed(
        kind="habits",
        group=signer,
        title=f"{told_key(signer)} signs what it does not: {', '.join(odd)}",
        why=f"A {shape.split()[0]} of {event.size} bytes. Odd about it: {', '.join(odd)}. An entry "
        f"as odd comes with chance {chance:.2g}.",
        score=scored.score,
        p=chance,
        evidence=[event.sight],
        measured={_WORDS[name]: share for name, share in ranked},
    )


HABITS: Final = WatcherType(
    name="habits",
    version="1",
    summary="A signer's habits changed: kinds, fields, sizes, gaps or hours.",
    state=State,
    settings={"per_week": 1.0, "learn_hours": 72.0},
    make=_Habits,
)
