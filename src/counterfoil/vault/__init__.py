"""Personal data beside the log: sealed bytes, their keys, and how both are destroyed.

Blind to the log and to every other engine.
"""

from counterfoil.vault.authority import Authority
from counterfoil.vault.batch import SealedBatch
from counterfoil.vault.duties import Consent, Hold
from counterfoil.vault.identity import HANDLE_PREFIX, check_class, given_handle
from counterfoil.vault.permits import Permit, Token, make_token, parse_token
from counterfoil.vault.vault import Vault

__all__ = [
    "HANDLE_PREFIX",
    "Authority",
    "Consent",
    "Hold",
    "Permit",
    "SealedBatch",
    "Token",
    "Vault",
    "check_class",
    "given_handle",
    "make_token",
    "parse_token",
]
