"""Name the integers and byte strings that cross floors, and the limits that every parser shares.

An index is not a size and a digest is not a payload; mypy keeps them apart and nothing is paid
at run time. This module refuses to hold behaviour.
"""

from __future__ import annotations

from typing import Final, NewType

__all__ = [
    "ENTRY_MAX_BYTES",
    "HASH_BYTES",
    "MAX_SAFE_INTEGER",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Digest",
    "Index",
    "TreeSize",
]

Index = NewType("Index", int)
"""Zero-based position of an entry in a log; 0 <= index < size."""

TreeSize = NewType("TreeSize", int)
"""Number of entries of a log; 0 is the empty log."""

Digest = NewType("Digest", bytes)
"""A SHA-256 digest, 32 bytes."""

HASH_BYTES: Final = 32
"""Length of a SHA-256 digest, bytes."""

TILE_HEIGHT: Final = 8
"""Tree levels that one tile holds (C2SP tlog-tiles)."""

TILE_WIDTH: Final = 256
"""Hashes in a full tile and entries in a full bundle (C2SP tlog-tiles)."""

ENTRY_MAX_BYTES: Final = 65_535
"""Largest entry, bytes: its length is a uint16 in an entry bundle (C2SP tlog-tiles)."""

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8785, appendix D; RFC 7493, 2.2)."""
