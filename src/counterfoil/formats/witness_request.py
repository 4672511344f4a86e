"""Read and write the body of `add-checkpoint`: what a log sends to a witness.

An old size, the hashes that prove growth from it, and the signed checkpoint, untouched. Strangers
send these bytes: there is one spelling of each request and everything else is refused. This module
refuses to look into the checkpoint's text and to verify; `proofs.witness` does.
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

__all__ = ["PROOF_MAX", "REQUEST_MAX_BYTES", "AddCheckpoint", "format", "parse"]

PROOF_MAX: Final = 63
"""Most hashes of a consistency proof (C2SP tlog-witness, "add-checkpoint")."""

REQUEST_MAX_BYTES: Final = NOTE_MAX_BYTES + 8192
"""Largest request that can be read, bytes; who serves strangers allows less."""

_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """Asks a witness to cosign a checkpoint.

    old_size: 0 to 2^63-1, the size that the witness is thought to have cosigned last. proof: up
    to 63 hashes of 32 bytes, from old_size to the checkpoint's. checkpoint: a signed note,
    verbatim.
    Raises InputError with a code witness.request-*, or those of `note.parse` for the checkpoint.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= MAX_INT63:
            expected = f"an old size from 0 to {MAX_INT63}"
            raise _bad("witness.request-old", expected, str(self.old_size))
        if len(self.proof) > PROOF_MAX:
            raise _bad("witness.request-proof", f"at most {PROOF_MAX} hashes", f"{len(self.proof)}")
        if any(len(digest) != HASH_BYTES for digest in self.proof):
            raise _bad("witness.request-proof", f"hashes of {HASH_BYTES} bytes", "others")
        note.parse(self.checkpoint)


def parse(body: bytes) -> AddCheckpoint:
    """Read the body of a request: old size, proof, blank line, checkpoint.

    Raises InputError with a code text.*, witness.request-*, note.* or key.name; nothing else.
    Source: C2SP tlog-witness, "add-checkpoint".
    """
    if len(body) > REQUEST_MAX_BYTES:
        expected = f"at most {REQUEST_MAX_BYTES} bytes"
        raise _bad("witness.request-too-long", expected, f"{len(body)}")
    head, blank, checkpoint = body.partition(b"\n\n")
    if not blank:
        raise _bad("witness.request-lines", "a blank line before the checkpoint", "none")
    lines = parse_text(head, REQUEST_MAX_BYTES, "request").split("\n")
    first = lines.pop(0)
    if not first.startswith(_OLD):
        raise _bad("witness.request-old", "`old <size>` on the first line", "another line")
    try:
        old_size = parse_decimal(first[len(_OLD) :])
    except InputError as err:
        raise _bad(
            "witness.request-old", "a decimal size after `old`", f"not that: {err.message}"
        ) from err
    if len(lines) > PROOF_MAX:
        raise _bad("witness.request-proof", f"at most {PROOF_MAX} hashes", f"{len(lines)}")
    return AddCheckpoint(old_size, tuple(map(_digest, lines)), checkpoint)


def format(request: AddCheckpoint) -> bytes:
    """Write the body of a request; `parse` gives the same request back.

    Source: C2SP tlog-witness, "add-checkpoint".
    """
    lines = [f"{_OLD}{request.old_size}", *map(encode_base64, request.proof), "", ""]
    return "\n".join(lines).encode("ascii") + request.checkpoint


def _digest(line: str) -> bytes:
    try:
        return decode_base64(line)
    except InputError as err:
        raise _bad("witness.request-proof", "canonical base64", f"not that: {err.message}") from err


def _bad(code: str, expected: str, came: str) -> InputError:
    return InputError(
        code,
        f"expected {expected} in a request to a witness, got {came}",
        hint="See C2SP tlog-witness for the form of a request.",
    )
