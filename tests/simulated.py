"""A simulated log with a quiet past, made once, and what watchers say of attacks on it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

from counterfoil.testing.attacks import ATTACKS
from counterfoil.testing.traffic import Sent, SimulatedLog, quiet
from counterfoil.watch import Backtest, LogFeed, Tested, choose

__all__ = ["DAYS", "START_MS", "attacked", "past", "said_of"]

START_MS: Final = 1_779_667_200_000
"""A Monday, midnight UTC."""

DAYS: Final = 22
SEED: Final = 5
_DAY_MS: Final = 86_400_000
_SCALE: Final = 0.3


@cache
def _sent() -> tuple[Sent, ...]:
    return tuple(quiet(SEED, start_ms=START_MS, days=DAYS, scale=_SCALE))


@cache
def past() -> SimulatedLog:
    """Give the log of 22 quiet days; not to be changed."""
    log = SimulatedLog()
    log.append(_sent())
    return log


def attacked(attack: str) -> tuple[SimulatedLog, int]:
    """Mix an attack into the day after; gives the log and the index of the attack's first entry."""
    day = START_MS + DAYS * _DAY_MS
    sent = ATTACKS[attack][1](day, Random(SEED))
    later = quiet(SEED + 1, start_ms=day, days=1, scale=_SCALE)
    whole = past()
    log = replace(
        whole, data=list(whole.data), times=list(whole.times), numbers=dict(whole.numbers)
    )
    first_ms = min(one.at_ms for one in sent)
    log.append([one for one in later if one.at_ms < first_ms])
    began = len(log.data)
    log.append([*sent, *(one for one in later if one.at_ms >= first_ms)])
    return log, began


def said_of(name: str, log: SimulatedLog, counted_from: int = 0) -> list[Tested]:
    """Give the alerts that a watcher begins over a log."""
    feed = LogFeed(log)
    feed.poll()
    tested = Backtest(choose(name), feed, counted_from=counted_from)
    return [told for told in tested.run() if told.begins]
