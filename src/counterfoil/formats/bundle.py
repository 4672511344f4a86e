"""Read and write entry bundles: up to 256 log entries, one after the other.

A bundle holds the entries whose leaf hashes stand in the level-0 tile of the same index. This
module refuses to look inside an entry and refuses a bundle that is empty, cut short or longer
than 256 entries; its loop is tight, because audits and rebuilds pass every entry through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from counterfoil.errors import InputError
from counterfoil.units import ENTRY_MAX_BYTES, TILE_WIDTH

__all__ = ["BUNDLE_MAX_BYTES", "format", "parse"]

BUNDLE_MAX_BYTES: Final = TILE_WIDTH * (2 + ENTRY_MAX_BYTES)
"""Longest entry bundle, bytes; stop reading a download there."""


def parse(data: bytes) -> list[bytes]:
    """Split an entry bundle into its 1 to 256 entries, each of 0 to 65535 bytes.

    Raises InputError with code bundle.empty, bundle.cut or bundle.too-many; nothing else.
    Source: C2SP tlog-tiles, "Log entries".
    """
    length = len(data)
    entries: list[bytes] = []
    add = entries.append
    end = 0
    try:
        # 256 rounds at most: a gigabyte of zeros is not a billion empty entries.
        for _ in range(TILE_WIDTH):
            start = end + 2
            end = start + (data[end] << 8 | data[end + 1])
            add(data[start:end])
            if end >= length:
                break
    except IndexError:
        end = length + 1
    if end != length:
        raise _bad(length, end)
    return entries


def format(entries: Sequence[bytes]) -> bytes:
    """Join 1 to 256 entries into a bundle; `parse` gives them back.

    Raises InputError with code bundle.empty, bundle.too-many or bundle.entry-too-long.
    Source: C2SP tlog-tiles, "Log entries".
    """
    if not entries:
        raise _bad(0, 0)
    if len(entries) > TILE_WIDTH:
        raise _too_many(len(entries))
    try:
        return b"".join(
            part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)
        )
    except OverflowError as err:
        longest = max(map(len, entries))
        raise InputError(
            "bundle.entry-too-long",
            f"expected entries of at most {ENTRY_MAX_BYTES} bytes, got one of {longest}",
            hint="Store the payload beside the log and record its digest.",
        ) from err


def _bad(length: int, end: int) -> InputError:
    """Say why a bundle of `length` bytes, read up to `end`, was refused."""
    if length == 0:
        return InputError(
            "bundle.empty",
            "expected a bundle of 1 to 256 entries, got none",
            hint="Empty bundles are never published: ask for a bundle within the tree's size.",
        )
    if end > length:
        return InputError(
            "bundle.cut",
            f"expected whole entries, got {length} bytes that end inside one",
            hint="The download or the file was cut short: fetch it again.",
        )
    return _too_many(TILE_WIDTH + 1)


def _too_many(count: int) -> InputError:
    return InputError(
        "bundle.too-many",
        f"expected at most {TILE_WIDTH} entries in a bundle, got {count} or more",
        hint="A bundle holds the entries of one tile: start the next bundle.",
    )
