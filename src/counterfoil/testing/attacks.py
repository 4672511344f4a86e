"""Simulated attacks on a log, one for each watcher of threats: what a thief or insider sends.

Each gives the statements of the attack alone, to be mixed into quiet traffic (`testing.traffic`),
and names the watcher that is to see it. This module refuses to hide an attack in no time at all:
an attacker who changes habits slowly enough teaches the watcher, and is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Final

from counterfoil.testing.traffic import Sent, decision, poisoning_check, training_data

__all__ = ["ATTACKS", "FAINT", "Attack"]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS

Attack = Callable[[int, Random], list[Sent]]
"""Given midnight UTC of a working day (Unix ms), what the attacker sends on it."""


def _memo(at: int, key: str, source: str, rng: Random, claimed: int | None = None) -> Sent:
    """Make what a clerk sends."""
    content = {
        "amount_minor": int(rng.lognormvariate(9, 1)),
        "customer": f"c-{rng.randrange(500)}",
        "memo": "x" * rng.randrange(5, 40),
    }
    return Sent(at, at - 300 if claimed is None else claimed, key, "record", content, source)


def stolen_key(day_ms: int, rng: Random) -> list[Sent]:
    """Use a clerk's key, in office hours, from a program that the clerk does not have."""
    at = day_ms + 14 * _HOUR_MS
    return [_memo(at + n * 2 * _MINUTE_MS, "clerk-1", "cli:desk", rng) for n in range(6)]


def night_shift(day_ms: int, rng: Random, hour: float = 3.5) -> list[Sent]:
    """Use a clerk's key at another hour, UTC, as the clerk would by day."""
    at = day_ms + int(hour * _HOUR_MS)
    return [_memo(at + n * 3 * _MINUTE_MS, "clerk-2", "api:clerk-2", rng) for n in range(6)]


def salvo(day_ms: int, rng: Random, count: int = 25) -> list[Sent]:
    """Sign much more than the clerk does, for a quarter of an hour in office hours."""
    at, step = day_ms + 11 * _HOUR_MS, 15 * _MINUTE_MS // count
    return [_memo(at + n * step, "clerk-1", "api:clerk-1", rng) for n in range(count)]


def flood(day_ms: int, _: Random) -> list[Sent]:
    """Pour 600 small statements under 20 keys into the log within three minutes."""
    at = day_ms + 13 * _HOUR_MS
    return [
        Sent(at + n * 300, at + n * 300 - 40, f"new-{n % 20}", "record", {"n": n}, f"bot:{n % 20}")
        for n in range(600)
    ]


def back_date(day_ms: int, rng: Random, hours: float = 72) -> list[Sent]:
    """Say of five payments that they were made so many hours ago."""
    at, before = day_ms + 15 * _HOUR_MS, int(hours * _HOUR_MS)
    return [
        _memo(at + n * _MINUTE_MS, "clerk-2", "api:clerk-2", rng, at - before) for n in range(5)
    ]


def other_work(day_ms: int, _: Random) -> list[Sent]:
    """Have the shop's key sign other things than orders, and larger ones."""
    at = day_ms + 12 * _HOUR_MS
    return [
        Sent(
            at + n * 4 * _MINUTE_MS,
            at + n * 4 * _MINUTE_MS - 40,
            "shop",
            "record",
            {"export": "y" * (4000 + 500 * n), "table": f"customers-{n}"},
            "api:shop",
        )
        for n in range(6)
    ]


def shifted_scores(day_ms: int, rng: Random, by: float = 1 / 6) -> list[Sent]:
    """Have the model decide about other inputs: its scores rise."""
    at = day_ms + 8 * _HOUR_MS
    return [
        Sent(
            at + n * 2 * _MINUTE_MS,
            at + n * 2 * _MINUTE_MS - 9,
            "model",
            "decision",
            decision(min(0.99, rng.betavariate(2, 5) + by), "m-1"),
            "api:model",
        )
        for n in range(400)
    ]


def flipped_labels(day_ms: int, _: Random) -> list[Sent]:
    """Replace the training set by one whose labels alone differ, and check that."""
    at, week = day_ms + 16 * _HOUR_MS, 10_000
    first = training_data(week, 30_000)
    second = training_data(week, 30_000, ("label",))
    check = poisoning_check(week, 0.05, 30_000, ("label",))
    said = [("dataset", first), ("dataset", second), ("check", check)]
    return [
        Sent(at + n * _MINUTE_MS, at + n * _MINUTE_MS - 50, "model", kind, what, "api:model")
        for n, (kind, what) in enumerate(said)
    ]


ATTACKS: Final[Mapping[str, tuple[str, Attack]]] = {
    "stolen key in another program": ("new-place", stolen_key),
    "key used at night": ("odd-hours", night_shift),
    "key signs 25 times in 15 minutes": ("odd-rate", salvo),
    "flood under 20 keys": ("flood", flood),
    "payments dated three days back": ("back-dated", back_date),
    "key signs other things": ("habits", other_work),
    "model's scores rise by a sixth": ("model-drift", shifted_scores),
    "labels flipped between versions": ("poisoning", flipped_labels),
}
"""What is done -> the watcher that is to see it, and the attack."""

FAINT: Final[Mapping[str, tuple[str, Attack]]] = {
    "key used two hours after work": ("odd-hours", partial(night_shift, hour=19.5)),
    "key signs 8 times in 15 minutes": ("odd-rate", partial(salvo, count=8)),
    "payments dated an hour back": ("back-dated", partial(back_date, hours=1)),
    "model's scores rise by a thirtieth": ("model-drift", partial(shifted_scores, by=1 / 30)),
}
"""The same, so faint that they may pass: where watchers end."""
