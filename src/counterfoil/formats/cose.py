"""Read and write COSE_Sign1 messages, and the bytes that their signatures are over.

The protected header is kept as the bytes that came, since those are signed; everything around it
is deterministic CBOR, so that one message has one form. This module refuses messages without
their tag, a label that stands in both headers, and to verify: `proofs.cose` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from counterfoil.errors import InputError
from counterfoil.formats import cbor
from counterfoil.formats.cbor import Tagged

__all__ = [
    "ALG",
    "ALGORITHMS",
    "CONTENT_TYPE",
    "CRIT",
    "CWT_CLAIMS",
    "KID",
    "SIGN1_TAG",
    "SIGNATURE_BYTES",
    "X5T",
    "Algorithm",
    "Sign1",
    "algorithm_of",
    "format",
    "headers_of",
    "parse",
    "to_be_signed",
]

SIGN1_TAG: Final = 18
"""CBOR tag of a COSE_Sign1; its one byte is 0xd2."""

ALG: Final = 1
CRIT: Final = 2
CONTENT_TYPE: Final = 3
KID: Final = 4
CWT_CLAIMS: Final = 15
X5T: Final = 34

SIGNATURE_BYTES: Final = 64
"""Length of a signature by either algorithm, bytes."""

Algorithm = Literal["EdDSA", "ES256"]
"""A kind of key: Ed25519, or ECDSA on P-256 with SHA-256."""

ALGORITHMS: Final[dict[int, Algorithm]] = {-8: "EdDSA", -19: "EdDSA", -7: "ES256", -9: "ES256"}
"""Values of `alg` that are taken (RFC 9053; -9 and -19 are ESP256 and Ed25519 of RFC 9864)."""

Headers = dict[int | str, Any]


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 message.

    protected: the protected header as it is signed, empty or one CBOR map. unprotected: the other
    header, which nobody signed. payload: None where it is detached. signature: as it came.
    """

    protected: bytes
    unprotected: Headers
    payload: bytes | None
    signature: bytes


def parse(data: bytes) -> Sign1:
    """Parse a tagged COSE_Sign1 in deterministic CBOR.

    Raises InputError with code cose.malformed, or as `cbor.parse`. Source: RFC 9052, 2 and 4.2.
    """
    value = cbor.parse(data)
    if not isinstance(value, Tagged) or value.number != SIGN1_TAG:
        raise _malformed("a COSE_Sign1 (tag 18)", _named(value))
    if not isinstance(value.value, list) or len(value.value) != 4:
        raise _malformed("an array of 4 in a COSE_Sign1", _named(value.value))
    protected, unprotected, payload, signature = value.value
    if not isinstance(protected, bytes):
        raise _malformed("a protected header in bytes", _named(protected))
    if not isinstance(unprotected, dict):
        raise _malformed("a map of unprotected headers", _named(unprotected))
    if payload is not None and not isinstance(payload, bytes):
        raise _malformed("a payload in bytes", _named(payload))
    if not isinstance(signature, bytes):
        raise _malformed("a signature in bytes", _named(signature))
    _require_labels(unprotected)
    twice = sorted(map(str, headers_of(protected).keys() & unprotected.keys()))
    if twice:
        raise _malformed("each label in one header", f"label {twice[0][:40]!a} in both")
    return Sign1(protected, unprotected, payload, signature)


def format(message: Sign1) -> bytes:
    """Format a message, tagged. Raises InputError as `parse` does."""
    parts = [message.protected, message.unprotected, message.payload, message.signature]
    data = cbor.format(Tagged(SIGN1_TAG, parts))
    parse(data)
    return data


def headers_of(protected: bytes) -> Headers:
    """Parse a protected header. Raises InputError with code cose.malformed or as `cbor.parse`."""
    found = cbor.parse(protected) if protected else {}
    if not isinstance(found, dict):
        raise _malformed("a map in the protected header", _named(found))
    _require_labels(found)
    return found


def algorithm_of(headers: Headers) -> Algorithm:
    """Tell the kind of key that a protected header's `alg` asks for.

    Raises InputError with code cose.algorithm: there is none, or it is not taken here.
    """
    value = headers.get(ALG)
    found = ALGORITHMS.get(value) if type(value) is int else None
    if found is None:
        raise InputError(
            "cose.algorithm",
            f"expected the algorithm EdDSA (-8) or ES256 (-7), found {str(value)[:40]!a}",
            hint="Sign with Ed25519, or with ECDSA on P-256 and SHA-256; `alg` must be protected.",
        )
    return found


def to_be_signed(
    protected: bytes,
    payload: bytes,
    *,
    external: bytes = b"",
    signer: bytes | None = None,
) -> bytes:
    """Encode what a signature is over.

    protected: as in the message. external: data that both sides know. signer: the signer's own
    protected header, for one of the signatures of a COSE_Sign; None for a COSE_Sign1.
    Source: RFC 9052, 4.4; an empty map there stands as an empty string.
    """
    body = b"" if protected == b"\xa0" else protected
    if signer is None:
        return cbor.format(["Signature1", body, external, payload])
    own = b"" if signer == b"\xa0" else signer
    return cbor.format(["Signature", body, own, external, payload])


def _require_labels(headers: dict[Any, Any]) -> None:
    if any(type(label) is bytes for label in headers):
        raise _malformed("labels that are integers or text", "bytes")


def _named(value: Any) -> str:
    if isinstance(value, Tagged):
        return f"tag {value.number}"
    return f"{type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list) else "")


def _malformed(expected: str, found: str) -> InputError:
    return InputError("cose.malformed", f"expected {expected}, found {found}")
