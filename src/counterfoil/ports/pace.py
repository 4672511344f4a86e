"""When to anchor and when to commit: what a scheduler is told, and what it answers.

An anchor costs money and a commit costs energy, and waiting costs safety and time; how to weigh
them is a policy of its own (`pace`). This module refuses to hold one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Choice", "FeesSeen", "Hold", "Pace", "Waiting"]


@dataclass(frozen=True, slots=True)
class FeesSeen:
    """What blocks of a chain have cost.

    base_fees: wei for one unit of gas, one a block, oldest first; the last one is that of the
    block to come, which the protocol fixes. first: number of the first one's block. block_s: usual
    seconds between two blocks.
    """

    base_fees: Sequence[int]
    first: int
    block_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits to be anchored on a chain.

    now_ms: Unix ms. behind_ms: since when entries wait, Unix ms; None when none do. due_ms: by
    when somebody asked to be anchored, Unix ms; None when nobody did. place: the chain's name.
    fees: reads what blocks have cost; None where fees do not matter, and gives None where they
    cannot be read. It may ask a node, so call it only where the answer counts.
    """

    now_ms: int
    behind_ms: int | None
    due_ms: int | None
    place: str = field(default="", compare=False)
    fees: Callable[[], FeesSeen | None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether to anchor now, and why: one sentence of numbers, for the book and for people.

    fee: base fee of the block to come, and take: the highest that would be taken now, wei for one
    unit of gas; None where fees were not looked at.
    """

    due: bool
    why: str = ""
    fee: int | None = None
    take: int | None = None


class Pace(Protocol):
    """Decides when to anchor."""

    def choose(self, waiting: Waiting) -> Choice:
        """Say whether to anchor the published checkpoint now."""


class Hold(Protocol):
    """Decides how long what has come may be held, so that more is done at once.

    Times are seconds of one monotonic clock. Used by one thread at a time.
    """

    def arrived(self, at_s: float) -> None:
        """Hear that something came."""

    def answered(self, at_s: float) -> None:
        """Hear that what was let go is done, and who waits for it knows."""

    def wait_s(self, now_s: float, first_s: float, count: int) -> float:
        """Say how long to hold on, s, unless more comes; 0 or less: go on now.

        first_s: when the oldest of the `count` that wait came.
        """
