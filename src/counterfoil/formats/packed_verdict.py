"""Write and read a verdict together with where it stands in an anchored log: what a gate is given.

Size, time and index, 8 bytes each, and the number of hashes in the path, 1 byte; the path; the
entry. No byte is without meaning: the former are held against the anchored root, and the entry is
its leaf. This module refuses to hold them; `proofs.gate` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats import verdict
from counterfoil.formats.verdict import SIGNATURE_MAX_BYTES, WORDS_BYTES

__all__ = [
    "HEAD_BYTES",
    "PACKED_MAX_BYTES",
    "PATH_MAX",
    "PackedVerdict",
    "format",
    "parse",
]

PATH_MAX: Final = 63
"""Most hashes in an inclusion path; sizes are below 2^63."""

HEAD_BYTES: Final = 25
"""Bytes before the path."""

PACKED_MAX_BYTES: Final = HEAD_BYTES + 32 * PATH_MAX + WORDS_BYTES + SIGNATURE_MAX_BYTES
"""Longest packed verdict, 3,737 bytes; contracts reserve 4,096."""


@dataclass(frozen=True, slots=True)
class PackedVerdict:
    """A verdict's entry and where it stands.

    size, time: of the anchored root, leaves and POSIX seconds. index: of the entry's leaf. path:
    up to 63 hashes, from the leaf up (RFC 9162, 2.1.3.1). entry: as `verdict.format` gives it.
    """

    size: int
    time: int
    index: int
    path: Sequence[bytes]
    entry: bytes


def format(packed: PackedVerdict) -> bytes:
    """Write a verdict with where it stands.

    Raises InputError with code verdict.place, or as `verdict.parse` of its entry does.
    """
    verdict.parse(packed.entry)
    numbers = (packed.size, packed.time, packed.index)
    if any(not 0 <= number < 1 << 64 for number in numbers):
        raise InputError("verdict.place", f"expected numbers of 64 bits, found {numbers}")
    if len(packed.path) > PATH_MAX or any(len(node) != 32 for node in packed.path):
        raise InputError(
            "verdict.place", f"expected at most {PATH_MAX} hashes, found {len(packed.path)}"
        )
    head = b"".join(number.to_bytes(8, "big") for number in numbers) + bytes([len(packed.path)])
    return head + b"".join(packed.path) + packed.entry


def parse(data: bytes) -> PackedVerdict:
    """Read a verdict with where it stands.

    Raises InputError with code verdict.packed, or as `verdict.parse` of its entry does.
    """
    count = data[HEAD_BYTES - 1] if len(data) >= HEAD_BYTES else 0
    begin = HEAD_BYTES + 32 * count
    longest = begin + WORDS_BYTES + SIGNATURE_MAX_BYTES
    if count > PATH_MAX or not begin + WORDS_BYTES <= len(data) <= longest:
        raise InputError(
            "verdict.packed", f"expected a packed verdict, found {len(data)} bytes of another form"
        )
    entry = data[begin:]
    verdict.parse(entry)
    size, time, index = (int.from_bytes(data[at : at + 8], "big") for at in (0, 8, 16))
    path = tuple(data[at : at + 32] for at in range(HEAD_BYTES, begin, 32))
    return PackedVerdict(size, time, index, path, entry)
