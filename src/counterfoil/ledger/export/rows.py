"""Decode entries for export: the header, and the content's bytes as they were recorded.

An export is a copy and proves nothing by itself; receipts do. This module refuses to look beside
the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from counterfoil.formats import signed_statement, verdict
from counterfoil.formats.entry import COSE_MARK, VERDICT_TYPE_WORD
from counterfoil.formats.envelope import is_unsigned_statement
from counterfoil.ledger.people.erasures import Erasures
from counterfoil.ledger.unwrap import NOT_DECODABLE, Signers, Signing, Unwrapped, kind_of, unwrap
from counterfoil.ledger.view import PersonalState
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["ExportRow", "Read", "rows"]

Read = Callable[[int, int], Iterator[bytes]]
"""Reads entries [first, end)."""


class ExportRow(msgspec.Struct, frozen=True):
    """One entry: as `RecordView`, but with the time and keys of its batch where one signs it.

    kind: `unreadable` for what this version cannot decode. content: JSON text of an object.
    personal: what is sealed, and whether it is erased; absent where nothing is.
    """

    index: int
    leaf: str
    kind: str
    issuer: str | None
    source: str | None
    number: int | None
    at_ms: int | None
    signed_by: tuple[str, ...]
    content: msgspec.Raw
    personal: tuple[PersonalState, ...] | msgspec.UnsetType = msgspec.UNSET


class _Header(msgspec.Struct):
    issuer: Any = None
    source: Any = None
    number: Any = None
    at_ms: Any = None
    content: msgspec.Raw = msgspec.Raw(b"")


class _Statement(msgspec.Struct):
    predicate: msgspec.Raw
    predicate_type: str = msgspec.field(name="predicateType")


class _Predicate(msgspec.Struct):
    predicate: dict[str, Any]


_PREDICATE: Final = msgspec.json.Decoder(_Predicate).decode
_STATEMENT: Final = msgspec.json.Decoder(_Statement).decode
_HEADER: Final = msgspec.json.Decoder(_Header).decode


def rows(read: Read, first: int, end: int, erasures: Erasures | None = None) -> Iterator[ExportRow]:
    """Decode entries [first, end) in order; erasures: of their log, None where nobody asks."""
    signers = Signers(read)
    for index, data in enumerate(read(first, end), first):
        who = signers.of(index) if is_unsigned_statement(data) else None
        yield _row(index, data, who, erasures)


def _row(index: int, data: bytes, who: Signing | None, erasures: Erasures | None) -> ExportRow:
    leaf = leaf_hash(data).hex()
    try:
        if data.startswith(VERDICT_TYPE_WORD):
            return _verdict(index, leaf, data)
        if data.startswith(COSE_MARK):
            return _in_cose(index, leaf, data)
        found = unwrap(data, who)
        if found.is_batch:
            return _batch(index, leaf, found)
        row = _statement(index, leaf, found)
        if erasures is None or b'"ciphertext":"' not in found.payload:
            return row
        predicate = _PREDICATE(found.payload).predicate
        personal = erasures.personal(predicate, index, row.at_ms)
        return msgspec.structs.replace(row, personal=personal) if personal else row
    except NOT_DECODABLE:
        empty = msgspec.Raw(b"{}")
        return ExportRow(index, leaf, "unreadable", None, None, None, None, (), empty)


def _verdict(index: int, leaf: str, data: bytes) -> ExportRow:
    said = verdict.parse(data).verdict
    content = verdict.describe(said)
    at_ms, signer = verdict.decided_ms(said), content["signer"]
    text = msgspec.Raw(msgspec.json.encode(content))
    return ExportRow(index, leaf, "verdict", None, None, None, at_ms, (signer,), text)


def _in_cose(index: int, leaf: str, data: bytes) -> ExportRow:
    said = signed_statement.parse_entry(data)
    kind, at_ms = signed_statement.KIND, signed_statement.issued_ms(said)
    names = signed_statement.signed_by(said)
    text = msgspec.Raw(msgspec.json.encode(signed_statement.describe(said)))
    return ExportRow(index, leaf, kind, said.issuer, None, None, at_ms, names, text)


def _batch(index: int, leaf: str, found: Unwrapped) -> ExportRow:
    at_ms, keys = _HEADER(found.payload).at_ms, found.signing.signed_by
    content = msgspec.Raw(found.payload)
    return ExportRow(index, leaf, "batch", None, None, None, at_ms, keys, content)


def _statement(index: int, leaf: str, found: Unwrapped) -> ExportRow:
    statement = _STATEMENT(found.payload)
    header = _HEADER(statement.predicate)
    kind, is_core = kind_of(statement.predicate_type)
    issuer, source, number = header.issuer, header.source, header.number
    if type(issuer) is not str or type(source) is not str or type(number) is not int:
        issuer = source = number = None
    at_ms, keys = found.signing.at_ms, found.signing.signed_by
    if issuer is not None and type(header.at_ms) is int:
        at_ms = header.at_ms
    is_record = is_core and kind == "record" and bytes(header.content)[:1] == b"{"
    content = header.content if is_record else statement.predicate
    return ExportRow(index, leaf, kind, issuer, source, number, at_ms, keys, content)
