"""Register signed statements in COSE (SCITT), and say whose a ledger registers.

This module refuses keys from anywhere but a file that the ledger's owner names: a key that comes
with a statement proves nothing about who made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from counterfoil.errors import InputError
from counterfoil.formats import cose_key
from counterfoil.formats.cbor import CBOR_MAX_BYTES
from counterfoil.formats.cose_key import PublicKey
from counterfoil.ledger import Recorded
from counterfoil.ledger.scitt import Issuer, Registered
from counterfoil.ops.files import read_file, read_input
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import Channel, Param

__all__ = ["distrust", "issuers", "register", "trust"]

_KEY_MAX_BYTES: Final = 1 << 16
IssuerName = Annotated[str, Param("The issuer, as its statements name it (claim iss).", "ISSUER")]
Why = Annotated[str, Param("Why, for people; it is recorded.", "TEXT")]


def register(
    file: Annotated[
        Path,
        Param("A signed statement (COSE_Sign1), or - for standard input.", "FILE", holds="file"),
    ],
    *,
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Registered:
    """Register a signed statement of an issuer that the ledger knows.

    Its unprotected header is taken off. The same statement again gets its first place.
    Raises InputError, Refused and VerificationError as `Scitt.register`, and as `read_file`.
    """
    data = read_input(file, channel, CBOR_MAX_BYTES)
    with open_for_writing(ledger) as opened:
        return opened.scitt.register(data)


def trust(
    issuer: IssuerName,
    *,
    key: Annotated[
        Path,
        Param("Its public key or certificate in PEM, or a COSE_Key.", "FILE", holds="file"),
    ],
    kid: Annotated[
        str | None,
        Param("How statements name the key: text, or 0x and hexadecimal digits.", "KID"),
    ] = None,
    ledger: LedgerFolder = None,
    why: Why = "",
) -> Recorded:
    """Add a key of an issuer, whose signed statements are registered from now on.

    Without --kid a COSE_Key names itself, a certificate is named by its SHA-256 (x5t), and another
    key by its COSE Key Thumbprint. A certificate is only a file with a key in it: nothing else in
    it is checked. Raises InputError with code cose.key or scitt.kid, Conflict with code
    scitt.key-twice, and as `read_file`.
    """
    public, name = _read_key(read_file(key, _KEY_MAX_BYTES))
    if kid is not None:
        name = _kid(kid)
    with open_for_writing(ledger) as opened:
        return opened.scitt.trust(issuer, name, public, why=why)


def distrust(
    issuer: IssuerName,
    key: Annotated[str, Param("The key, as `scitt issuers` shows it: kid:... or x5t:...", "KEY")],
    *,
    ledger: LedgerFolder = None,
    why: Why = "",
) -> Recorded:
    """Revoke a key of an issuer, for ever; what is registered stays.

    Raises NotFound with code scitt.no-key.
    """
    with open_for_writing(ledger) as opened:
        return opened.scitt.distrust(issuer, key, why=why)


def issuers(*, ledger: LedgerFolder = None) -> Iterator[Issuer]:
    """List the keys of issuers that were ever added, oldest first."""
    with open_for_reading(ledger) as opened:
        yield from opened.scitt.issuers()


def _read_key(data: bytes) -> tuple[PublicKey, str]:
    """Read a public key, and how statements name it where nobody says."""
    if not data.lstrip().startswith(b"-----BEGIN"):
        public, kid = cose_key.read_cose_key(data)
        return public, f"kid:{(kid or cose_key.thumbprint(public)).hex()}"
    found: object
    try:
        if b"BEGIN CERTIFICATE" in data:
            certificate = x509.load_pem_x509_certificate(data)
            found, name = certificate.public_key(), f"x5t:{certificate.fingerprint(SHA256()).hex()}"
        else:
            found, name = load_pem_public_key(data), ""
    except ValueError as err:
        raise _no_key("a public key or certificate in PEM", "none") from err
    if isinstance(found, Ed25519PublicKey):
        public = PublicKey("EdDSA", found.public_bytes_raw())
    elif isinstance(found, EllipticCurvePublicKey) and isinstance(found.curve, SECP256R1):
        point = found.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        public = PublicKey("ES256", point[1:])
    else:
        raise _no_key("a key on Ed25519 or P-256", "another")
    return public, name or f"kid:{cose_key.thumbprint(public).hex()}"


def _kid(text: str) -> str:
    """Read a key id: text, or 0x and hexadecimal digits; 1 to 64 bytes."""
    try:
        data = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()
    except ValueError as err:
        raise InputError("scitt.kid", "expected hexadecimal digits after 0x, found others") from err
    if not 0 < len(data) <= 64:
        raise InputError("scitt.kid", f"expected a key id of 1 to 64 bytes, found {len(data)}")
    return f"kid:{data.hex()}"


def _no_key(expected: str, found: str) -> InputError:
    return InputError(
        "cose.key",
        f"expected {expected}, found {found}",
        hint="`openssl pkey -pubout` writes one. Private keys and certificates' issuers are not "
        "asked for.",
    )
