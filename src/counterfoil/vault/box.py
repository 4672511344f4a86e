"""Encrypt a group of fields, and open it again: AES-256-GCM, bound to whose and what it is.

This module refuses to open bytes that are not what the log committed to.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import json_text
from counterfoil.formats.sealed import (
    FIELDS_MAX,
    SALT_BYTES,
    Sealed,
    SealedField,
    field_leaf,
    format_plain,
    parse_plain,
)
from counterfoil.proofs.merkle import root_of
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["GROUP_MAX_BYTES", "KEY_BYTES", "encrypt", "keyed", "open_group", "salt_fields"]

KEY_BYTES: Final = 32
"""Length of each key, bytes."""

GROUP_MAX_BYTES: Final = 1 << 20
"""Largest group of sealed fields, bytes of their JSON text."""

_ENCODE: Final = msgspec.json.Encoder().encode
_NONCE_BYTES: Final = 12
_NAME_MAX: Final = 255


def salt_fields(fields: Mapping[str, Any]) -> list[SealedField]:
    """Give each field its salt, and its value the text that is hashed.

    Raises InputError with code person.fields, person.value or person.size; no message tells a
    value.
    """
    given: object = fields
    if not isinstance(given, Mapping) or not 0 < len(fields) <= FIELDS_MAX:
        raise InputError(
            "person.fields", f"expected 1 to {FIELDS_MAX} fields to seal, found none or more"
        )
    salts = os.urandom(SALT_BYTES * len(fields))
    found = [
        SealedField(_name(name), salts[at * SALT_BYTES : (at + 1) * SALT_BYTES], _text(name, value))
        for at, (name, value) in enumerate(fields.items())
    ]
    size = sum(len(field.text) for field in found)
    if size > GROUP_MAX_BYTES:
        raise InputError(
            "person.size",
            f"expected at most {GROUP_MAX_BYTES} bytes of fields in one group, found {size}",
            hint="Keep what is large elsewhere, encrypted, and seal its digest.",
        )
    return found


def _name(name: object) -> str:
    if isinstance(name, str) and 0 < len(name) <= _NAME_MAX and name.isprintable():
        return name
    raise InputError(
        "person.fields",
        f"expected names of 1 to {_NAME_MAX} printable characters, found {str(name)[:80]!a}",
    )


def _text(name: object, value: Any) -> bytes:
    kind = type(value)
    if (
        (kind is float and value - value == 0.0)
        or (kind is str and value.isascii())
        or (kind is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER)
    ):
        return _ENCODE(value)  # as `json_text.format` does: most values of most decisions
    try:
        return json_text.format(value)
    except CounterfoilError as err:  # its message may show the value
        raise InputError(
            "person.value",
            f"expected a JSON value to seal in {str(name)[:80]!a}, found one that is not "
            f"({err.code})",
            hint="NaN and infinity are none; write dates, bytes and large integers as text.",
        ) from None


def root_hex(fields: Sequence[SealedField]) -> str:
    """Compute the root over fields, 64 hexadecimal digits."""
    return root_of(map(field_leaf, fields)).hex()


def encrypt(
    cipher: AESGCM, origin: str, handle: str, data_class: str, fields: Sequence[SealedField]
) -> tuple[Sealed, bytes]:
    """Encrypt fields: what the log may know of them, and the sealed bytes."""
    root = root_hex(fields)
    nonce = os.urandom(_NONCE_BYTES)
    context = _context(origin, handle, data_class, root)
    data = nonce + cipher.encrypt(nonce, format_plain(fields), context)
    names = tuple(field.name for field in fields)
    return Sealed(handle, data_class, names, root, sha256(data).hexdigest()), data


def open_group(cipher: AESGCM, origin: str, sealed: Sealed, data: bytes) -> list[SealedField]:
    """Decrypt sealed bytes and check them against what the log says.

    Raises VerificationError with code sealed.damaged.
    """
    context = _context(origin, sealed.person, sealed.data_class, sealed.root)
    try:
        plain = cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], context)
        fields = parse_plain(plain, sealed.names)
    except (InvalidTag, ValueError, InputError):
        fields = []
    if not fields or root_hex(fields) != sealed.root:
        raise VerificationError(
            "sealed.damaged",
            f"expected sealed bytes {sealed.ciphertext[:16]} to open to what was recorded, "
            "found them changed",
            hint="Put vault.db back from a backup; the log's proofs are not affected.",
        )
    return fields


def keyed(key: bytes, *parts: bytes) -> bytes:
    """Hash parts under a key, 32 bytes: HMAC-SHA-256 over each part's length and bytes."""
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, text, "sha256")


def _context(origin: str, handle: str, data_class: str, root: str) -> bytes:
    return "\n".join(("counterfoil sealed v1", origin, handle, data_class, root)).encode()
