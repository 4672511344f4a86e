"""Choose what a shopper's page carries: all that fits, and of more the most telling.

This module refuses to drop something silently: what was not chosen is counted by its caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from counterfoil.apps.supply.shopper.bundle import Packer
from counterfoil.apps.supply.shopper.gathering import Gathered, Told
from counterfoil.errors import InputError

__all__ = ["PAGE_MAX_BYTES", "choose"]

PAGE_MAX_BYTES: Final = 300_000
"""Largest page, bytes: seconds on a bad network, and one mail."""

_ROOM_MIN: Final = 70_000
"""A page has room for the largest entry that there is, bytes."""

_NAMED_MAX: Final = 20
_MISSES_MAX: Final = 8


def choose(gathered: Gathered, room: int) -> tuple[list[int], int]:
    """Choose what fits, the most telling first, and tell how many events were left out.

    room: bytes for the receipts. What its places are called comes along. Raises InputError with
    code label.size where there is too little.
    """
    packer, misses = Packer(), 0
    taken: list[int] = []
    if room < _ROOM_MIN:
        raise InputError(
            "label.size",
            f"expected {_ROOM_MIN} bytes or more of {PAGE_MAX_BYTES} for records, found {room}",
            hint="A policy with fewer logs and witnesses leaves more room.",
        )
    named = list(gathered.named[:_NAMED_MAX])
    for at in named:
        packer.add(*gathered.receipt(at))
    for one in _by_worth(gathered.told):
        receipt, key = gathered.receipt(one.at)
        tried = packer.copy()
        tried.add(receipt, key)
        if tried.size <= room:
            packer = tried
            taken.append(one.at)
        else:
            misses += 1
            if misses >= _MISSES_MAX:
                break
    return [*named, *taken], len(gathered.told) - len(taken)


def _by_worth(told: Sequence[Told]) -> Iterator[Told]:
    """Order events: recalls, what links things, and of each thing its ends before its middle."""
    yield from (one for one in told if one.recalls)
    told = [one for one in told if not one.recalls]
    binding = sorted((one for one in told if one.binds), key=lambda one: (one.level, one.at_ms))
    others: dict[tuple[int, str], list[Told]] = defaultdict(list)
    for one in sorted(told, key=lambda one: (one.level, one.at_ms, one.at)):
        if not one.binds:
            others[one.level, one.thing].append(one)
    rows = zip_longest(*(_ends_first(some) for some in others.values()))
    singles = [one for row in rows for one in row if one is not None]
    # As many of each in turn, so that ten thousand packings do not push out where it was made.
    for pair in zip_longest(binding, singles):
        yield from (one for one in pair if one is not None)


def _ends_first(some: Sequence[Told]) -> list[Told]:
    """Order by time: first, last, second, last but one, and so on."""
    half = (len(some) + 1) // 2
    pairs = zip_longest(some[:half], reversed(some[half:]))
    return [one for pair in pairs for one in pair if one is not None]
