"""Lay many rows out so that each can be proven, disclosed and erased on its own.

A row's leaf is salted: a sibling hash must not be a dictionary of likely rows. The rows lie in a
file beside the log; the log holds the root. This module refuses to make salts: they are arguments.

Row file: for each row a 4-byte big-endian length, a 16-byte salt and the row's JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from counterfoil.errors import InputError

__all__ = ["ROW_MAX_BYTES", "SALT_BYTES", "Row", "format_rows", "parse_rows", "row_leaf"]

SALT_BYTES: Final = 16
"""Length of a row's salt, bytes (128 bits)."""

ROW_MAX_BYTES: Final = 1 << 20
"""Largest row, bytes."""

Row = tuple[bytes, bytes]
"""(salt, JSON text)."""

_DOMAIN: Final = b"\x00counterfoil row v1\x00"


def row_leaf(salt: bytes, content: bytes) -> bytes:
    """Hash a row to its leaf: SHA-256(0x00 || "counterfoil row v1" || 0x00 || salt || content).

    salt: 16 bytes. content: a JSON object's text. Returns 32 bytes.
    The leading 0x00 is RFC 9162's leaf prefix; the rest keeps a row from being an entry.
    """
    return sha256(_DOMAIN + salt + content).digest()


def format_rows(rows: Iterable[Row]) -> bytes:
    """Format a row file. Raises InputError with code block.row."""
    parts: list[bytes] = []
    for salt, content in rows:
        if len(salt) != SALT_BYTES or not 0 < len(content) <= ROW_MAX_BYTES:
            raise InputError(
                "block.row",
                f"expected a salt of {SALT_BYTES} bytes and a row of 1 to {ROW_MAX_BYTES} bytes, "
                f"found {len(salt)} and {len(content)}",
            )
        parts += (len(content).to_bytes(4, "big"), salt, content)
    return b"".join(parts)


def parse_rows(data: bytes) -> Iterator[Row]:
    """Parse a row file, row by row. Raises InputError with code block.malformed."""
    at, end = 0, len(data)
    while at < end:
        length = int.from_bytes(data[at : at + 4], "big")
        start = at + 4 + SALT_BYTES
        if not 0 < length <= ROW_MAX_BYTES or start + length > end:
            raise InputError("block.malformed", f"expected a row at byte {at}, found none whole")
        yield data[at + 4 : start], data[start : start + length]
        at = start + length
