"""Commit to a person's fields without showing them: what a statement says of what is sealed.

The log holds a root over salted field leaves and the digest of the ciphertext; values and salts
are in the ciphertext, which dies with the person's key. This module refuses to encrypt, and to
make salts: `vault` does that.

Plain text of a group, before it is encrypted: for each field its 16-byte salt, in the order of
the names; then one JSON array of the values, each as the text that was hashed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.predicates.sealed import FIELDS_MAX, Handle, Sealed

__all__ = [
    "FIELDS_MAX",
    "SALT_BYTES",
    "Handle",
    "Sealed",
    "SealedField",
    "field_leaf",
    "format_plain",
    "parse_plain",
    "sealed_of",
]

SALT_BYTES: Final = 16
"""Length of a field's salt, bytes (128 bits)."""

_DOMAIN: Final = b"\x00counterfoil field v1\x00"
_VALUES: Final = msgspec.json.Decoder(list[msgspec.Raw])


_FIELDS: Final = frozenset(Sealed.__struct_fields__)


class SealedField(msgspec.Struct, frozen=True):
    """One field as it was sealed. salt: 16 bytes. text: JSON text of its value, as hashed."""

    name: str
    salt: bytes
    text: bytes


def sealed_of(predicate: Mapping[str, Any]) -> dict[str, list[Sealed]]:
    """Find the groups that a decoded predicate names: field -> groups.

    A group is known by its shape, as a field of the predicate or in an array there; what a
    record's content holds is its author's, and no group.
    """
    found: dict[str, list[Sealed]] = {}
    for name, value in predicate.items():
        items = value if isinstance(value, list) else [value]
        groups = [group for item in items if (group := _group(item)) is not None]
        if groups:
            found[name] = groups
    return found


def _group(item: Any) -> Sealed | None:
    if not isinstance(item, dict) or item.keys() != _FIELDS:
        return None
    try:
        return msgspec.convert(item, Sealed)
    except msgspec.ValidationError:
        return None


def field_leaf(field: SealedField) -> bytes:
    """Hash a field to its leaf, 32 bytes.

    SHA-256(0x00 || "counterfoil field v1" || 0x00 || salt || name || 0x00 || text). The leading
    0x00 is RFC 9162's leaf prefix; the rest keeps a field from being an entry or a row, and the
    0x00 after the name, which no name holds, keeps a letter from moving into the value.
    """
    return sha256(b"%s%s%s\0%s" % (_DOMAIN, field.salt, field.name.encode(), field.text)).digest()


def format_plain(fields: Sequence[SealedField]) -> bytes:
    """Lay fields out as the plain text that is encrypted."""
    salts = b"".join(field.salt for field in fields)
    return b"%s[%s]" % (salts, b",".join(field.text for field in fields))


def parse_plain(data: bytes, names: Sequence[str]) -> list[SealedField]:
    """Take the plain text of a group apart. Raises InputError with code sealed.malformed."""
    at = SALT_BYTES * len(names)
    try:
        values = _VALUES.decode(data[at:])
        salts = [data[i : i + SALT_BYTES] for i in range(0, at, SALT_BYTES)]
        return [
            SealedField(name, salt, bytes(value))
            for name, salt, value in zip(names, salts, values, strict=True)
        ]
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise InputError(
            "sealed.malformed", f"expected {len(names)} sealed fields, found other: {err}"
        ) from err
