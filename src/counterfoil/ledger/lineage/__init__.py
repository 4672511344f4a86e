"""The ledger's room for lineage: from any statement up to data and down to effects."""

from counterfoil.ledger.lineage.room import Lineage

__all__ = ["Lineage"]
