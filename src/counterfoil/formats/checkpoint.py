"""Read and write checkpoints: which log, how many entries, which root.

A checkpoint is the note text that a log signs; it is this system's block. This module refuses
extension lines: an ML-DSA-44 cosignature does not sign them and no monitor can audit them, so
whatever they said would look signed and not be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import (
    MAX_INT63,
    NOTE_MAX_BYTES,
    decode_base64,
    encode_base64,
    parse_decimal,
    parse_text,
)
from counterfoil.units import HASH_BYTES

__all__ = ["EMPTY_ROOT", "ORIGIN_MAX_BYTES", "Checkpoint", "format", "parse"]

ORIGIN_MAX_BYTES: Final = 255
"""Longest origin, bytes: an ML-DSA-44 cosignature holds it in opaque<1..2^8-1>."""

EMPTY_ROOT: Final = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
"""Root of the tree of size 0: SHA-256 of nothing (RFC 6962, 2.1)."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one log: its origin, its number of entries and its root.

    origin: 1-255 bytes of UTF-8 on one line. size: 0 to 2^63-1. root: 32 bytes, and SHA-256 of
    nothing when size is 0.
    Raises InputError with code checkpoint.origin, checkpoint.size or checkpoint.root.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        _check_origin(self.origin)
        if not 0 <= self.size <= MAX_INT63:
            raise _bad("checkpoint.size", f"a size from 0 to {MAX_INT63}", str(self.size))
        if len(self.root) != HASH_BYTES:
            raise _bad(
                "checkpoint.root", f"a root of {HASH_BYTES} bytes", f"{len(self.root)} bytes"
            )
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise _bad(
                "checkpoint.root", "the root of nothing (SHA-256 of no bytes) for size 0", "another"
            )


def parse(body: bytes) -> Checkpoint:
    """Read the text of a checkpoint: origin, size and root, each on its line.

    body: the note text, with its final newline, without signatures.
    Raises InputError with a code text.* or checkpoint.*; nothing else.
    Source: C2SP tlog-checkpoint, "Note text".
    """
    lines = parse_text(body, NOTE_MAX_BYTES, "checkpoint").split("\n")
    if len(lines) < 4 or lines[-1]:
        raise _bad(
            "checkpoint.lines", "three lines that each end in a newline", f"{len(lines) - 1} such"
        )
    if len(lines) > 4:
        raise InputError(
            "checkpoint.extension",
            f"expected origin, size and root only, got {len(lines) - 4} lines more",
            hint="Extension lines are not supported: no cosigner vouches for them.",
        )
    origin, size, root = lines[:3]
    try:
        number = parse_decimal(size)
    except InputError as err:
        raise _bad(
            "checkpoint.size", "a decimal size on line 2", f"not that: {err.message}"
        ) from err
    try:
        digest = decode_base64(root)
    except InputError as err:
        raise _bad(
            "checkpoint.root", "a base64 root on line 3", f"not that: {err.message}"
        ) from err
    return Checkpoint(origin, number, digest)


def format(checkpoint: Checkpoint) -> bytes:
    """Write the text of a checkpoint, the bytes that are signed; `parse` gives it back."""
    root = encode_base64(checkpoint.root)
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n".encode()


def _check_origin(origin: str) -> None:
    raw = origin.encode("utf-8", "surrogatepass")
    if not 1 <= len(raw) <= ORIGIN_MAX_BYTES or "\n" in origin:
        raise _bad(
            "checkpoint.origin",
            f"an origin of 1 to {ORIGIN_MAX_BYTES} bytes on one line",
            f"{len(raw)} bytes" + (" on several" if "\n" in origin else ""),
        )
    try:
        parse_text(raw, ORIGIN_MAX_BYTES, "origin")
    except InputError as err:
        raise _bad(
            "checkpoint.origin", "an origin of printable UTF-8", f"not that: {err.message}"
        ) from err


def _bad(code: str, expected: str, came: str) -> InputError:
    return InputError(
        code,
        f"expected {expected} in a checkpoint, got {came}",
        hint="Fetch the checkpoint again from its log.",
    )
