"""Compute Keccak-256, the EVM's hash, so that a verdict can be checked with nothing installed.

Not SHA3-256: that pads otherwise. `hashlib` has only the latter. About 0.2 ms a block of 136 bytes;
whoever hashes much takes the `chain` extra's. This module refuses to hash streams.
Source: Keccak reference 3.0, 1.2 and 1.3; FIPS 202, 3.2 for the permutation's steps.
"""

from __future__ import annotations

from typing import Final

__all__ = ["keccak256"]

_RATE: Final = 136
_MASK: Final = (1 << 64) - 1


def keccak256(data: bytes) -> bytes:
    """Hash bytes of any length to 32.

    >>> keccak256(b"").hex()[:16]
    'c5d2460186f7233c'
    """
    padded = bytearray(data + b"\x01" + b"\0" * (-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for at in range(_RATE // 8):
            lanes[at] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(a: list[int]) -> list[int]:
    """Keccak-f[1600]; lane (x, y) stands at x + 5 y."""
    for constant in _ROUNDS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ _turned(c[(x + 1) % 5], 1) for x in range(5)]
        b = [0] * 25
        for x in range(5):
            for y in range(5):
                turned = _turned(a[x + 5 * y] ^ d[x], _TURNS[x + 5 * y])
                b[y + 5 * ((2 * x + 3 * y) % 5)] = turned
        a = [
            b[x + 5 * y] ^ (~b[(x + 1) % 5 + 5 * y] & _MASK & b[(x + 2) % 5 + 5 * y])
            for y in range(5)
            for x in range(5)
        ]
        a[0] ^= constant
    return a


def _turned(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK


def _offsets() -> list[int]:
    """Compute by how much each lane is turned (FIPS 202, algorithm 2)."""
    turns = [0] * 25
    x, y = 1, 0
    for step in range(24):
        turns[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return turns


def _constants() -> list[int]:
    """Compute the rounds' constants from their shift register (FIPS 202, algorithm 5)."""
    found, register = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            constant |= (register & 1) << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        found.append(constant)
    return found


_TURNS: Final = _offsets()
_ROUNDS: Final = _constants()
