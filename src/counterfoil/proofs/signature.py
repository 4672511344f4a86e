"""Verify single signatures, strictly, so that every verifier gives the same answer.

Ed25519 is checked by libsodium: it refuses keys and nonces of small order, keys that are not
written canonically, and S outside 0..L-1. Laxer libraries disagree among themselves about those,
and a record that is valid for one reader and not for the next is no evidence. This module refuses
to return an answer: it returns nothing, or raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from counterfoil.errors import VerificationError
from counterfoil.formats.cosignature import ED25519_SIGNATURE_BYTES, MLDSA44_SIGNATURE_BYTES
from counterfoil.formats.vkey import PUBLIC_BYTES, KeyType

__all__ = ["verify", "verify_ed25519", "verify_mldsa44"]


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Check that `signature` is by the Ed25519 key `public` over `message`.

    public: 32 bytes. signature: 64 bytes. message: any length; a copy of it is made.
    Raises VerificationError with code signature.length or signature.invalid.
    Source: RFC 8032, 5.1.7, as strict as libsodium's crypto_sign_open.
    """
    _check_lengths(public, PUBLIC_BYTES[KeyType.ED25519], signature, ED25519_SIGNATURE_BYTES)
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError as err:
        raise _invalid("Ed25519") from err


def verify_mldsa44(public: bytes, message: bytes, signature: bytes) -> None:
    """Check that `signature` is by the ML-DSA-44 key `public` over `message`, empty context.

    public: 1312 bytes. signature: 2420 bytes. message: any length.
    Raises VerificationError with code signature.length or signature.invalid.
    Source: FIPS 204, algorithm 3 (pure ML-DSA).
    """
    expected = PUBLIC_BYTES[KeyType.COSIGNATURE_MLDSA44]
    _check_lengths(public, expected, signature, MLDSA44_SIGNATURE_BYTES)
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as err:
        raise _invalid("ML-DSA-44") from err


def verify(key_type: KeyType, public: bytes, message: bytes, signature: bytes) -> None:
    """Check a signature with the algorithm of `key_type`; lengths and errors are that one's.

    This is the bare signature over `message`: notes and cosignatures wrap it (`proofs.trust`).
    """
    _VERIFIERS[key_type](public, message, signature)


_VERIFIERS: Final[dict[KeyType, Callable[[bytes, bytes, bytes], None]]] = {
    KeyType.ED25519: verify_ed25519,
    KeyType.COSIGNATURE_ED25519: verify_ed25519,
    KeyType.COSIGNATURE_MLDSA44: verify_mldsa44,
}


def _check_lengths(
    public: bytes, public_bytes: int, signature: bytes, signature_bytes: int
) -> None:
    if len(public) != public_bytes or len(signature) != signature_bytes:
        raise VerificationError(
            "signature.length",
            f"expected a key of {public_bytes} bytes and a signature of {signature_bytes}, "
            f"got {len(public)} and {len(signature)}",
            hint="The key and the signature must be of the same algorithm.",
        )


def _invalid(algorithm: str) -> VerificationError:
    return VerificationError(
        "signature.invalid",
        f"expected an {algorithm} signature by this key over these bytes, got one that is not",
        hint="The bytes were changed, or another key signed them: do not rely on them.",
    )
