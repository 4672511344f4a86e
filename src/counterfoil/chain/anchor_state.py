"""Decide what to do next about an anchor: from what was written down and what the chain shows.

Pure, so that every case can be tried: nothing here asks a chain, reads a clock or writes. A crash
at any step finds its way, because what was written down and what is seen say all there is to know.
This module refuses to judge whether a chain lies: `anchor_queue` has checked what it shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from counterfoil.ports import Fees

__all__ = [
    "REVERTS_MAX",
    "Attempt",
    "Job",
    "Mined",
    "Phase",
    "Sight",
    "Step",
    "Wish",
    "choose_exact",
    "decide",
    "raised_fees",
    "wish_due_ms",
]

Phase = Literal["signed", "sent", "mined", "final"]
"""signed: written down, not known to be sent. mined: in a block that may still go."""

REVERTS_MAX: Final = 3
"""How many reverted transactions of one anchor are paid for before somebody must look."""

_RAISE_PERMILLE: Final = 1_125  # nodes take a replacement from 10 % more on; geth's rule, and room


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction of an anchor; any of several may be mined.

    raw: its bytes. hash: 32 bytes. at_ms: when it was signed, Unix ms.
    """

    raw: bytes
    hash: bytes
    nonce: int
    gas: int
    fees: Fees
    at_ms: int


@dataclass(frozen=True, slots=True)
class Mined:
    """Where an anchor stands. tx_hash, block_hash: 32 bytes. time_s: the block's, Unix time."""

    tx_hash: bytes
    block: int
    block_hash: bytes
    time_s: int


@dataclass(frozen=True, slots=True)
class Job:
    """An anchor under way, or done.

    size, root, note: the checkpoint. old_size: what it extends. data: of the call to the
    contract. attempts: oldest first. mined: None before it stands in a block.
    """

    size: int
    root: bytes
    old_size: int
    note: bytes
    data: bytes
    phase: Phase
    attempts: tuple[Attempt, ...]
    mined: Mined | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What the chain shows about a job.

    nonce: transactions of the account that stand in blocks. standing: the size that is anchored
    last. mined: one of the attempts stands in a block and did its work. reverted: attempts that
    stand in blocks and did nothing. known: the node has the last attempt. final: the newest
    final block's number. now_ms: Unix ms.
    """

    now_ms: int
    nonce: int
    standing: int
    mined: Mined | None
    reverted: int
    known: bool
    final: int


class Step(Enum):
    """What to do next."""

    WAIT = "wait"
    SEND = "send the last attempt"
    REPLACE = "sign it again with the same nonce and higher fees"
    SIGN = "sign it again with a new nonce"
    NOTE_MINED = "write down in which block it stands"
    NOTE_LOST = "write down that its block is gone"
    NOTE_FINAL = "write down that it is final"
    FIND = "find who anchored this size, or give it up"
    GIVE_UP = "stop: it is reverted again and again"


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants to be anchored.

    size: entries. exact: this very checkpoint, whose signed note is given; else any that covers.
    by_ms: by when, Unix ms; None for as soon as may be.
    """

    size: int
    exact: bool
    by_ms: int | None
    note: bytes = b""


def decide(job: Job, sight: Sight, stuck_ms: int) -> Step:
    """Decide what to do next about a job that is not final.

    stuck_ms: after this long in no block, an attempt is replaced.
    """
    if job.phase == "mined":
        if sight.mined is None:
            return Step.NOTE_LOST
        if sight.mined != job.mined:
            return Step.NOTE_MINED
        return Step.NOTE_FINAL if sight.final >= sight.mined.block else Step.WAIT
    if sight.mined is not None:
        return Step.NOTE_MINED
    if sight.standing >= job.size:
        return Step.FIND
    last = job.attempts[-1]
    if sight.nonce > last.nonce:  # used: by a revert of ours, or by somebody with our key
        return Step.GIVE_UP if sight.reverted >= REVERTS_MAX else Step.SIGN
    if job.phase == "signed" or not sight.known:
        return Step.SEND
    if sight.now_ms - last.at_ms <= stuck_ms:
        return Step.WAIT
    # A nonce that leaves a gap is never mined: what came before it went with a lost block.
    return Step.SIGN if sight.nonce < last.nonce else Step.REPLACE


def raised_fees(old: Fees, suggested: Fees) -> Fees:
    """Raise fees so that nodes take the replacement: each by an eighth at least."""

    def raised(value: int) -> int:
        return -(-value * _RAISE_PERMILLE // 1_000) + 1

    priority = max(raised(old.priority_fee), suggested.priority_fee)
    return Fees(max(raised(old.max_fee), suggested.max_fee, priority), priority, old.legacy)


def choose_exact(wishes: Iterable[Wish], standing: int) -> Wish | None:
    """Choose the smallest checkpoint that was asked for by name and can still be anchored."""
    open_ones = [wish for wish in wishes if wish.exact and wish.size > standing]
    return min(open_ones, key=lambda wish: wish.size, default=None)


def wish_due_ms(wishes: Iterable[Wish], standing: int) -> int | None:
    """Tell by when something must be anchored; None where nobody said."""
    times = [0 if wish.by_ms is None else wish.by_ms for wish in wishes if wish.size > standing]
    return min(times, default=None)
