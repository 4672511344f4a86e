"""Build the messages that cosigners sign, and read and write what they answer.

A cosignature says at which time (by the cosigner's clock) it had seen a log grow consistently up
to a checkpoint. This module refuses to sign, to verify and to judge times: it only lays out
bytes, and keeps the two kinds of message apart by their fixed first lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.formats.checkpoint import ORIGIN_MAX_BYTES
from counterfoil.formats.vkey import KEY_NAME_MAX_BYTES
from counterfoil.units import HASH_BYTES

__all__ = [
    "ED25519_SIGNATURE_BYTES",
    "MLDSA44_SIGNATURE_BYTES",
    "TimestampedSignature",
    "format",
    "message_ed25519",
    "message_mldsa44",
    "parse",
]

ED25519_SIGNATURE_BYTES: Final = 64
"""Length of an Ed25519 signature, bytes (RFC 8032)."""

MLDSA44_SIGNATURE_BYTES: Final = 2420
"""Length of an ML-DSA-44 signature, bytes (FIPS 204)."""

_LABEL_MLDSA44: Final = b"subtree/v1\n\x00"
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = (ED25519_SIGNATURE_BYTES, MLDSA44_SIGNATURE_BYTES)


@dataclass(frozen=True, slots=True)
class TimestampedSignature:
    """A signature with the time that it covers.

    time_s: POSIX seconds, 0 to 2^63-1, by the cosigner's clock. signature: 64 bytes (Ed25519)
    or 2420 bytes (ML-DSA-44).
    Raises InputError with code cosignature.time or cosignature.length.
    """

    time_s: int
    signature: bytes

    def __post_init__(self) -> None:
        _check_range("cosignature.time", self.time_s)
        if len(self.signature) not in _SIGNATURE_BYTES:
            raise _bad(
                "cosignature.length", "a signature of 64 or 2420 bytes", f"{len(self.signature)}"
            )


def parse(data: bytes) -> TimestampedSignature:
    """Read the signature part of a cosignature line: u64 time, then 64 or 2420 bytes.

    Raises InputError with code cosignature.length or cosignature.time; nothing else.
    Source: C2SP tlog-cosignature, "Format".
    """
    if len(data) - _TIME_BYTES not in _SIGNATURE_BYTES:
        raise _bad(
            "cosignature.length",
            "8 bytes of time and a signature of 64 or 2420",
            f"{len(data)} bytes",
        )
    return TimestampedSignature(int.from_bytes(data[:_TIME_BYTES], "big"), data[_TIME_BYTES:])


def format(signature: TimestampedSignature) -> bytes:
    """Write a timestamped signature, 72 or 2428 bytes; `parse` gives it back."""
    return signature.time_s.to_bytes(_TIME_BYTES, "big") + signature.signature


def message_ed25519(time_s: int, body: bytes) -> bytes:
    """Build the message of a cosignature/v1 over the whole text of a checkpoint.

    time_s: POSIX seconds, 0 to 2^63-1. body: the note text, with its final newline.
    Raises InputError with code cosignature.time.
    Source: C2SP tlog-cosignature, "Ed25519 signed message".
    """
    _check_range("cosignature.time", time_s)
    return b"cosignature/v1\ntime %d\n%b" % (time_s, body)


def message_mldsa44(
    name: str, time_s: int, origin: str, start: int, end: int, root: bytes
) -> bytes:
    """Build the message of an ML-DSA-44 cosignature over the subtree [start, end).

    name: the cosigner's key name, 1-255 bytes. origin: of the log, 1-255 bytes. root: 32 bytes.
    A checkpoint has start 0 and end = its size. time_s is POSIX seconds, or 0 when the cosigner
    does not say that this is the largest tree it has seen, as it must be when start is not 0.
    Raises InputError with code cosignature.name, .origin, .time, .range or .root.
    Source: C2SP tlog-cosignature, "ML-DSA-44 signed message".
    """
    _check_range("cosignature.time", time_s)
    _check_range("cosignature.range", start)
    _check_range("cosignature.range", end)
    if start > end:
        raise _bad(
            "cosignature.range", "a subtree whose start is at most its end", f"[{start}, {end})"
        )
    if start and time_s:
        raise _bad("cosignature.time", "time 0 for a subtree that does not start at 0", str(time_s))
    if len(root) != HASH_BYTES:
        raise _bad("cosignature.root", f"a root of {HASH_BYTES} bytes", f"{len(root)}")
    return b"".join(
        (
            _LABEL_MLDSA44,
            _vector("cosignature.name", name, KEY_NAME_MAX_BYTES),
            time_s.to_bytes(8, "big"),
            _vector("cosignature.origin", origin, ORIGIN_MAX_BYTES),
            start.to_bytes(8, "big"),
            end.to_bytes(8, "big"),
            root,
        )
    )


def _vector(code: str, text: str, maximum: int) -> bytes:
    """Encode opaque<1..2^8-1> (RFC 8446, 3.4)."""
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as err:
        raise _bad(code, "a name in UTF-8", "a lone surrogate") from err
    if not 1 <= len(raw) <= maximum:
        raise _bad(code, f"a name of 1 to {maximum} bytes", f"{len(raw)}")
    return bytes([len(raw)]) + raw


def _check_range(code: str, value: int) -> None:
    if not 0 <= value <= MAX_INT63:
        raise _bad(code, f"a number from 0 to {MAX_INT63}", str(value))


def _bad(code: str, expected: str, came: str) -> InputError:
    return InputError(
        code,
        f"expected {expected} in a cosignature, got {came}",
        hint="Ask the cosigner for a new cosignature.",
    )
