"""Read and write the text form of verifier keys and signing keys, and name keys.

A key here is always (name, type, public bytes): the same bytes under another name or type are
another key with another id, which is what keeps one key from being used for two purposes by
accident. This module refuses to derive, sign or verify: it does no cryptography but the hash in
the key id, so it cannot tell whether a signing key belongs to its stated id (`proofs.signing`
does). No message and no repr shows a seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import decode_base64, encode_base64

__all__ = [
    "KEY_ID_BYTES",
    "KEY_NAME_MAX_BYTES",
    "PUBLIC_BYTES",
    "SEED_BYTES",
    "KeyType",
    "SigningKey",
    "VerifierKey",
    "check_key_name",
    "format_skey",
    "format_vkey",
    "key_id_of",
    "parse_skey",
    "parse_vkey",
]

KEY_ID_BYTES: Final = 4
"""Length of a key id, bytes."""

KEY_NAME_MAX_BYTES: Final = 255
"""Longest key name, bytes: an ML-DSA-44 cosignature holds it in opaque<1..2^8-1>."""

SEED_BYTES: Final = 32
"""Length of the seed of an Ed25519 (RFC 8032) or ML-DSA-44 (FIPS 204) signing key, bytes."""

_SKEY_PREFIX: Final = "PRIVATE+KEY+"

# Unicode White_Space from U+0020 up, written out so that the answer does not change with the
# Unicode tables of the Python that verifies.
_UNICODE_SPACES: Final = frozenset(
    "\u0020\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)


class KeyType(IntEnum):
    """The signature type byte of a key (C2SP signed-note, "Signature types")."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_MLDSA44 = 0x06


PUBLIC_BYTES: Final = {
    KeyType.ED25519: 32,
    KeyType.COSIGNATURE_ED25519: 32,
    KeyType.COSIGNATURE_MLDSA44: 1312,
}
"""Length of the public key of each type, bytes."""


def check_key_name(name: str) -> str:
    """Return `name` if a key may have it; it is non-empty, without Unicode spaces and `+`.

    Raises InputError with code key.name.
    Source: C2SP signed-note, "Format".
    """
    bad = next((c for c in name if c < " " or c == "+" or c in _UNICODE_SPACES), None)
    if not name or bad is not None:
        came = f"U+{ord(bad):04X} in it" if bad is not None else "an empty name"
        raise InputError(
            "key.name",
            f"expected a key name without spaces, plus signs and control characters, got {came}",
            hint="Use a URL without its scheme, for example log.example.com/2026.",
        )
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as err:
        raise InputError(
            "key.name",
            "expected a key name that can be written in UTF-8, got a lone surrogate in it",
            hint="Use a URL without its scheme, for example log.example.com/2026.",
        ) from err
    return name


def key_id_of(name: str, key_type: KeyType, public: bytes) -> bytes:
    """Compute the 4-byte id of a key.

    Source: C2SP signed-note, "Signatures": SHA-256(name || 0x0A || type || public)[:4].
    """
    return sha256(name.encode() + b"\n" + bytes([key_type]) + public).digest()[:KEY_ID_BYTES]


def _key_type(value: int) -> KeyType:
    """Refuse the types of keys that we do not know."""
    try:
        return KeyType(value)
    except ValueError as err:
        raise InputError(
            "key.type",
            f"expected key type 1 (Ed25519), 4 (cosignature) or 6 (ML-DSA-44), got {value}",
            hint="Other key types are not supported; ask for one of these.",
        ) from err


def _check_length_of_name(name: str) -> None:
    """Refuse names that no cosignature could hold."""
    if len(check_key_name(name).encode()) > KEY_NAME_MAX_BYTES:
        raise InputError(
            "key.name",
            f"expected a key name of at most {KEY_NAME_MAX_BYTES} bytes, got {len(name.encode())}",
            hint="Choose a shorter name.",
        )


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and purpose.

    name: 1-255 bytes of UTF-8, no Unicode space, no `+`.
    public: 32 bytes (Ed25519) or 1312 bytes (ML-DSA-44). key_id: 4 bytes, computed.
    Raises InputError with code key.name, key.type or key.length.
    """

    name: str
    type: KeyType
    public: bytes
    key_id: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_length_of_name(self.name)
        object.__setattr__(self, "type", _key_type(self.type))
        expected = PUBLIC_BYTES[self.type]
        if len(self.public) != expected:
            raise InputError(
                "key.length",
                f"expected a public key of {expected} bytes, got {len(self.public)}",
                hint="Copy the whole key.",
            )
        object.__setattr__(self, "key_id", key_id_of(self.name, self.type, self.public))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A secret key with its name and purpose.

    seed: 32 secret bytes, hidden from repr. key_id: 4 bytes as stated in the key file; only
    `proofs.signing.public_of` can check that it belongs to the seed.
    Raises InputError with code key.name, key.type or key.length.
    """

    name: str
    type: KeyType
    seed: bytes = field(repr=False)
    key_id: bytes

    def __post_init__(self) -> None:
        _check_length_of_name(self.name)
        object.__setattr__(self, "type", _key_type(self.type))
        if len(self.seed) != SEED_BYTES or len(self.key_id) != KEY_ID_BYTES:
            raise InputError(
                "key.length",
                f"expected a seed of {SEED_BYTES} bytes and a key id of {KEY_ID_BYTES}, "
                f"got {len(self.seed)} and {len(self.key_id)}",
                hint="Restore the key file from its backup.",
            )


def format_vkey(key: VerifierKey) -> str:
    """Write a verifier key as `<name>+<hex key id>+<base64(type || public)>`.

    Source: C2SP signed-note, "Verifier keys".
    """
    return f"{key.name}+{key.key_id.hex()}+{encode_base64(bytes([key.type]) + key.public)}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key, and check that its id belongs to its name and bytes.

    Raises InputError with code key.malformed, key.name, key.type, key.length or key.id.
    Source: C2SP signed-note, "Verifier keys".
    """
    name, stated, material = _split_key(text, "verifier key `<name>+<8 hex digits>+<base64>`")
    key = VerifierKey(name, _key_type(material[0]), material[1:])
    if key.key_id != stated:
        raise InputError(
            "key.id",
            f"expected key id {key.key_id.hex()} for this name and key, got {stated.hex()}",
            hint="The name, the id or the key was changed: copy all three again from its owner.",
        )
    return key


def format_skey(key: SigningKey) -> str:
    """Write a signing key as one secret line, `PRIVATE+KEY+<name>+<hex key id>+<base64>`.

    The base64 holds type || seed. Source: golang.org/x/mod/sumdb/note, GenerateKey.
    """
    secret = encode_base64(bytes([key.type]) + key.seed)
    return f"{_SKEY_PREFIX}{key.name}+{key.key_id.hex()}+{secret}"


def parse_skey(text: str) -> SigningKey:
    """Read a signing key; no error message repeats any of it.

    Raises InputError with code key.malformed, key.name, key.type or key.length.
    Source: golang.org/x/mod/sumdb/note, NewSigner.
    """
    what = "signing key `PRIVATE+KEY+<name>+<8 hex digits>+<base64>`"
    if not text.startswith(_SKEY_PREFIX):
        raise _malformed(what)
    name, key_id, material = _split_key(text[len(_SKEY_PREFIX) :], what)
    return SigningKey(name, _key_type(material[0]), material[1:], key_id)


def _split_key(text: str, what: str) -> tuple[str, bytes, bytes]:
    """Split `<name>+<hex>+<base64>`; base64 may itself hold `+`, a name may not."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise _malformed(what)
    name, hex_id, encoded = parts
    try:
        key_id = bytes.fromhex(hex_id)
        material = decode_base64(encoded)
    except (ValueError, InputError) as err:
        raise _malformed(what) from err
    # bytes.fromhex also reads capitals and spaces: only the canonical spelling may pass.
    if len(key_id) != KEY_ID_BYTES or key_id.hex() != hex_id or not material:
        raise _malformed(what)
    return name, key_id, material


def _malformed(what: str) -> InputError:
    return InputError(
        "key.malformed",
        f"expected a {what}, got something else",
        hint="Copy the whole line, without spaces, quotes or line breaks.",
    )
