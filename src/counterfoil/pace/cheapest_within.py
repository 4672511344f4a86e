"""Anchor in a cheap block, and never later than promised.

From what blocks have cost lately a table says, for each fee and time that is left, whether waiting
is likely to pay. Where a chain has no fees to look at, or they cannot be read, the longest wait
alone decides. This module refuses to let a good price be a reason to miss a deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Final

from counterfoil.pace.fee_rule import FeeRule
from counterfoil.pace.longest_wait import LEAD_S, LongestWait
from counterfoil.ports import Choice, FeesSeen, Waiting

__all__ = ["CheapestWithin"]

_LEARN_AGAIN_BLOCKS: Final = 256
_GWEI: Final = 10**9
_LEAD_SHARE: Final = 0.25  # of a short longest wait, at most, is kept for the block to come
_IDLE_GAIN: Final = 0.2


@dataclass(slots=True)
class _Place:
    """What is known of one chain. learned: number of the last block that was learned from."""

    rule: FeeRule | None = None
    learned: int = -1
    idle_s: float = 0.0
    anchored_ms: int | None = None
    answered: tuple[int, int, Choice] | None = field(default=None)


class CheapestWithin:
    """Anchor once the fee is as low as can be hoped for in the time that is left.

    longest_s: longest wait of an entry until its anchor is in a block, s. lead_s: for that block.
    """

    def __init__(self, longest_s: float, lead_s: float = LEAD_S) -> None:
        self._lead_ms = 1_000 * min(lead_s, _LEAD_SHARE * longest_s)
        self._longest_ms = 1_000 * longest_s
        self._plain = LongestWait(longest_s, lead_s)
        self._places: dict[str, _Place] = {}

    def choose(self, waiting: Waiting) -> Choice:
        """Say whether to anchor now; see `Pace`."""
        place = self._places.setdefault(waiting.place, _Place())
        choice = self._choose(place, waiting)
        if choice.due:
            place.anchored_ms = waiting.now_ms
        return choice

    def _choose(self, place: _Place, waiting: Waiting) -> Choice:
        plain = self._plain.choose(waiting)
        if plain.due or waiting.fees is None:
            return plain
        end_ms = self._end_ms(waiting)
        if end_ms is None:
            return plain
        left_ms = end_ms - waiting.now_ms
        if left_ms <= 0:
            return Choice(due=True, why=f"no time is left to wait for a lower fee{_lead(self)}")
        self._note_idle(place, waiting)
        seen = waiting.fees()
        if seen is None or not seen.base_fees or seen.block_s <= 0:
            return plain
        return self._by_fee(place, seen, left_ms)

    def _end_ms(self, waiting: Waiting) -> float | None:
        """Tell when to begin at the latest, Unix ms; None where nothing waits."""
        ends = []
        if waiting.behind_ms is not None:
            ends.append(waiting.behind_ms + self._longest_ms - self._lead_ms)
        if waiting.due_ms is not None:
            ends.append(waiting.due_ms - 1_000 * self._plain.lead_s)
        return min(ends, default=None)

    def _note_idle(self, place: _Place, waiting: Waiting) -> None:
        """Learn how long it takes after an anchor until something waits again."""
        if place.anchored_ms is not None and waiting.behind_ms is not None:
            idle_s = max(waiting.behind_ms - place.anchored_ms, 0) / 1_000
            place.idle_s += _IDLE_GAIN * (idle_s - place.idle_s)
            place.anchored_ms = None

    def _by_fee(self, place: _Place, seen: FeesSeen, left_ms: float) -> Choice:
        block = seen.first + len(seen.base_fees) - 1
        left = int(left_ms / 1_000 / seen.block_s)
        if place.answered is not None and place.answered[:2] == (block, left):
            return place.answered[2]
        if place.rule is None or block - place.learned >= _LEARN_AGAIN_BLOCKS:
            steps = ceil((self._longest_ms - self._lead_ms) / 1_000 / seen.block_s)
            idle = place.idle_s / seen.block_s
            place.rule = FeeRule(steps, lasting=True, idle=idle, step_s=seen.block_s)
            place.rule.learn(seen.base_fees, seen.first)
            place.learned = block if place.rule.shapes else block - _LEARN_AGAIN_BLOCKS
        fee = seen.base_fees[-1]
        if not place.rule.shapes:
            return Choice(due=False, why="too few blocks were seen to tell a low fee", fee=fee)
        price = place.rule.prices(seen.base_fees, seen.first)
        take = price(len(seen.base_fees) - 1, left)
        choice = _told(fee, take, left_ms)
        place.answered = (block, left, choice)
        return choice


def _told(fee: int, take: float, left_ms: float) -> Choice:
    if fee <= take:
        why = (
            f"the base fee of {fee / _GWEI:.4g} gwei is low: with {left_ms / 1_000:.0f} s left, "
            f"waiting is expected to cost {min(take, 1e30) / _GWEI:.4g}"
        )
        return Choice(due=True, why=why, fee=fee, take=int(min(take, 1e30)))
    why = f"a base fee below {fee / _GWEI:.4g} gwei is likely"
    return Choice(due=False, why=why, fee=fee, take=int(max(take, 0.0)))


def _lead(pace: CheapestWithin) -> str:
    return f", less {pace._lead_ms / 1_000:.0f} s for a block to take it"
