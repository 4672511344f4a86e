"""Verify signatures in COSE: by Ed25519, and by ECDSA on P-256 with SHA-256.

This module refuses other algorithms, and to say which key to believe.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from counterfoil.errors import VerificationError
from counterfoil.formats.cose import SIGNATURE_BYTES
from counterfoil.formats.cose_key import PublicKey
from counterfoil.formats.signed_statement import SignedStatement, signed_bytes
from counterfoil.proofs.keyring import KeyPeriod, Keyring
from counterfoil.proofs.signature import verify_ed25519

__all__ = ["own_signer", "verify_message", "verify_statement"]


def verify_message(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Check a signature over `message`, which `formats.cose.to_be_signed` gives.

    signature: 64 bytes; of ES256 the numbers r and s. Raises VerificationError with code
    signature.length or signature.invalid. Source: RFC 9053, 2.1 and 2.2.
    """
    if key.algorithm == "EdDSA":
        verify_ed25519(key.public, message, signature)
        return
    if len(signature) != SIGNATURE_BYTES:
        raise VerificationError(
            "signature.length",
            f"expected a signature of {SIGNATURE_BYTES} bytes, got {len(signature)}",
            hint="The key and the signature must be of the same algorithm.",
        )
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    try:
        public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + key.public)
        public.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError) as err:  # or the key is no point of the curve
        raise VerificationError(
            "signature.invalid",
            "expected an ES256 signature by this key over these bytes, got one that is not",
            hint="The bytes were changed, or another key signed them: do not rely on them.",
        ) from err


def verify_statement(statement: SignedStatement, key: PublicKey) -> None:
    """Check the signature of a signed statement.

    Raises VerificationError with code signature.algorithm when the statement names another
    algorithm than the key's, and as `verify_message`.
    """
    if statement.algorithm != key.algorithm:
        raise VerificationError(
            "signature.algorithm",
            f"expected a signature by {key.algorithm}, got one that says {statement.algorithm}",
            hint="The statement does not name the key that its issuer is known by.",
        )
    verify_message(key, signed_bytes(statement), statement.message.signature)


def own_signer(keyring: Keyring, index: int, statement: SignedStatement) -> KeyPeriod | None:
    """Check a statement that names a key of the log itself, by its key id as `kid`.

    index: where it stands, or shall stand. None where it names no key that was ever of the log.
    Raises VerificationError with code statement.issuer when the key is another organisation's,
    and as `Keyring.require` and `verify_statement`.
    """
    keyid = statement.key.removeprefix("kid:")
    if all(period.keyid != keyid for period in keyring.periods):
        return None
    period = keyring.require(keyid, index)
    if period.organisation != statement.issuer:
        raise VerificationError(
            "statement.issuer",
            f"expected the issuer {period.organisation}, found {statement.issuer}",
            hint="A key signed for an organisation that it does not belong to.",
        )
    verify_statement(statement, PublicKey("EdDSA", period.public))
    return period
