"""Show a receipt in a notebook: what it claims, and that nobody checked it here.

A receipt does not know whom its reader trusts, so the card never says that it holds; what
`verify` gives does. This module refuses to verify.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.drawing import proof_path
from counterfoil.drawing.card import card, facts, mark, note, when
from counterfoil.errors import InputError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes

if TYPE_CHECKING:
    from counterfoil.formats.receipt import Receipt

__all__ = ["receipt_card"]


def receipt_card(receipt: Receipt) -> str:
    """Write a receipt as a card: HTML."""
    record = receipt.record
    title = f"Receipt of entry {record.index:,}"
    unchecked = mark("wait", "not checked here")
    how = note("ledger.verify(receipt) or counterfoil.verify(receipt, policy=...) checks it.")
    try:
        signed = notes.parse(receipt.checkpoint.encode("utf-8", "surrogatepass"))
        stands = checkpoints.parse(signed.text)
    except InputError as err:
        return card(title, mark("bad", "its checkpoint cannot be read"), note(str(err)))
    return card(
        title,
        unchecked,
        facts(
            ("Log", stands.origin),
            ("Log's size", f"{stands.size:,} entries"),
            ("Root", stands.root.hex()),
            ("Signatures", f"{len(signed.signatures)} on its checkpoint"),
            ("Signature", "of its batch" if receipt.batch else "its own"),
            ("Row", None if receipt.row is None else f"{receipt.row.row:,}"),
            *(("Says it is anchored", _anchor(claim)) for claim in receipt.anchors),
        ),
        how,
        proof_path(record.index, stands.size, record.path, state="wait", root=stands.root),
    )


def _anchor(claim: Any) -> str:
    return f"on chain {claim.chain_id}, block {claim.block:,}, {when(claim.time_s * 1000)}"
