"""Issuers of signed statements in COSE, with keys that are the same each time.

Statements are made here from CBOR alone, so that what is wrong with one can be said in a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil.formats import cbor, cose
from counterfoil.formats.cose import Sign1
from counterfoil.formats.cose_key import PublicKey
from counterfoil.ledger import Ledger, Recorded

__all__ = ["PAYLOAD", "SUBJECT", "VENDOR", "Issuer", "introduce"]

VENDOR: Final = "https://vendor.example"
SUBJECT: Final = "pkg:generic/pump@1.2"
PAYLOAD: Final = b'{"parts":3,"name":"pump"}'
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Issuer:
    """An issuer with one key. algorithm: ES256 or EdDSA."""

    name: str = VENDOR
    algorithm: str = "ES256"
    kid: bytes = b"k1"
    secret: bytes = field(default=b"issuer")

    @property
    def key(self) -> str:
        """How its statements name the key."""
        return f"kid:{self.kid.hex()}"

    @property
    def private(self) -> Any:
        """The private key."""
        seed = sha256(self.secret).digest()
        if self.algorithm == "EdDSA":
            return Ed25519PrivateKey.from_private_bytes(seed)
        return ec.derive_private_key(int.from_bytes(seed, "big") % _ORDER, ec.SECP256R1())

    @property
    def public(self) -> PublicKey:
        """The public key."""
        if self.algorithm == "EdDSA":
            return PublicKey("EdDSA", self.private.public_key().public_bytes_raw())
        point = self.private.public_key().public_numbers()
        return PublicKey("ES256", point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))

    def headers(self, **changes: Any) -> dict[int | str, Any]:
        """Make a protected header; changes: `_15={...}` puts one under 15, None leaves one out."""
        found: dict[int | str, Any] = {
            1: -8 if self.algorithm == "EdDSA" else -7,
            3: "application/json",
            4: self.kid,
            15: {1: self.name, 2: SUBJECT, 6: 1_700_000_000},
        }
        found |= {int(label[1:]): value for label, value in changes.items()}
        return {label: value for label, value in found.items() if value is not None}

    def sign(self, message: bytes) -> bytes:
        """Sign, the same way each time."""
        if self.algorithm == "EdDSA":
            signature: bytes = self.private.sign(message)
            return signature
        der = self.private.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def other_signature(self, signature: bytes) -> bytes:
        """Turn an ECDSA signature into the other one that holds, as anybody can."""
        s = _ORDER - int.from_bytes(signature[32:], "big")
        return signature[:32] + s.to_bytes(32, "big")

    def message(
        self,
        payload: bytes = PAYLOAD,
        unprotected: dict[int | str, Any] | None = None,
        **changes: Any,
    ) -> Sign1:
        """Make a statement, as a message."""
        protected = cbor.format(self.headers(**changes))
        signature = self.sign(cose.to_be_signed(protected, payload))
        return Sign1(protected, unprotected or {}, payload, signature)

    def statement(
        self,
        payload: bytes = PAYLOAD,
        unprotected: dict[int | str, Any] | None = None,
        **changes: Any,
    ) -> bytes:
        """Make a statement, as bytes."""
        return cose.format(self.message(payload, unprotected, **changes))


def introduce(ledger: Ledger, issuer: Issuer) -> Recorded:
    """Have a ledger's owner add the issuer's key."""
    return ledger.scitt.trust(issuer.name, issuer.key, issuer.public)
