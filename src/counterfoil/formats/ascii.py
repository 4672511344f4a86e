"""Read and write the small pieces that every text format here is made of.

Base64, decimal numbers and checked UTF-8 text stand in checkpoints, notes, keys and proofs that
are hashed, signed and compared as bytes; two spellings of one value would be two records. So
this module refuses every spelling but one: what `format` would have written. No error message
repeats the text it refuses, because that text may be a secret key.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import Final

from counterfoil.errors import InputError

__all__ = [
    "MAX_INT63",
    "NOTE_MAX_BYTES",
    "decode_base64",
    "encode_base64",
    "parse_decimal",
    "parse_text",
]

MAX_INT63: Final = 2**63 - 1
"""Largest tree size, index and time: a signed 64-bit integer (C2SP tlog-cosignature)."""

NOTE_MAX_BYTES: Final = 1_048_576
"""Largest signed note, and so the largest checkpoint, bytes (C2SP signed-note asks for a limit)."""

_CONTROL: Final = re.compile(rb"[\x00-\x09\x0b-\x1f]")


def encode_base64(data: bytes) -> str:
    """Write `data` in standard base64 with padding, on one line.

    Source: RFC 4648, section 4.
    """
    return b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str | bytes) -> bytes:
    """Read standard base64 in its one canonical spelling.

    text: ASCII, padded, no white space, unused bits zero; empty text is empty bytes.
    Raises InputError with code base64.malformed or base64.not-canonical.
    Source: RFC 4648, sections 3.5 and 4.
    """
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        data = a2b_base64(raw, strict_mode=True)
    except ValueError as err:
        raise InputError(
            "base64.malformed",
            f"expected standard base64 with padding, got {len(raw)} bytes that are not",
            hint="Use the alphabet A-Z a-z 0-9 + / and pad with =; no spaces, no line breaks.",
        ) from err
    # A decoder ignores the unused bits of the last character (RFC 4648, 3.5): without this line
    # one signature would have several spellings, and each would look like a new record.
    if b2a_base64(data, newline=False) != raw:
        raise InputError(
            "base64.not-canonical",
            "expected canonical base64, got another spelling of the same bytes",
            hint="Encode the bytes again with a standard encoder; the unused last bits must be 0.",
        )
    return data


def parse_decimal(text: str | bytes, maximum: int = MAX_INT63) -> int:
    """Read a decimal number: digits only, no sign, no leading zero, at most `maximum`.

    Raises InputError with code decimal.malformed or decimal.too-large.
    Source: C2SP tlog-checkpoint, "Note text".
    """
    # isascii first: str.isdigit alone accepts the digits of every script.
    if not (text.isascii() and text.isdigit()):
        raise InputError(
            "decimal.malformed",
            f"expected decimal digits only, got {len(text)} characters that are not",
            hint="Write the number with the digits 0-9, without sign, space or separator.",
        )
    zero = "0" if isinstance(text, str) else b"0"
    if len(text) > 1 and text[:1] == zero:
        raise InputError(
            "decimal.malformed",
            "expected a number without leading zeros, got one that starts with 0",
            hint="Remove the leading zeros.",
        )
    # The length is compared first, so that a megabyte of digits is never converted.
    if len(text) > len(str(maximum)) or (value := int(text)) > maximum:
        raise InputError(
            "decimal.too-large",
            f"expected a number up to {maximum}, got a larger one of {len(text)} digits",
            hint=f"The largest number allowed here is {maximum}.",
        )
    return value


def parse_text(data: bytes, maximum_bytes: int, what: str) -> str:
    """Decode UTF-8 text that holds no ASCII control character but newline.

    what: the name of the thing in error messages, for example `note`.
    Raises InputError with code text.too-long, text.control-character or text.not-utf8.
    Source: C2SP signed-note, "Format".
    """
    if len(data) > maximum_bytes:
        raise InputError(
            "text.too-long",
            f"expected a {what} of at most {maximum_bytes} bytes, got {len(data)}",
            hint="Check that this is the right file.",
        )
    if match := _CONTROL.search(data):
        raise InputError(
            "text.control-character",
            f"expected a {what} without control characters, "
            f"got 0x{data[match.start()]:02x} at byte {match.start()}",
            hint="Lines end in a single newline (0x0a): no carriage returns, tabs or NUL.",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as err:
        raise InputError(
            "text.not-utf8",
            f"expected a {what} in UTF-8, got other bytes at byte {err.start}",
            hint="Save the file as UTF-8, or fetch it again as binary.",
        ) from err
