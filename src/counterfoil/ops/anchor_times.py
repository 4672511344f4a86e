"""When anchors were made, how long what they cover had waited, and what blocks cost around them.

For people who look whether waiting for a cheap block pays. This module refuses to decide when to
anchor: the pace does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from counterfoil.ledger import Ledger
from counterfoil.ledger.anchor_setup import name_of_place
from counterfoil.ledger.anchored import read_anchored
from counterfoil.ops.place import LedgerFolder, open_for_reading

__all__ = ["AnchorTimes", "TimedAnchor", "anchor_times"]

_BLOCKS: Final = 512
_ANCHORS: Final = 200


@dataclass(frozen=True, slots=True)
class TimedAnchor:
    """A final anchor. size: entries. time_s: of its block, Unix time.

    due_s: when the checkpoint was signed that it anchors; None where that is not kept. fee_wei:
    base fee of its block, for one unit of gas; None where the chain no longer tells.
    """

    size: int
    block: int
    time_s: int
    due_s: float | None
    fee_wei: int | None
    transaction: str


@dataclass(frozen=True, slots=True)
class AnchorTimes:
    """Anchors on one chain and the fees around them.

    fees: (Unix seconds, wei) of the newest blocks, the oldest first. Times of blocks that hold no
    anchor lie evenly between those that are known.
    """

    chain: str
    chain_id: int
    fees: tuple[tuple[float, int], ...]
    anchors: tuple[TimedAnchor, ...]


def anchor_times(
    *, chain: str | None = None, blocks: int = _BLOCKS, ledger: LedgerFolder = None
) -> AnchorTimes:
    """Ask a chain what its newest blocks cost, and lay the ledger's anchors beside it.

    chain: one of the settings; else the first. blocks: at least 1. Raises as `Ledger.open_chain`
    and `chain.fee_blocks.newest_fees`.
    """
    from counterfoil.chain.fee_blocks import newest_fees

    with open_for_reading(ledger) as opened, closing(opened.open_chain(chain)) as asked:
        seen = newest_fees(asked, blocks)
        signed = {one.size: one.at_ms / 1000 for one in opened.checkpoints()}
        made = [one for one in read_anchored(opened.layout) if one.chain_id == asked.chain_id]
        newest = seen.first + len(seen.fees) - 2  # the last fee is that of the block to come
        known = sorted({one.mined.block: float(one.mined.time_s) for one in made}.items())
        known = [one for one in known if one[0] < newest] + [(newest, float(seen.time_s))]
        anchors = tuple(
            TimedAnchor(
                one.size,
                one.mined.block,
                one.mined.time_s,
                signed.get(one.size),
                seen.fees[one.mined.block - seen.first]
                if seen.first <= one.mined.block <= newest
                else None,
                f"0x{one.mined.tx_hash.hex()}",
            )
            for one in made[-_ANCHORS:]
        )
        fees = tuple(
            (_time_of(block, known), fee) for block, fee in enumerate(seen.fees[:-1], seen.first)
        )
        return AnchorTimes(_name(opened, chain), asked.chain_id, fees, anchors)


def _name(opened: Ledger, chain: str | None) -> str:
    return chain or name_of_place(opened.config.anchor_chains[0])


def _time_of(block: int, known: Sequence[tuple[int, float]]) -> float:
    """Tell about when a block came. known: (block, Unix seconds), rising, at least one."""
    at = bisect_left(known, (block, 0.0))
    if at < len(known) and known[at][0] == block:
        return known[at][1]
    if len(known) == 1:
        return known[0][1] - (known[0][0] - block)
    left, right = known[max(at - 1, 0)], known[max(at, 1)] if at < len(known) else known[-1]
    if at == 0:
        left, right = known[0], known[1]
    share = (block - left[0]) / max(right[0] - left[0], 1)
    return left[1] + share * (right[1] - left[1])
