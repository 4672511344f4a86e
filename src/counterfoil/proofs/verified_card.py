"""Show in a notebook what a receipt proved, and who vouches for it.

This module refuses to verify: what it shows was checked before it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from counterfoil.drawing.card import card, content, facts, mark, when
from counterfoil.formats import predicates

if TYPE_CHECKING:
    from counterfoil.proofs.verify import Verified

__all__ = ["verified_card"]


def verified_card(found: Verified) -> str:
    """Write what was verified as a card: HTML."""
    trusted, stands = found.trusted, found.trusted.checkpoint
    alone = all(cosigner.own for cosigner in trusted.cosigners)
    said = [] if found.content is None else [content(msgspec.json.decode(found.content))]
    kind = None if found.statement is None else predicates.name_of(found.statement.predicate_type)
    witnesses = (
        f"{cosigner.name}{f', {when(cosigner.time_s * 1000)}' if cosigner.time_s else ''}"
        for cosigner in trusted.cosigners
    )
    return card(
        f"Entry {found.index:,} is in the log",
        mark("wait" if alone else "ok", f"verified: {found.grade}"),
        facts(
            ("Log", stands.origin),
            ("Log's size", f"{stands.size:,} entries"),
            ("Kind", "verdict" if found.verdict is not None else kind),
            ("Row", None if found.row is None else f"{found.row:,}"),
            ("Leaf", found.leaf.hex()),
            ("Signed by", f"{found.signer.keyid} of {found.signer.organisation}"),
            ("Said at", when(found.signed_at_ms)),
            *(("Witness", one) for one in witnesses),
            *(
                ("Anchor, not asked for", f"chain {claim.chain_id}, block {claim.block:,}")
                for claim in found.anchors
            ),
        ),
        *said,
    )
