"""Operations on signed statements in COSE."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "scitt register",
        "scitt:register",
        "Register a signed statement of an issuer that the ledger knows.",
        "statement.cose --ledger shop",
    ),
    writes(
        "scitt trust",
        "scitt:trust",
        "Add a key of an issuer, whose signed statements are registered from now on.",
        "https://vendor.example --key vendor.pem --kid vendor-2026 --ledger shop",
        role="operator",
    ),
    writes(
        "scitt distrust",
        "scitt:distrust",
        "Revoke a key of an issuer, for ever; what is registered stays.",
        "https://vendor.example kid:6b31 --why 'the key was lost' --ledger shop",
        role="operator",
    ),
    reads(
        "scitt issuers",
        "scitt:issuers",
        "List the keys of issuers that were ever added, oldest first.",
        "--ledger shop",
    ),
)
