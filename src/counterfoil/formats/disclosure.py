"""One sealed field, shown to one reader: its value, its salt, and the receipt that proves both.

Nothing else of the record is shown: the other fields stay behind their salted leaves. This module
refuses to verify: `proofs.disclosure` does.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import Name
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.formats.sealed import FIELDS_MAX, SALT_BYTES

__all__ = ["DISCLOSURE_TYPE", "Disclosure", "format", "parse"]

DISCLOSURE_TYPE: Final = "https://counterfoil.dev/disclosure/v1"
"""Value of a disclosure's `type`."""

_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Disclosure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=DISCLOSURE_TYPE
):
    """One field of a record.

    field, group: which group of the record's statement it is in: the predicate's field, and the
    place there, from 0. name: of the field. salt: 16 bytes. text: the value's JSON text, as
    hashed. path: from the field's leaf to the group's root, leaf's sibling first. receipt: of the
    record.
    """

    field: Name
    group: Annotated[int, msgspec.Meta(ge=0, lt=FIELDS_MAX)]
    name: Name
    salt: Annotated[bytes, msgspec.Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    text: str
    path: Annotated[tuple[_Hash, ...], msgspec.Meta(max_length=10)]
    receipt: Receipt


_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(Disclosure).decode


def parse(data: bytes) -> Disclosure:
    """Parse a disclosure.

    data: JSON, at most 16 MiB; each value has one spelling, as in a receipt. Raises InputError
    with code disclosure.malformed, or one of `json_text.parse`.
    """
    if len(data) > RECEIPT_MAX_BYTES:
        raise _malformed(f"found {len(data)} bytes")
    document = json_text.parse(data)
    try:
        found = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as err:
        raise _malformed(str(err)) from err
    if json_text.parse(_ENCODE(found)) != document:
        raise _malformed("found another spelling of it")
    return found


def format(disclosure: Disclosure) -> bytes:
    """Format a disclosure as compact JSON with its type first; ends without a newline."""
    return _ENCODE(disclosure)


def _malformed(why: str) -> InputError:
    return InputError(
        "disclosure.malformed",
        f"expected a disclosure of type {DISCLOSURE_TYPE}, but: {why}",
        hint="`counterfoil person disclose INDEX NAME --ledger DIR` writes one.",
    )
