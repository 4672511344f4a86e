"""Name public keys in COSE: as the text that a log keeps, as a COSE_Key, by its thumbprint.

This module refuses private keys, and to judge whether a point lies on its curve: `proofs.cose`
does when it verifies.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import cbor
from counterfoil.formats.ascii import decode_base64, encode_base64
from counterfoil.formats.cose import ALGORITHMS, Algorithm

__all__ = [
    "PUBLIC_BYTES",
    "PublicKey",
    "cose_key",
    "format",
    "parse",
    "read_cose_key",
    "thumbprint",
]

PUBLIC_BYTES: Final[dict[Algorithm, int]] = {"EdDSA": 32, "ES256": 64}
"""Length of a public key: Ed25519's as in RFC 8032; of P-256 both coordinates, big-endian."""

_KTY, _KID, _ALG, _CRV, _X, _Y, _D = 1, 2, 3, -1, -2, -3, -4
_OKP, _EC2, _ED25519, _P256 = 1, 2, 6, 1


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that statements are checked with. public: bytes as PUBLIC_BYTES says."""

    algorithm: Algorithm
    public: bytes

    def __post_init__(self) -> None:
        expected = PUBLIC_BYTES.get(self.algorithm)
        if len(self.public) != expected:
            raise _malformed(f"{expected} bytes of an {self.algorithm} key", f"{len(self.public)}")


def format(key: PublicKey) -> str:
    """Write a key as one word: its algorithm, a colon, and base64."""
    return f"{key.algorithm}:{encode_base64(key.public)}"


def parse(text: str) -> PublicKey:
    """Read what `format` writes. Raises InputError with code cose.key or base64.*.

    >>> parse(format(PublicKey("EdDSA", bytes(32)))).algorithm
    'EdDSA'
    """
    name, _, encoded = text.partition(":")
    algorithm = next((one for one in PUBLIC_BYTES if one == name), None)
    if algorithm is None:
        raise _malformed("EdDSA: or ES256: and base64", ascii(text[:40]))
    return PublicKey(algorithm, decode_base64(encoded))


def thumbprint(key: PublicKey) -> bytes:
    """Compute a key's COSE Key Thumbprint by SHA-256, 32 bytes. Source: RFC 9679, 3."""
    return sha256(cbor.format(_required(key))).digest()


def cose_key(key: PublicKey, kid: bytes) -> dict[int, Any]:
    """Make the COSE_Key of a public key, as a map to be encoded. Source: RFC 9052, 7; RFC 9053."""
    alg = next(value for value, name in ALGORITHMS.items() if name == key.algorithm)
    return {**_required(key), _KID: kid, _ALG: alg}


def read_cose_key(data: bytes) -> tuple[PublicKey, bytes | None]:
    """Read a COSE_Key: the public key, and its key id where it names one.

    Raises InputError with code cose.key for another kind of key or a private one, and as
    `cbor.parse`.
    """
    found = cbor.parse(data)
    if not isinstance(found, dict):
        raise _malformed("a COSE_Key, which is a map", type(found).__name__)
    if _D in found:
        raise _malformed("a public key", "a private one")
    kind, x, y, kid = (found.get(label) for label in (_KTY, _X, _Y, _KID))
    if kid is not None and not isinstance(kid, bytes):
        raise _malformed("a key id in bytes", type(kid).__name__)
    if (kind, found.get(_CRV)) == (_OKP, _ED25519) and isinstance(x, bytes):
        return PublicKey("EdDSA", x), kid
    on_p256 = (kind, found.get(_CRV)) == (_EC2, _P256)
    if on_p256 and isinstance(x, bytes) and isinstance(y, bytes) and len(x) == len(y) == 32:
        return PublicKey("ES256", x + y), kid
    raise _malformed("a key on Ed25519, or on P-256 with both coordinates", f"key type {kind!a}")


def _required(key: PublicKey) -> dict[int, Any]:
    if key.algorithm == "EdDSA":
        return {_KTY: _OKP, _CRV: _ED25519, _X: key.public}
    return {_KTY: _EC2, _CRV: _P256, _X: key.public[:32], _Y: key.public[32:]}


def _malformed(expected: str, found: str) -> InputError:
    return InputError(
        "cose.key",
        f"expected {expected}, found {found}",
        hint="Ed25519 and P-256 keys are taken.",
    )
