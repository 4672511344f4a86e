"""Read and check a published log from its files alone, straight from C2SP tlog-tiles.

Independent of the code under test: it imports nothing of Counterfoil.
Source: C2SP tlog-tiles, "Merkle Tree", "Partial Tiles", "Log entries"; RFC 6962, 2.1.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256

from tests.rfc6962 import mth

__all__ = ["read_log", "tile_name"]

Get = Callable[[str], bytes | None]
"""Fetches a file of the log by its path; None when it is not there."""


def tile_name(level: int | str, number: int, width: int = 256) -> str:
    """`/tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last with an x."""
    groups = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03d}")
    suffix = "" if width == 256 else f".p/{width}"
    return f"tile/{level}/{'/'.join(groups)}{suffix}"


def read_log(get: Get) -> list[bytes]:
    """Check every tile and bundle of a published log, and return its entries.

    Raises AssertionError at the first that is missing, of another length or of other content.
    """
    signed = get("checkpoint")
    assert signed is not None, "no checkpoint"
    _, size_line, root_line = signed.split(b"\n\n")[0].decode().split("\n")
    size, root = int(size_line), base64.b64decode(root_line, validate=True)
    entries: list[bytes] = []
    level, hashes = 0, size
    below: list[bytes] = []  # the hashes of all full tiles of the level below
    while hashes:
        row: list[bytes] = []
        for number in range(-(-hashes // 256)):
            width = min(256, hashes - 256 * number)
            row += _tile(get, level, number, width)
            if level == 0:
                entries += _bundle(get, number, width)
        assert len(row) == hashes
        if level == 0:
            assert row == [sha256(b"\x00" + entry).digest() for entry in entries], "leaves"
        else:
            assert row == below, f"level {level}"
        below = [_root_of(row[at : at + 256]) for at in range(0, hashes - hashes % 256, 256)]
        level, hashes = level + 1, hashes // 256
    assert len(entries) == size
    assert mth(entries) == root, "root"
    return entries


def _tile(get: Get, level: int, number: int, width: int) -> list[bytes]:
    data = _fetch(get, level, number, width)
    assert len(data) % 32 == 0
    assert len(data) >= 32 * width
    return [data[32 * k : 32 * k + 32] for k in range(width)]


def _bundle(get: Get, number: int, width: int) -> list[bytes]:
    data = _fetch(get, "entries", number, width)
    entries: list[bytes] = []
    while data and len(entries) < width:
        length = int.from_bytes(data[:2], "big")
        assert len(data) >= 2 + length, "a cut bundle"
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    assert len(entries) == width, f"bundle {number}"
    return entries


def _fetch(get: Get, level: int | str, number: int, width: int) -> bytes:
    """The partial tile, or the full one that has replaced it."""
    data = get(tile_name(level, number, width))
    if data is None:
        data = get(tile_name(level, number))
    assert data is not None, f"no {tile_name(level, number, width)}"
    return data


def _root_of(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    half = len(hashes) // 2  # 256 is a power of two: halves are RFC 6962's split
    return sha256(b"\x01" + _root_of(hashes[:half]) + _root_of(hashes[half:])).digest()
