"""A receipt: all that an offline verifier needs to prove one record, as one JSON document.

It carries evidence and claims, never trust: whose keys count is for the reader's policy. This
module refuses to verify: `proofs.verify` does.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.units import ENTRY_MAX_BYTES, MAX_SAFE_INTEGER

__all__ = [
    "KEYS_MAX",
    "RECEIPT_MAX_BYTES",
    "RECEIPT_TYPE",
    "Address",
    "AnchorClaim",
    "BatchProof",
    "ChainId",
    "EntryProof",
    "Receipt",
    "RowProof",
    "format",
    "parse",
]

RECEIPT_TYPE: Final = "https://counterfoil.dev/receipt/v1"
"""Value of a receipt's `type`."""

RECEIPT_MAX_BYTES: Final = 16 << 20
"""Largest receipt that is read, bytes."""

KEYS_MAX: Final = 1024
"""Most key statements in a receipt, and so in a log: a receipt carries them all."""

_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Path = Annotated[tuple[_Hash, ...], msgspec.Meta(max_length=63)]
_Index = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]

Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]
"""An account or contract of an EVM chain."""

ChainId = Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]
"""An EVM chain's id (EIP-155)."""


class EntryProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the log and its inclusion path under the receipt's checkpoint.

    index: from 0. entry: 1 to 65,535 bytes. path: leaf's sibling first, 32 bytes each.
    """

    index: _Index
    entry: Annotated[bytes, msgspec.Meta(min_length=1, max_length=ENTRY_MAX_BYTES)]
    path: _Path


class BatchProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The batch signature that covers a record without one of its own.

    signature: the batch's entry. path: the record's path in the batch's tree.
    """

    signature: EntryProof
    path: _Path


class RowProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of a block. row: its number, from 0. content: its JSON text, as hashed."""

    row: _Index
    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    content: str
    path: _Path


class AnchorClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that the checkpoint was anchored; a claim until a chain is asked.

    contract, owner: 0x and 40 hexadecimal digits; owner is who registered the log there, and part
    of its id. transaction: 0x and 64. time_s: of the block, Unix time.
    """

    chain_id: ChainId
    contract: Address
    owner: Address
    transaction: Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{64}\Z")]
    block: _Index
    time_s: _Index


class Receipt(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
    tag=RECEIPT_TYPE,
):
    """A record's receipt.

    checkpoint: the signed note, verbatim. record: the record's entry. keys: the entries that
    brought the signing key into force (and ended it), oldest first. batch: where a batch signs
    the record. row: one row, where the record is a block. content: large content that is kept
    beside the log, when disclosed. anchors: claims. issuer: the `issuer-key` statement that brought
    in the key of a statement in COSE.
    """

    checkpoint: str
    record: EntryProof
    keys: Annotated[tuple[EntryProof, ...], msgspec.Meta(min_length=1, max_length=KEYS_MAX)]
    batch: BatchProof | None = None
    row: RowProof | None = None
    content: str | None = None
    anchors: Annotated[tuple[AnchorClaim, ...], msgspec.Meta(max_length=64)] = ()
    issuer: EntryProof | None = None

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.formats.receipt_card import receipt_card

        return receipt_card(self)


_HINT: Final = "`counterfoil receipt get INDEX --ledger DIR --out FILE` writes one."
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Receipt).decode


def parse(data: bytes | str) -> Receipt:
    """Parse a receipt.

    data: JSON, at most 16 MiB; white space and the order of keys are free, each value has one
    spelling (canonical base64, no null for what is not there). Raises InputError with code
    receipt.malformed or receipt.size, or one of `json_text.parse`.
    """
    data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(data) > RECEIPT_MAX_BYTES:
        raise InputError(
            "receipt.size", f"expected at most {RECEIPT_MAX_BYTES} bytes, found {len(data)}"
        )
    document = json_text.parse(data)
    if not isinstance(document, dict) or document.get("type") != RECEIPT_TYPE:
        raise InputError(
            "receipt.malformed",
            f"expected a receipt of type {RECEIPT_TYPE}, found none",
            hint=_HINT,
        )
    try:
        receipt = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise InputError(
            "receipt.malformed", f"expected a receipt, found none: {err}", hint=_HINT
        ) from err
    # The decoder ignores the unused bits of the last base64 character: without this, a receipt
    # with another text would be the same receipt.
    if json_text.parse(_ENCODE(receipt)) != document:
        raise InputError(
            "receipt.malformed",
            "expected canonical base64 and no empty fields in a receipt, found another spelling",
            hint=_HINT,
        )
    return receipt


def format(receipt: Receipt) -> bytes:
    """Format a receipt as compact JSON with its type first; ends without a newline.

    Raises InputError with code receipt.malformed when a text of it is no Unicode.
    """
    try:
        return _ENCODE(receipt)
    except UnicodeEncodeError as err:
        raise InputError(
            "receipt.malformed", f"expected Unicode text in a receipt, found other: {err}"
        ) from err
