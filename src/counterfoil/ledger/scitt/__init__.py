"""Signed statements in COSE, as SCITT has them: whose are registered, and what proves it."""

from counterfoil.ledger.scitt.room import Issuer, Registered, Scitt

__all__ = ["Issuer", "Registered", "Scitt"]
