"""Sign many statements with one signature.

Signature checks are about nine tenths of a record's cost. A batch signature covers the envelopes
that stand right before it in the log, through the root of a tree over what each of them would
have signed. This module refuses to verify: `proofs.verify` does, and it checks that both entries
stand where they say.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.envelope import pae_of_statement
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = [
    "BATCH_PAYLOAD_TYPE",
    "MEMBERS_MAX",
    "Batch",
    "format",
    "member_hash",
    "parse",
]

BATCH_PAYLOAD_TYPE: Final = "application/vnd.counterfoil.batch+json"
"""Payload type of a batch signature's envelope."""

MEMBERS_MAX: Final = 1024
"""Most statements under one batch signature; bounds what a receipt must hash."""

_Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a batch signature signs.

    at_ms: when, by the signer's clock, Unix ms UTC. count: the number of envelopes right before
    this entry, 1 to 1024. nonce: 32 hexadecimal digits, new for each batch. origin: the log that
    it was made for, so that it cannot be replayed in another. root: 64 hexadecimal digits, the
    RFC 9162 root over the members' `member_hash`.
    """

    at_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
    count: Annotated[int, msgspec.Meta(ge=1, le=MEMBERS_MAX)]
    nonce: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    origin: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    root: _Hex32


_DECODE: Final = msgspec.json.Decoder(Batch).decode
_ENCODE: Final = msgspec.json.Encoder().encode


def member_hash(payload: bytes) -> bytes:
    """Hash a member's statement to its leaf in the batch's tree: SHA-256(0x00 || PAE), 32 bytes."""
    return sha256(b"\x00" + pae_of_statement(payload)).digest()


def parse(payload: bytes) -> Batch:
    """Parse the payload of a batch signature, which must be in its one canonical form.

    Raises InputError with code batch.malformed.
    """
    try:
        batch = _DECODE(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError("batch.malformed", f"expected a batch, found none: {err}") from err
    if _ENCODE(batch) != payload:
        raise InputError(
            "batch.malformed", "expected a batch in its one canonical form, found another"
        )
    return batch


def format(batch: Batch) -> bytes:
    """Format a batch in its canonical form. Raises InputError with code batch.malformed."""
    try:
        payload = _ENCODE(batch)
    except UnicodeEncodeError as err:
        raise InputError(
            "batch.malformed", f"expected Unicode text in a batch, found other: {err}"
        ) from err
    parse(payload)
    return payload
