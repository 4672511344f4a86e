"""Personal data beside the log: sealed bytes, their keys, and how both are destroyed.

Blind to the log and to every other engine.
"""

from counterfoil.vault.vault import HANDLE_PREFIX, SealedBatch, Vault

__all__ = ["HANDLE_PREFIX", "SealedBatch", "Vault"]
