"""Operations on the keys of a ledger's node."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "access add",
        "access:add",
        "Make a key for a ledger's node, and show it once.",
        "checkout --role writer --source checkout/1 --expires 90d --ledger shop",
        "alice --role auditor --role writer --scope case --scope record --ledger shop",
        role="operator",
    ),
    reads(
        "access ls",
        "access:listing",
        "List the keys of a ledger's node, oldest first.",
        "--ledger shop",
        role="operator",
    ),
    writes(
        "access revoke",
        "access:revoke",
        "End a key at once, also in a node that runs.",
        "k3m9 --why 'the laptop was lost' --ledger shop",
        role="operator",
    ),
    writes(
        "access rotate",
        "access:rotate",
        "Make a key that may do the same as another, and end the other.",
        "k3m9 --grace 1h --ledger shop",
        role="operator",
    ),
)
