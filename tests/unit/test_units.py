"""The limits that every parser shares are those of the formats that they come from."""

from __future__ import annotations

from hashlib import sha256

from counterfoil import units
from counterfoil.units import Digest, Index, TreeSize


def test_limits() -> None:
    """An entry's length fits in 16 bits, a safe integer in a double, and a tile is 2^8 wide."""
    assert units.ENTRY_MAX_BYTES == (1 << 16) - 1
    assert float(units.MAX_SAFE_INTEGER) + 1 == float(units.MAX_SAFE_INTEGER + 1)
    assert float(units.MAX_SAFE_INTEGER + 2) == float(units.MAX_SAFE_INTEGER + 1)
    assert 1 << units.TILE_HEIGHT == units.TILE_WIDTH == 256
    assert len(Digest(sha256().digest())) == units.HASH_BYTES
    assert Index(3) < TreeSize(4)
