"""Changing one byte at a time."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["flipped", "flips"]


def flips(length: int, case: int, every: bool) -> Iterator[tuple[int, int]]:
    """Give (byte, mask) to change in `length` bytes: each byte, or for a sample each 32nd one.

    case: a number that moves the sample and the bit, so that many cases touch all of them.
    """
    for byte in range(length) if every else range(case * 7 % 32, length, 32):
        yield byte, 1 << (case + byte) % 8


def flipped(data: bytes, byte: int, mask: int) -> bytes:
    """Change the bits of `mask` in one byte of `data`."""
    return data[:byte] + bytes([data[byte] ^ mask]) + data[byte + 1 :]
