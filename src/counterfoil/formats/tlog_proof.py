"""Read and write `.tlog-proof` files: an index, an inclusion path and a signed checkpoint.

This is the form of a receipt that other C2SP tools read. The file does not hold the entry, and
nothing in it is trusted by being there. This module refuses to verify; it checks form only, and
leaves the checkpoint as the bytes that came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats import note
from counterfoil.formats.ascii import (
    MAX_INT63,
    NOTE_MAX_BYTES,
    decode_base64,
    encode_base64,
    parse_decimal,
    parse_text,
)
from counterfoil.units import HASH_BYTES

__all__ = ["EXTENSION", "EXTRA_MAX_BYTES", "PATH_MAX", "TlogProof", "format", "parse"]

EXTENSION: Final = ".tlog-proof"
"""File extension of a proof."""

PATH_MAX: Final = 63
"""Most hashes of an inclusion path: the height of a tree of 2^63-1 entries."""

EXTRA_MAX_BYTES: Final = 1_048_576
"""Most extra data, bytes; the specification sets no limit, so this is ours."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_PROOF_MAX_BYTES: Final = NOTE_MAX_BYTES + EXTRA_MAX_BYTES * 4 // 3 + 8192


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof that an entry stands at `index` of the log whose checkpoint is enclosed.

    index: 0 to 2^63-1. path: up to 63 hashes of 32 bytes, the leaf's sibling first.
    checkpoint: a signed note, verbatim. extra: 1 byte to 1 MiB that nobody signed, or None.
    Raises InputError with a code proof.*, or those of `note.parse` for the checkpoint.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_INT63:
            raise _bad("proof.index", f"an index from 0 to {MAX_INT63}", str(self.index))
        if len(self.path) > PATH_MAX:
            raise _bad("proof.path", f"at most {PATH_MAX} hashes", f"{len(self.path)}")
        if any(len(digest) != HASH_BYTES for digest in self.path):
            raise _bad("proof.path", f"hashes of {HASH_BYTES} bytes", "others")
        if self.extra is not None and not 1 <= len(self.extra) <= EXTRA_MAX_BYTES:
            came = f"{len(self.extra)} bytes"
            raise _bad("proof.extra", f"1 to {EXTRA_MAX_BYTES} bytes of extra data, or None", came)
        note.parse(self.checkpoint)


def parse(data: bytes) -> TlogProof:
    """Read a `.tlog-proof` file.

    Raises InputError with a code text.*, proof.*, note.* or key.name; nothing else.
    Source: C2SP tlog-proof, "Format".
    """
    if len(data) > _PROOF_MAX_BYTES:
        raise _bad("proof.too-long", f"at most {_PROOF_MAX_BYTES} bytes", f"{len(data)}")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise _bad("proof.lines", "a blank line before the checkpoint", "none")
    lines = parse_text(head, _PROOF_MAX_BYTES, "proof").split("\n")
    if lines.pop(0) != _HEADER:
        raise _bad("proof.header", f"`{_HEADER}` on the first line", "another line")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _base64("proof.extra", lines.pop(0)[6:])
    if not lines or not lines[0].startswith("index "):
        raise _bad("proof.index", "`index <number>` on the next line", "another line")
    try:
        index = parse_decimal(lines.pop(0)[6:])
    except InputError as err:
        raise _bad("proof.index", "a decimal index", f"not that: {err.message}") from err
    if len(lines) > PATH_MAX:
        raise _bad("proof.path", f"at most {PATH_MAX} hashes", f"{len(lines)}")
    path = tuple(_base64("proof.path", line) for line in lines)
    return TlogProof(index, path, checkpoint, extra)


def format(proof: TlogProof) -> bytes:
    """Write a `.tlog-proof` file; `parse` gives the same proof back.

    Source: C2SP tlog-proof, "Format".
    """
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines.extend(map(encode_base64, proof.path))
    return "\n".join([*lines, "", ""]).encode("ascii") + proof.checkpoint


def _base64(code: str, text: str) -> bytes:
    try:
        return decode_base64(text)
    except InputError as err:
        raise _bad(code, "canonical base64", f"not that: {err.message}") from err


def _bad(code: str, expected: str, came: str) -> InputError:
    return InputError(
        code,
        f"expected {expected} in a tlog-proof, got {came}",
        hint="Fetch or export the proof again; every byte of it counts.",
    )
