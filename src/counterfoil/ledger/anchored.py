"""What a ledger's anchors are worth to its receipts: claims, and the checkpoint to prove under.

Everything is read from `anchor.db`, so any reader of the folder can make a receipt, and nothing of
a chain is loaded where nothing is anchored. This module refuses to ask a chain: whoever verifies
does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import AnchorClaim
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.vouched import is_accepted
from counterfoil.log import parse_signed
from counterfoil.ports import StoredCheckpoint

if TYPE_CHECKING:
    from counterfoil.chain.anchor_tables import AnchoredAt

__all__ = ["anchored_checkpoint", "claims_of", "read_anchored"]


def read_anchored(layout: Layout, least: int = 0) -> Sequence[AnchoredAt]:
    """Read the final anchors of at least `least` entries, smallest first.

    Raises Unavailable with code anchor.book.
    """
    if not layout.anchor_book.exists():
        return ()
    from counterfoil.chain.anchor_book import AnchorBook

    with closing(AnchorBook(layout.anchor_book, read_only=True)) as book:
        return book.anchored(least)


def anchored_checkpoint(
    anchors: Sequence[AnchoredAt],
    published: tuple[Checkpoint, bytes],
    kept: Iterable[StoredCheckpoint],
    policy: Policy,
) -> tuple[Checkpoint, bytes] | None:
    """Choose the anchored checkpoint that the ledger's policy accepts: on most chains, then newest.

    anchors: those that cover the entry. None where there is none. kept: notes that may have more
    signatures than the anchored ones.
    """
    chains: dict[int, int] = {}
    for anchor in anchors:
        if anchor.size <= published[0].size:
            chains[anchor.size] = chains.get(anchor.size, 0) + 1
    later = {state.size: state.note for state in kept} | {published[0].size: published[1]}
    notes = {anchor.size: anchor.note for anchor in anchors}
    for size in sorted(chains, key=lambda size: (chains[size], size), reverse=True):
        for note in (later.get(size), notes[size]):
            if note is not None and is_accepted(policy, note):
                return parse_signed(note), note
    return None


def claims_of(anchors: Iterable[AnchoredAt], checkpoint: Checkpoint) -> tuple[AnchorClaim, ...]:
    """Name every chain on which this very checkpoint is anchored."""
    return tuple(
        AnchorClaim(
            chain_id=anchor.chain_id,
            contract=anchor.contract,
            owner=anchor.owner,
            transaction=f"0x{anchor.mined.tx_hash.hex()}",
            block=anchor.mined.block,
            time_s=anchor.mined.time_s,
        )
        for anchor in anchors
        if (anchor.size, anchor.root) == (checkpoint.size, checkpoint.root)
    )
