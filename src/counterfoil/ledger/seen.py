"""Remember what a reader verified, and notice when a log later shows another history.

Two receipts that each verify can still be of two histories; only who has seen both can tell. This
module refuses to judge a log that merely showed an older state: an old receipt is none the worse.
"""

from __future__ import annotations

from counterfoil.errors import VerificationError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.ledger.ledger import Ledger
from counterfoil.log import LogReader, parse_signed
from counterfoil.proofs.merkle import EMPTY_ROOT, root_of_range
from counterfoil.storage import Seen, SeenStates, TileFiles

__all__ = ["check_ledger", "remember"]


def remember(seen: SeenStates, checkpoint: Checkpoint, note: bytes, now_ms: int) -> int:
    """Hold a checkpoint that was just verified against those that were seen, and keep it.

    Returns the largest size of this log that was seen here.

    now_ms: Unix ms. Raises VerificationError with code seen.forked when the log signed another
    root for the same size; both notes are then kept. Raises Unavailable with code seen.unreadable.
    """
    before = seen.of(checkpoint.origin)
    seen.add(checkpoint.origin, Seen(checkpoint.size, checkpoint.root, note, now_ms))
    for state in before:
        if state.size == checkpoint.size and state.root != checkpoint.root:
            raise VerificationError(
                "seen.forked",
                f"expected the root {state.root.hex()} that was seen here for {state.size} "
                f"entries, found {checkpoint.root.hex()}: this log signed two histories",
                hint="Keep this receipt: with the checkpoint that is kept here it proves what "
                "the log's operator did. `counterfoil audit --against` shows which one a ledger "
                "follows.",
            )
    return max([checkpoint.size, *(state.size for state in before)])


def check_ledger(ledger: Ledger, checkpoint: Checkpoint) -> None:
    """Check that the ledger at hand extends a checkpoint that its own key signed.

    Raises VerificationError with code verify.other-ledger, verify.rolled-back or verify.forked.
    """
    if ledger.origin != checkpoint.origin:
        raise VerificationError(
            "verify.other-ledger",
            f"expected the ledger {checkpoint.origin}, found {ledger.origin}",
            hint="Name the folder of the ledger that gave the receipt.",
        )
    if checkpoint.size > ledger.size:
        raise VerificationError(
            "verify.rolled-back",
            f"expected a ledger of at least the {checkpoint.size} entries that the receipt "
            f"proves, found {ledger.size}: it was put back to an older state",
            hint="The receipt still holds; the ledger has lost entries. Keep the receipt: "
            "`counterfoil audit --against RECEIPT` names what is missing.",
        )
    reader = LogReader(TileFiles(ledger.layout.folder))
    published = parse_signed(ledger.published()).size
    if checkpoint.size > published:
        return  # not in tiles yet; its owner checks it when it is opened
    nodes = reader.nodes(published)
    root = root_of_range(0, checkpoint.size, nodes) if checkpoint.size else EMPTY_ROOT
    if root != checkpoint.root:
        raise VerificationError(
            "verify.forked",
            f"expected the first {checkpoint.size} entries to lead to {checkpoint.root.hex()}, "
            f"as the receipt proves, found {root.hex()}: the ledger was rewritten",
            hint="Keep the receipt: `counterfoil audit --against RECEIPT` shows where.",
        )
