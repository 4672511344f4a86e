"""Pack a recorded verdict with the proof that it stands in an anchored log.

The oldest anchor that covers it is taken: contracts may ask for one of some age. It is made anew
whenever it is sent, since a chain that lost blocks may have anchored at another time. This module
refuses an anchor that the chain at hand does not show, with the log's own root.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_contract import AnchorContract
from counterfoil.errors import NotFound, Refused
from counterfoil.formats import packed_verdict
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.ledger.anchor_source import PublishedLog

if TYPE_CHECKING:
    from counterfoil.chain.anchor_tables import ChainNote
    from counterfoil.ledger import Ledger

__all__ = ["chain_note", "is_anchored", "pack", "unpacked"]


def chain_note(ledger: Ledger, chain_id: int) -> ChainNote:
    """Tell where the ledger is anchored on a chain. Raises NotFound with code act.unanchored."""
    path = ledger.layout.anchor_book
    if path.exists():
        with closing(AnchorBook(path, read_only=True)) as book:
            note = book.chain(chain_id)
            if note is not None:
                return note
    raise NotFound(
        "act.unanchored",
        f"expected a ledger that is anchored on chain {chain_id}, found none",
        hint="`counterfoil anchor now` registers it there.",
    )


def is_anchored(ledger: Ledger, chain_id: int, index: int) -> bool:
    """Tell whether an anchor that covers an entry stands in a block."""
    with closing(AnchorBook(ledger.layout.anchor_book, read_only=True)) as book:
        return bool(book.standing(chain_id, index + 1))


def pack(ledger: Ledger, contract: AnchorContract, log_id: bytes, index: int) -> bytes:
    """Pack the verdict at an index, as a gate takes it.

    contract: the anchor that the gate asks. Raises Refused with code act.not-anchored until an
    anchor that covers it stands on that chain.
    """
    return packed_verdict.format(unpacked(ledger, contract, log_id, index))


def unpacked(ledger: Ledger, contract: AnchorContract, log_id: bytes, index: int) -> PackedVerdict:
    """Give what `pack` packs; arguments and errors as there."""
    log = PublishedLog(ledger.layout.folder)
    chain_id = contract.chain.chain_id
    with closing(AnchorBook(ledger.layout.anchor_book, read_only=True)) as book:
        standing = book.standing(chain_id, index + 1)
    for size, time_s in standing:
        if contract.anchored(log_id, size, time_s) == log.root(size):
            path = tuple(log.include(index, size))
            return PackedVerdict(size, time_s, index, path, ledger.entry(index))
    raise Refused(
        "act.not-anchored",
        f"expected entry {index} to be anchored on chain {chain_id}, found no anchor that covers "
        "it there",
        hint="It goes on by itself once it is; `counterfoil anchor status` tells of trouble.",
    )
