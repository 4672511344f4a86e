"""Keys and EIP-712 signatures, as the contracts' clients make them.

The types stand here once more, on purpose: a contract and its tests must not share a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

__all__ = ["TYPES", "Domain", "key"]

_AUTHORIZATION: Final = [
    {"name": "from", "type": "address"},
    {"name": "to", "type": "address"},
    {"name": "value", "type": "uint256"},
    {"name": "validAfter", "type": "uint256"},
    {"name": "validBefore", "type": "uint256"},
    {"name": "nonce", "type": "bytes32"},
]

TYPES: Final[dict[str, list[dict[str, str]]]] = {
    "Anchor": [
        {"name": "log_id", "type": "bytes32"},
        {"name": "old_size", "type": "uint64"},
        {"name": "new_size", "type": "uint64"},
        {"name": "new_root", "type": "bytes32"},
        {"name": "deadline", "type": "uint256"},
    ],
    "Cosignature": [
        {"name": "log_id", "type": "bytes32"},
        {"name": "size", "type": "uint64"},
        {"name": "root", "type": "bytes32"},
    ],
    "Enrolment": [{"name": "organisation", "type": "address"}],
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
    "TransferWithAuthorization": _AUTHORIZATION,
    "ReceiveWithAuthorization": _AUTHORIZATION,
    "CancelAuthorization": [
        {"name": "authorizer", "type": "address"},
        {"name": "nonce", "type": "bytes32"},
    ],
}


def key(name: str) -> LocalAccount:
    """Make a key that is the same in every run."""
    made: LocalAccount = Account.from_key(sha256(name.encode()).digest())
    return made


@dataclass(frozen=True, slots=True)
class Domain:
    """What signatures are bound to: one contract on one chain."""

    chain_id: int
    contract: str
    name: str = "Counterfoil Anchor"
    version: str = "1"

    def sign(self, signer: LocalAccount, kind: str, *values: object) -> bytes:
        """Sign a struct of `TYPES`, its values in order; 65 bytes."""
        fields: dict[str, Any] = {
            field["name"]: value for field, value in zip(TYPES[kind], values, strict=True)
        }
        domain = {
            "name": self.name,
            "version": self.version,
            "chainId": self.chain_id,
            "verifyingContract": self.contract,
        }
        signed = signer.sign_typed_data(domain, {kind: TYPES[kind]}, fields)
        return bytes(signed.signature)
